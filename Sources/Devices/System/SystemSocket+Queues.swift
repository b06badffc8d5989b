import Glibc
import Memory

/// Streams of bytes between the system and the queues of a stack, without a copy in between. No call
/// waits, and none raises a signal.
extension SystemSocket {
    /// Pieces that one call moves: of 16 KB each.
    private static var pieceLimit: Int { 64 }

    /// Sends up to `limit` bytes from the front of `queue`, which keeps them; how many were taken.
    /// POSIX `sendmsg`.
    public func send(
        _ queue: borrowing ByteQueue, atMost limit: Int
    ) throws(DeviceError) -> Int {
        var count = 0
        // The pieces are read during the call only, where they stand in the queue.
        let result = unsafe withUnsafeTemporaryAllocation(
            of: iovec.self, capacity: Self.pieceLimit
        ) { vectors -> Int in
            unsafe queue.showPieces(atMost: limit) { piece in
                unsafe vectors.initializeElement(
                    at: count,
                    to: iovec(
                        iov_base: UnsafeMutableRawPointer(mutating: piece.baseAddress),
                        iov_len: piece.count))
                count += 1
                return count < Self.pieceLimit
            }
            guard count > 0 else { return 0 }
            return exchange { number in
                var header = unsafe msghdr()
                unsafe header.msg_iov = vectors.baseAddress
                unsafe header.msg_iovlen = count
                return unsafe sendmsg(number, &header, CInt(MSG_DONTWAIT | MSG_NOSIGNAL))
            }
        }
        guard result >= 0 else { throw DeviceError(operation: "sendmsg", code: CInt(-result)) }
        return result
    }

    /// Takes up to `limit` bytes to the end of `queue`; how many came, 0 at the end of the stream.
    /// POSIX `recvmsg`.
    ///
    /// - Throws: `ENOBUFS` when the queue's pools have no memory left, and whatever the system says.
    public func receive(
        into queue: inout ByteQueue, atMost limit: Int
    ) throws(DeviceError) -> Int {
        var count = 0
        var result = 0
        // The pieces are written during the call only, and only as far as they reach.
        let came = unsafe withUnsafeTemporaryAllocation(
            of: iovec.self, capacity: Self.pieceLimit
        ) { vectors -> Int? in
            unsafe queue.extend(atMost: limit) { piece in
                unsafe vectors.initializeElement(
                    at: count, to: iovec(iov_base: piece.baseAddress, iov_len: piece.count))
                count += 1
                return count < Self.pieceLimit
            } _: {
                result = exchange { number in
                    var header = unsafe msghdr()
                    unsafe header.msg_iov = vectors.baseAddress
                    unsafe header.msg_iovlen = count
                    return unsafe recvmsg(number, &header, CInt(MSG_DONTWAIT))
                }
                return result
            }
        }
        guard came != nil else { throw DeviceError(operation: "recvmsg", code: ENOBUFS) }
        guard result >= 0 else { throw DeviceError(operation: "recvmsg", code: CInt(-result)) }
        return result
    }

    /// Makes a call that moves bytes; how many, or the negated error number.
    private func exchange(_ body: (CInt) -> Int) -> Int {
        do throws(DeviceError) {
            return try use("exchange") { number in
                while true {
                    let count = body(number)
                    if count >= 0 { return count }
                    if errno != EINTR { return -Int(errno) }
                }
            }
        } catch {
            return -Int(error.code)
        }
    }
}
