/// A first-in first-out queue in one block of memory that doubles when it is full.
///
/// It never shrinks, so that a queue in steady use does not allocate.
@safe
@frozen
public struct Ring<Element: ~Copyable>: ~Copyable {
    @usableFromInline var storage: UnsafeMutablePointer<Element>
    /// A power of two, or zero before the first element.
    @usableFromInline var capacity: Int
    @usableFromInline var first: Int
    @usableFromInline var size: Int

    /// How many elements wait.
    @inlinable
    public var count: Int { size }

    @inlinable
    public init() {
        unsafe storage =
            UnsafeMutablePointer(bitPattern: MemoryLayout<Element>.alignment)
            .unsafelyUnwrapped
        capacity = 0
        first = 0
        size = 0
    }

    deinit {
        for offset in 0..<count {
            unsafe (storage + ((first &+ offset) & (capacity &- 1))).deinitialize(count: 1)
        }
        if capacity > 0 { unsafe storage.deallocate() }
    }

    @inlinable
    public var isEmpty: Bool { count == 0 }

    /// Puts `element` at the end.
    @inlinable
    public mutating func append(_ element: consuming Element) {
        if count == capacity { grow() }
        unsafe (storage + ((first &+ count) & (capacity &- 1))).initialize(to: element)
        size &+= 1
    }

    /// Takes the element that has waited longest, nil when none waits.
    @inlinable
    public mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = unsafe (storage + first).move()
        first = (first &+ 1) & (capacity &- 1)
        size &-= 1
        return element
    }

    /// Puts `element` at the front, to be taken next.
    @inlinable
    public mutating func prepend(_ element: consuming Element) {
        if count == capacity { grow() }
        first = (first &- 1) & (capacity &- 1)
        unsafe (storage + first).initialize(to: element)
        size &+= 1
    }

    /// The element at `offset` from the front.
    ///
    /// - Precondition: `offset` is at least 0 and below `count`.
    @inlinable
    public subscript(offset: Int) -> Element {
        _read {
            precondition(offset >= 0 && offset < count, "no such element")
            yield unsafe storage[(first &+ offset) & (capacity &- 1)]
        }
        _modify {
            precondition(offset >= 0 && offset < count, "no such element")
            yield unsafe &storage[(first &+ offset) & (capacity &- 1)]
        }
    }

    @usableFromInline
    mutating func grow() {
        let wider = max(8, capacity &* 2)
        let moved = UnsafeMutablePointer<Element>.allocate(capacity: wider)
        for offset in 0..<count {
            unsafe (moved + offset).moveInitialize(
                from: storage + ((first &+ offset) & (capacity &- 1)), count: 1)
        }
        if capacity > 0 { unsafe storage.deallocate() }
        unsafe storage = moved
        capacity = wider
        first = 0
    }
}

extension Ring: @unchecked Sendable where Element: Sendable & ~Copyable {}
