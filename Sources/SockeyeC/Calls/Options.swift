import CSockeye
import Glibc
import Sockets
import Stack

// Options. How long calls wait is the library's own business; everything else is the network's.

@c @implementation
public func sockeye_getsockopt(
    _ descriptor: CInt, _ level: CInt, _ name: CInt, _ value: UnsafeMutableRawPointer!,
    _ length: UnsafeMutablePointer<socklen_t>!
) -> CInt {
    onSocket(descriptor) { (socket) throws(SocketError) in
        let length = unsafe try existing(length, in: "getsockopt")
        let room = unsafe CInt(bitPattern: length.pointee)
        guard room >= 0 else { throw SocketError(EINVAL, in: "getsockopt") }
        let bytes: [UInt8]
        if let limit = TimeLimit(level, name) {
            bytes = Array(limit.value(of: socket).prefix(Int(room)))
        } else {
            bytes = try socket.option(level: level, name: name, capacity: Int(room))
        }
        let isThere = unsafe value != nil
        guard isThere || bytes.isEmpty else { throw SocketError(EFAULT, in: "getsockopt") }
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
        let buffer = unsafe try bytes(value, Int(length), in: "setsockopt")
        if let limit = TimeLimit(level, name) {
            try limit.set(unsafe Array(buffer), of: socket)
        } else {
            try socket.setOption(level: level, name: name, unsafe buffer.span)
        }
        return 0
    } kernel: {
        unsafe setsockopt(descriptor, level, name, value, length)
    }
}

/// How long a call may wait: `SO_RCVTIMEO`, `SO_SNDTIMEO`.
private enum TimeLimit {
    case receiving
    case sending

    /// Nil for other options.
    init?(_ level: CInt, _ name: CInt) {
        guard level == SOL_SOCKET else { return nil }
        switch name {
        // Those of 32-bit systems' new time too; both are the same here.
        case 20, 66: self = .receiving
        case 21, 67: self = .sending
        default: return nil
        }
    }

    /// As a `timeval`: all zero for no limit.
    func value(of socket: Socket) -> [UInt8] {
        let limit = self == .receiving ? socket.receiveTimeout : socket.sendTimeout
        let (seconds, attoseconds) = (limit ?? .zero).components
        return [seconds, attoseconds / 1_000_000_000_000].flatMap { number in
            (0..<8).map { UInt8(truncatingIfNeeded: number >> Int64(8 * $0)) }
        }
    }

    /// - Throws: `EINVAL` for less than a `timeval`, `EDOM` for microseconds beyond a second.
    func set(_ bytes: [UInt8], of socket: Socket) throws(SocketError) {
        guard bytes.count >= 16 else { throw SocketError(EINVAL, in: "setsockopt") }
        let words = [0, 8].map { from in
            (0..<8).reduce(Int64(0)) { $0 | Int64(bytes[from + $1]) << Int64(8 * $1) }
        }
        guard (0..<1_000_000).contains(words[1]) else { throw SocketError(EDOM, in: "setsockopt") }
        let limit: Duration?
        if words[0] < 0 {
            // A time that is over: calls do not wait.
            limit = .nanoseconds(1)
        } else if words[0] == 0 && words[1] == 0 {
            limit = nil
        } else {
            // Beyond what a clock of nanoseconds holds it is for ever.
            limit =
                words[0] > 4_000_000_000 ? nil : .seconds(words[0]) + .microseconds(words[1])
        }
        if self == .receiving { socket.receiveTimeout = limit } else { socket.sendTimeout = limit }
    }
}
