import Synchronization

/// Equal slots of memory, given away and taken back without a lock.
///
/// A Treiber stack of slot numbers. One word holds its top, how many slots are free, a tag against
/// the ABA problem, and whether the owner is gone:
///
///     63      62          44 43              22 21               0
///     +--------+-------------+-----------------+-----------------+
///     | closed |     tag     |   slots free    |   top of stack  |
///     +--------+-------------+-----------------+-----------------+
///
/// Last in, first out: what was used last is still in the cache, and memory that was never needed
/// is never touched, so it costs nothing but address space.
@safe
@frozen
@usableFromInline
struct SlotPool {
    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline let stride: Int
    @usableFromInline let capacity: Int
    @usableFromInline let top: UnsafeMutablePointer<Atomic<UInt64>>
    @usableFromInline let links: UnsafeMutablePointer<Atomic<UInt32>>

    @inlinable static var indexMask: UInt64 { 1 << 22 &- 1 }
    @inlinable static var oneFree: UInt64 { 1 << 22 }
    @inlinable static var oneTag: UInt64 { 1 << 44 }
    @inlinable static var tagMask: UInt64 { (1 << 19 &- 1) << 44 }
    @inlinable static var closed: UInt64 { 1 << 63 }

    /// - Precondition: `capacity` is at least 1 and below 2²².
    init(capacity: Int, stride: Int, alignment: Int) {
        precondition(capacity > 0 && capacity < 1 << 22, "a pool holds 1 to 4,194,303 slots")
        unsafe base = .allocate(byteCount: capacity &* stride, alignment: alignment)
        self.stride = stride
        self.capacity = capacity
        unsafe top = .allocate(capacity: 1)
        unsafe top.initialize(to: Atomic(UInt64(capacity) &* Self.oneFree))
        unsafe links = .allocate(capacity: capacity)
        for index in 0..<capacity {
            unsafe (links + index).initialize(to: Atomic(UInt32(truncatingIfNeeded: index &+ 1)))
        }
    }

    func deallocate() {
        unsafe base.deallocate()
        unsafe top.deallocate()
        unsafe links.deallocate()
    }

    /// How many slots are free at this moment.
    @inlinable
    var available: Int {
        let word = unsafe top.pointee.load(ordering: .relaxed)
        return Int(word >> 22 & Self.indexMask)
    }

    @inlinable
    func address(_ index: UInt32) -> UnsafeMutableRawPointer {
        unsafe base + Int(index) &* stride
    }

    /// Takes a slot, nil when none is free or the owner is gone: it has counted what is out.
    @inlinable
    func take() -> UInt32? {
        var word = unsafe top.pointee.load(ordering: .acquiring)
        while true {
            guard word & Self.closed == 0, word >> 22 & Self.indexMask > 0 else { return nil }
            let index = UInt32(truncatingIfNeeded: word & Self.indexMask)
            let next = unsafe links[Int(index)].load(ordering: .relaxed)
            let tag = (word &+ Self.oneTag) & Self.tagMask
            let free = (word & (Self.indexMask << 22)) &- Self.oneFree
            let replacement = tag | free | UInt64(next) & Self.indexMask
            let (done, seen) = unsafe top.pointee.weakCompareExchange(
                expected: word, desired: replacement, ordering: .acquiringAndReleasing)
            if done { return index }
            word = seen
        }
    }

    /// Takes back a slot; whether the owner is gone.
    @inlinable
    func giveBack(_ index: UInt32) -> Bool {
        var word = unsafe top.pointee.load(ordering: .relaxed)
        while true {
            unsafe links[Int(index)].store(
                UInt32(truncatingIfNeeded: word & Self.indexMask), ordering: .relaxed)
            let kept = word & ~Self.indexMask
            let replacement = (kept &+ Self.oneFree) | UInt64(index)
            let (done, seen) = unsafe top.pointee.weakCompareExchange(
                expected: word, desired: replacement, ordering: .acquiringAndReleasing)
            if done { return word & Self.closed != 0 }
            word = seen
        }
    }

    /// Marks the owner as gone and says how many slots are still out.
    func close() -> Int {
        let word = unsafe top.pointee.bitwiseOr(Self.closed, ordering: .acquiringAndReleasing)
        return capacity &- Int(word.oldValue >> 22 & Self.indexMask)
    }
}
