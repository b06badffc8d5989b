import Glibc
import Sockets
import Stack

/// The name that C hands over.
///
/// - Throws: `EFAULT` for no address, `EINVAL` for lengths that no name has, what
///   `SocketName.init(bytes:)` throws.
func name(
    _ address: UnsafePointer<sockaddr>?, _ length: socklen_t, in call: String
) throws(SocketError) -> SocketName {
    // A `sockaddr_storage` is the longest.
    guard length <= 128 else { throw SocketError(EINVAL, in: call) }
    let buffer = unsafe try bytes(UnsafeRawPointer(address), Int(length), in: call)
    do throws(SocketError) {
        return try SocketName(bytes: unsafe buffer.span)
    } catch {
        throw SocketError(error.code, in: call)
    }
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
