import Glibc
import Sockets
import Stack

/// The name that C hands over.
///
/// - Throws: `EFAULT` for no address, `EINVAL` for lengths that no name has, `EAFNOSUPPORT` or
///   `EINVAL` for one of another family than the socket's.
func name(
    _ address: UnsafePointer<sockaddr>?, _ length: socklen_t, of socket: Socket, for use: NameUse
) throws(SocketError) -> SocketName {
    // A `sockaddr_storage` is the longest.
    guard length <= 128 else { throw SocketError(EINVAL, in: use.rawValue) }
    let buffer = unsafe try bytes(UnsafeRawPointer(address), Int(length), in: use.rawValue)
    return try unsafe SocketName.read(buffer.span, of: socket, for: use)
}

/// Writes a name where C wants it, cut to the room there is, and how long it is.
///
/// - Throws: `EFAULT` for no address, `EINVAL` for a negative length.
func write(
    _ name: SocketName?, _ family: AddressFamily, to address: UnsafeMutablePointer<sockaddr>?,
    _ length: UnsafeMutablePointer<socklen_t>?, in call: String
) throws(SocketError) {
    guard let length = unsafe length else { throw SocketError(EFAULT, in: call) }
    let room = unsafe CInt(bitPattern: length.pointee)
    guard room >= 0 else { throw SocketError(EINVAL, in: call) }
    let bytes = name?.bytes(for: family) ?? []
    let place = UnsafeMutableRawPointer(address)
    if unsafe place == nil, room > 0, !bytes.isEmpty { throw SocketError(EFAULT, in: call) }
    unsafe copy(bytes, to: place, Int(room))
    unsafe length.pointee = socklen_t(bytes.count)
}
