import CSockeye
import Glibc
import Sockets

// What descriptors of all kinds can do.

@c @implementation
public func sockeye_close(_ descriptor: CInt) -> CInt {
    let before = errno
    if Descriptors.close(descriptor) {
        errno = before
        return 0
    }
    errno = before
    return close(descriptor)
}

@c @implementation
public func sockeye_dup(_ descriptor: CInt) -> CInt {
    onDescription(descriptor) { (description) throws(SocketError) in
        try Descriptors.add(description, closesOnExec: false)
    } kernel: {
        dup(descriptor)
    }
}

@c @implementation
public func sockeye_dup2(_ descriptor: CInt, _ number: CInt) -> CInt {
    if descriptor == number, Descriptors.description(of: descriptor) != nil { return number }
    return duplicate(descriptor, number, 0) { dup2(descriptor, number) }
}

@c @implementation
public func sockeye_dup3(_ descriptor: CInt, _ number: CInt, _ flags: CInt) -> CInt {
    duplicate(descriptor, number, flags) { csockeye_kernel_dup3(descriptor, number, flags) }
}

private func duplicate(
    _ descriptor: CInt, _ number: CInt, _ flags: CInt, kernel: () -> CInt
) -> CInt {
    onDescription(descriptor) { (description) throws(SocketError) in
        guard flags & ~O_CLOEXEC == 0, descriptor != number else {
            throw SocketError(EINVAL, in: "dup3")
        }
        try Descriptors.replace(number, with: description, closesOnExec: flags & O_CLOEXEC != 0)
        return number
    } kernel: {
        // The kernel's over one of ours: ours ends where the new one begins.
        let result = kernel()
        if result >= 0 { Descriptors.forget(number) }
        return result
    }
}

/// `fcntl`, with its argument as a word.
@c @implementation
public func csockeye_fcntl(_ descriptor: CInt, _ command: CInt, _ argument: Int) -> CInt {
    onDescription(descriptor) { (description) throws(SocketError) in
        let number = CInt(truncatingIfNeeded: argument)
        switch command {
        case F_DUPFD, F_DUPFD_CLOEXEC:
            guard number >= 0 else { throw SocketError(EINVAL, in: "fcntl") }
            return try Descriptors.add(
                description, closesOnExec: command == F_DUPFD_CLOEXEC, least: number)
        case F_GETFD, F_SETFD:
            let result = csockeye_kernel_fcntl(descriptor, command, argument)
            guard result >= 0 else { throw SocketError(errno, in: "fcntl") }
            return result
        case F_GETFL: return description.fileFlags
        case F_SETFL: description.fileFlags = number
        case F_GETOWN: return description.settings.withLock { $0.owner }
        case F_SETOWN: description.settings.withLock { $0.owner = number }
        // F_SETSIG, F_GETSIG
        case 10:
            guard (0...64).contains(number) else { throw SocketError(EINVAL, in: "fcntl") }
            description.settings.withLock { $0.signal = number }
        case 11: return description.settings.withLock { $0.signal }
        default: throw SocketError(EINVAL, in: "fcntl")
        }
        return 0
    } kernel: {
        csockeye_kernel_fcntl(descriptor, command, argument)
    }
}

/// Runs a call on whatever `descriptor` stands for, and the kernel's where it is none of ours.
func onDescription<Number: FixedWidthInteger>(
    _ descriptor: CInt, _ body: (OpenDescription) throws(SocketError) -> Number,
    kernel: () -> Number
) -> Number {
    let before = errno
    guard let description = Descriptors.description(of: descriptor) else {
        errno = before
        return kernel()
    }
    return outcome { () throws(SocketError) in try body(description) }
}

extension OpenDescription {
    /// `O_NOATIME`, which only GNU's headers have.
    private static var noAccessTime: CInt { 0o1000000 }

    /// `O_RDWR` and what may be changed of it.
    var fileFlags: CInt {
        get {
            var flags = O_RDWR
            if case .socket(let socket) = kind, socket.isNonblocking { flags |= O_NONBLOCK }
            return settings.withLock { settings in
                flags | settings.idleFlags | (settings.tellsBySignal ? O_ASYNC : 0)
            }
        }
        set {
            if case .socket(let socket) = kind { socket.isNonblocking = newValue & O_NONBLOCK != 0 }
            settings.withLock { settings in
                settings.idleFlags = newValue & (O_APPEND | Self.noAccessTime)
            }
            tellBySignal(newValue & O_ASYNC != 0)
        }
    }
}

/// Whether the library made the descriptor.
@c @implementation
public func csockeye_is_ours(_ descriptor: CInt) -> Bool {
    Descriptors.description(of: descriptor) != nil
}
