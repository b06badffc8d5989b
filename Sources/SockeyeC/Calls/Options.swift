import CSockeye
import Glibc
import Sockets

// Options, in the bytes that C has.

@c @implementation
public func sockeye_getsockopt(
    _ descriptor: CInt, _ level: CInt, _ name: CInt, _ value: UnsafeMutableRawPointer!,
    _ length: UnsafeMutablePointer<socklen_t>!
) -> CInt {
    onSocket(descriptor) { (socket) throws(SocketError) in
        let length = unsafe try existing(length, in: "getsockopt")
        let room = unsafe CInt(bitPattern: length.pointee)
        guard room >= 0 else { throw SocketError(EINVAL, in: "getsockopt") }
        let bytes = try socket.option(level: level, name: name, capacity: Int(room))
        guard unsafe value != nil || bytes.isEmpty else {
            throw SocketError(EFAULT, in: "getsockopt")
        }
        unsafe copy(bytes, to: value, Int(room))
        unsafe length.pointee = socklen_t(min(bytes.count, Int(room)))
        return 0
    } kernel: {
        unsafe getsockopt(descriptor, level, name, value, length)
    }
}

@c @implementation
public func sockeye_setsockopt(
    _ descriptor: CInt, _ level: CInt, _ name: CInt, _ value: UnsafeRawPointer!,
    _ length: socklen_t
) -> CInt {
    onSocket(descriptor) { (socket) throws(SocketError) in
        guard CInt(bitPattern: length) >= 0 else { throw SocketError(EINVAL, in: "setsockopt") }
        var buffer = unsafe try bytes(value, Int(length), in: "setsockopt")
        if level == SOL_SOCKET, name == attachFilter { unsafe buffer = try program(in: buffer) }
        try socket.setOption(level: level, name: name, unsafe buffer.span)
        return 0
    } kernel: {
        unsafe setsockopt(descriptor, level, name, value, length)
    }
}

/// `SO_ATTACH_FILTER`
private var attachFilter: CInt { 26 }

/// The instructions, of 8 bytes each, that a `struct sock_fprog` points to.
///
/// - Throws: `EINVAL` for another size and for no instructions, `EFAULT`.
private func program(
    in buffer: UnsafeBufferPointer<UInt8>
) throws(SocketError) -> UnsafeBufferPointer<UInt8> {
    let raw = UnsafeRawBufferPointer(buffer)
    guard raw.count == 16 else { throw SocketError(EINVAL, in: "setsockopt") }
    let count = unsafe raw.loadUnaligned(as: UInt16.self)
    guard count > 0 else { throw SocketError(EINVAL, in: "setsockopt") }
    let start = unsafe raw.loadUnaligned(fromByteOffset: 8, as: UnsafeRawPointer?.self)
    return unsafe try bytes(start, 8 * Int(count), in: "setsockopt")
}
