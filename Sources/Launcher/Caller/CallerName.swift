import CLinux
import Glibc
import Sockets
import Stack

// Names and bytes that a caller hands over, and where it wants some back.

extension RemoteMemory {
    /// Reads a `sockaddr` of `length` bytes for `socket`, as the kernel would.
    func name(
        at address: UInt64, length: CInt, of socket: Socket, for use: NameUse
    ) throws(SocketError) -> SocketName {
        guard length >= 0, length <= CInt(MemoryLayout<sockaddr_storage>.size) else {
            throw SocketError(EINVAL)
        }
        let bytes = try bytes(Int(length), at: address)
        return try SocketName.read(bytes.span, of: socket, for: use)
    }

    /// Stores a name where a call returns one, cut to the length that stands at `length` and with
    /// its whole length put there (getsockname(2)).
    func store(
        _ name: SocketName?, _ family: AddressFamily, at address: UInt64, lengthAt length: UInt64
    ) throws(SocketError) {
        let room = try load(CInt.self, at: length)
        guard room >= 0 else { throw SocketError(EINVAL) }
        let bytes = name?.bytes(for: family) ?? []
        try store(bytes.prefix(Int(room)), at: address)
        try store(socklen_t(bytes.count), at: length)
    }
}
