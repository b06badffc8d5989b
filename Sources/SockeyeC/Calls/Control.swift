import CSockeye
import Glibc
import Sockets

// ioctl.

/// `ioctl`, with its argument as an address.
@c @implementation
public func csockeye_ioctl(
    _ descriptor: CInt, _ request: CUnsignedLong, _ argument: UnsafeMutableRawPointer!
) -> CInt {
    onDescription(descriptor) { (description) throws(SocketError) in
        switch request {
        case Request.nonblocking, Request.asynchronous:
            let place = unsafe try existing(
                argument?.assumingMemoryBound(to: CInt.self), in: "ioctl")
            let isOn = unsafe place.pointee != 0
            let flag = request == Request.nonblocking ? O_NONBLOCK : O_ASYNC
            let flags = description.fileFlags
            description.fileFlags = isOn ? flags | flag : flags & ~flag
        case Request.setOwner, Request.setProcessGroup:
            let place = unsafe try existing(
                argument?.assumingMemoryBound(to: CInt.self), in: "ioctl")
            let owner = unsafe place.pointee
            description.settings.withLock { $0.owner = owner }
        case Request.owner, Request.processGroup:
            let place = unsafe try existing(
                argument?.assumingMemoryBound(to: CInt.self), in: "ioctl")
            unsafe place.pointee = description.settings.withLock { $0.owner }
        case Request.closeOnExec, Request.keepOnExec:
            let flags = request == Request.closeOnExec ? Int(FD_CLOEXEC) : 0
            _ = csockeye_kernel_fcntl(descriptor, F_SETFD, flags)
        default:
            unsafe try control(try description.requireSocket(), request, argument)
        }
        return 0
    } kernel: {
        unsafe csockeye_kernel_ioctl(descriptor, request, argument)
    }
}

private enum Request {
    /// `FIONBIO`
    static var nonblocking: CUnsignedLong { 0x5421 }
    /// `FIOASYNC`
    static var asynchronous: CUnsignedLong { 0x5452 }
    /// `FIOSETOWN`
    static var setOwner: CUnsignedLong { 0x8901 }
    /// `SIOCSPGRP`
    static var setProcessGroup: CUnsignedLong { 0x8902 }
    /// `FIOGETOWN`
    static var owner: CUnsignedLong { 0x8903 }
    /// `SIOCGPGRP`
    static var processGroup: CUnsignedLong { 0x8904 }
    /// `FIOCLEX`
    static var closeOnExec: CUnsignedLong { 0x5451 }
    /// `FIONCLEX`
    static var keepOnExec: CUnsignedLong { 0x5450 }
    /// `SIOCGIFCONF`
    static var interfaceList: CUnsignedLong { 0x8912 }
}

private func control(
    _ socket: Socket, _ request: CUnsignedLong, _ argument: UnsafeMutableRawPointer?
) throws(SocketError) {
    if request == Request.interfaceList {
        return unsafe try listInterfaces(socket, argument)
    }
    let count = ControlRequest.byteCount(of: UInt(request))
    let question = unsafe try Array(room(argument, count, in: "ioctl"))
    let answer = try socket.control(UInt(request), question)
    unsafe copy(answer, to: argument, max(count, answer.count))
}

/// `struct ifconf`: how many bytes there is room for, and where; without a place, how many it takes.
private func listInterfaces(
    _ socket: Socket, _ argument: UnsafeMutableRawPointer?
) throws(SocketError) {
    guard let argument = unsafe argument else { throw SocketError(EFAULT, in: "ioctl") }
    let room = unsafe argument.loadUnaligned(as: CInt.self)
    let place = unsafe argument.loadUnaligned(
        fromByteOffset: 8, as: UnsafeMutableRawPointer?.self)
    let all = try socket.control(UInt(Request.interfaceList), [])
    var count = all.count
    if let place = unsafe place {
        // Whole entries only.
        count = min(count, max(0, Int(room)) / 40 * 40)
        unsafe copy(all, to: place, count)
    }
    unsafe argument.storeBytes(of: CInt(count), as: CInt.self)
}
