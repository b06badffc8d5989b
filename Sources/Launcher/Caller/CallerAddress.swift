import Glibc
import Wire

/// An address that a caller passed to a system call.
enum CallerAddress {
    /// AF_INET.
    case internet(SocketAddress)
    /// AF_UNSPEC, which dissolves an association (connect(2)).
    case unspecified
    /// A family that these sockets do not have.
    case foreign
}

extension RemoteMemory {
    /// Reads a `sockaddr` of `length` bytes, as the kernel does for an Internet socket.
    func socketAddress(at address: UInt64, length: CInt) throws(SystemError) -> CallerAddress {
        guard length >= 2, length <= CInt(MemoryLayout<sockaddr_storage>.size) else {
            throw SystemError(EINVAL)
        }
        let family = try load(sa_family_t.self, at: address)
        if CInt(family) == AF_UNSPEC { return .unspecified }
        guard length >= CInt(MemoryLayout<sockaddr_in>.size) else { throw SystemError(EINVAL) }
        guard CInt(family) == AF_INET else { return .foreign }
        let raw = try load(sockaddr_in.self, at: address)
        return .internet(
            SocketAddress(
                address: IPAddress(IPv4Address(UInt32(bigEndian: raw.sin_addr.s_addr))),
                port: UInt16(bigEndian: raw.sin_port)))
    }

    /// Stores `socketAddress` where a call returns one, cut to the length that stands at `length`
    /// and with its whole length put there (getsockname(2)).
    func store(_ socketAddress: SocketAddress, at address: UInt64, lengthAt length: UInt64)
        throws(SystemError)
    {
        let room = try load(socklen_t.self, at: length)
        guard CInt(bitPattern: room) >= 0 else { throw SystemError(EINVAL) }
        let whole = try store(socketAddress, at: address, room: Int(room))
        try store(whole, at: length)
    }

    /// Stores `socketAddress` in at most `room` bytes; its whole length.
    func store(_ socketAddress: SocketAddress, at address: UInt64, room: Int)
        throws(SystemError) -> socklen_t
    {
        var raw = sockaddr_in()
        raw.sin_family = sa_family_t(AF_INET)
        raw.sin_port = socketAddress.port.bigEndian
        raw.sin_addr.s_addr = (socketAddress.address.v4 ?? .unspecified).rawValue.bigEndian
        try store(raw, at: address, room: room)
        return socklen_t(MemoryLayout<sockaddr_in>.size)
    }
}
