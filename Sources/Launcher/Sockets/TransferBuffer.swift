/// Bytes on their way between a program and its flow: a block of memory and what of it waits.
///
/// A buffer belongs to one direction of one connection while it holds bytes, and to the pool else.
@safe
final class TransferBuffer {
    /// A megabyte would fall out of the cache; less costs system calls.
    static let defaultCapacity = 256 * 1024

    let base: UnsafeMutablePointer<UInt8>
    let capacity: Int
    private(set) var start = 0
    private var end = 0

    init(capacity: Int = TransferBuffer.defaultCapacity) {
        unsafe base = .allocate(capacity: capacity)
        unsafe base.initialize(repeating: 0, count: capacity)
        self.capacity = capacity
    }

    deinit {
        unsafe base.deallocate()
    }

    /// How many bytes wait.
    var count: Int { end - start }
    var isEmpty: Bool { start == end }

    /// The first `count` bytes of the block are what waits.
    func fill(_ count: Int) {
        precondition(count >= 0 && count <= capacity, "more bytes than the buffer has")
        start = 0
        end = count
    }

    func removeFirst(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "more bytes than wait")
        start += count
    }

    /// What waits.
    var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // Within the block, which lives as long as self.
            let span = unsafe Span(_unsafeStart: base + start, count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The whole block, to be written; `fill` then says how much was.
    func withRoom<Result, Failure: Error>(
        _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // The block lives as long as self, and its one thread writes it here only.
        var span = unsafe MutableSpan(_unsafeStart: base, count: capacity)
        return try body(&span)
    }
}

/// Buffers that no connection uses at the moment.
struct BufferPool {
    private var idle: [TransferBuffer] = []

    mutating func take() -> TransferBuffer {
        idle.popLast() ?? TransferBuffer()
    }

    /// Takes back a buffer; beyond a few it is freed, so that a burst does not stay in memory.
    mutating func giveBack(_ buffer: TransferBuffer) {
        if idle.count < 16 { idle.append(buffer) }
    }
}
