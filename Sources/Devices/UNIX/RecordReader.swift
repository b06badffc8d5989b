import CLinux
import Memory
import Wire

/// Takes a stream apart into frames: four bytes say, most significant first, how many follow.
///
///     | length | frame … | length | frame … |
///
/// The bytes wait in memory of its own, so that one read brings many frames. Nothing the other end
/// sends makes it grow.
struct RecordReader: ~Copyable {
    /// What the bytes that wait begin with.
    enum Outcome: ~Copyable {
        case packet(Packet)
        /// A frame for which there was no memory.
        case noMemory
        /// A record without a byte.
        case empty
        /// Less than a record.
        case incomplete
        /// A length that no frame has: where the next record begins is unknown.
        case lie
    }

    /// As much as QEMU takes: 4 KiB beyond 64 KiB.
    static var longest: Int { 68 << 10 }
    private static var capacity: Int { 256 << 10 }

    private var bytes = [UInt8](repeating: 0, count: Self.capacity)
    /// Where the bytes that wait begin and end.
    private var start = 0
    private var end = 0

    /// Whether a whole record waits, or one that lies.
    var isReady: Bool {
        guard let length else { return false }
        return length > Self.longest || end &- start >= FrameVectors.lengthCount &+ length
    }

    /// What the next record says of itself, nil before all of it is there.
    private var length: Int? {
        guard end &- start >= FrameVectors.lengthCount else { return nil }
        return Int(bytes.span.uint32(at: start))
    }

    /// Reads what there is room for; how many bytes, or the negated error number. Room for a
    /// record is there whenever `next` says that one is incomplete.
    mutating func fill(from descriptor: Int32) -> Int {
        if start == end {
            start = 0
            end = 0
        } else if Self.capacity &- start < FrameVectors.lengthCount &+ Self.longest {
            move()
        }
        let place = end
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe clinux_read(
                descriptor, buffer.baseAddress.unsafelyUnwrapped + place, buffer.count &- place)
        }
        if count > 0 { end &+= count }
        return count
    }

    /// Moves the bytes that wait to the front.
    private mutating func move() {
        let (from, count) = (start, end &- start)
        unsafe bytes.withUnsafeMutableBytes { buffer in
            let base = unsafe buffer.baseAddress.unsafelyUnwrapped
            unsafe base.copyMemory(from: base + from, byteCount: count)
        }
        start = 0
        end = count
    }

    /// Takes the next record.
    mutating func next(from pools: BufferPools) -> Outcome {
        guard let length else { return .incomplete }
        guard length <= Self.longest else { return .lie }
        let begin = start &+ FrameVectors.lengthCount
        guard end &- begin >= length else { return .incomplete }
        start = begin &+ length
        guard length > 0 else { return .empty }
        guard let packet = pools.packet(of: bytes.span.extracting(begin..<begin &+ length))
        else { return .noMemory }
        return .packet(packet)
    }

    /// Forgets what waits.
    mutating func removeAll() {
        start = 0
        end = 0
    }
}
