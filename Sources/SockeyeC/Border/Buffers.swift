import Glibc
import Sockets

/// What one call moves at most, as Linux limits it.
var byteLimit: Int { 0x7FFF_F000 }

/// The bytes that C hands over to be read.
///
/// - Throws: `EFAULT` for no address where there are to be bytes.
func bytes(
    _ start: UnsafeRawPointer?, _ count: Int, in call: String
) throws(SocketError) -> UnsafeBufferPointer<UInt8> {
    let count = count < 0 ? byteLimit : min(count, byteLimit)
    guard let start = unsafe start else {
        guard count == 0 else { throw SocketError(EFAULT, in: call) }
        return unsafe UnsafeBufferPointer(start: nil, count: 0)
    }
    return unsafe UnsafeBufferPointer(
        start: start.assumingMemoryBound(to: UInt8.self), count: count)
}

/// The room that C offers to be written.
///
/// - Throws: `EFAULT` for no address where there is to be room.
func room(
    _ start: UnsafeMutableRawPointer?, _ count: Int, in call: String
) throws(SocketError) -> UnsafeMutableBufferPointer<UInt8> {
    let count = count < 0 ? byteLimit : min(count, byteLimit)
    guard let start = unsafe start else {
        guard count == 0 else { throw SocketError(EFAULT, in: call) }
        return unsafe UnsafeMutableBufferPointer(start: nil, count: 0)
    }
    return unsafe UnsafeMutableBufferPointer(
        start: start.assumingMemoryBound(to: UInt8.self), count: count)
}

/// What a pointer that must not be NULL points to.
///
/// - Throws: `EFAULT`.
func existing<Value>(
    _ pointer: UnsafeMutablePointer<Value>?, in call: String
) throws(SocketError) -> UnsafeMutablePointer<Value> {
    guard let pointer = unsafe pointer else { throw SocketError(EFAULT, in: call) }
    return unsafe pointer
}

/// Copies as much of `source` as fits to `target`; how many bytes.
@discardableResult
func copy(_ source: [UInt8], to target: UnsafeMutableRawPointer?, _ room: Int) -> Int {
    let count = max(0, min(source.count, room))
    guard count > 0, let target = unsafe target else { return 0 }
    unsafe source.withUnsafeBytes { bytes in
        guard let start = bytes.baseAddress else { return }
        unsafe target.copyMemory(from: start, byteCount: count)
    }
    return count
}
