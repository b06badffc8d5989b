import Glibc
import Sockets

/// The places that a call gathers from or scatters to: C's `iovec`. They are the caller's for as
/// long as its call lasts, which is as long as one of these.
@safe
struct Vectors {
    /// Each with its bytes; those without any are left out.
    let places: [UnsafeMutableBufferPointer<UInt8>]
    /// Whether there is one at most.
    var isSimple: Bool { unsafe places.count <= 1 }
    /// All their bytes.
    let count: Int

    /// Places that one call takes at most.
    static var limit: Int { 1024 }

    /// - Parameter excess: The error for too many places.
    /// - Throws: `EINVAL` for a negative length, `EFAULT` for no address, `excess`.
    init(
        _ start: UnsafePointer<iovec>?, _ number: Int, in call: String, excess: CInt
    ) throws(SocketError) {
        guard number >= 0, number <= Self.limit else { throw SocketError(excess, in: call) }
        guard number > 0 else {
            unsafe places = []
            count = 0
            return
        }
        guard let start = unsafe start else { throw SocketError(EFAULT, in: call) }
        var places: [UnsafeMutableBufferPointer<UInt8>] = unsafe []
        var count = 0
        for index in 0..<number {
            let vector = unsafe start[index]
            let length = unsafe vector.iov_len
            guard length >= 0 else { throw SocketError(EINVAL, in: call) }
            // What is beyond the limit is not looked at, as in the kernel.
            let place = unsafe try room(
                vector.iov_base, min(length, byteLimit - count), in: call)
            guard !place.isEmpty else { continue }
            unsafe places.append(place)
            count += place.count
        }
        unsafe self.places = places
        self.count = count
    }

    /// All bytes in one array.
    func gathered() -> [UInt8] {
        var all: [UInt8] = []
        all.reserveCapacity(count)
        unsafe places.forEach { place in unsafe all.append(contentsOf: place) }
        return all
    }

    /// Fills the places in their order with the first `count` of `bytes`.
    func scatter(_ bytes: [UInt8], _ count: Int) {
        var done = 0
        unsafe places.forEach { place in
            let part = min(place.count, count - done)
            guard part > 0 else { return }
            _ = unsafe place.update(fromContentsOf: bytes[done..<done + part])
            done += part
        }
    }
}
