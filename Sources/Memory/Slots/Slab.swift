/// The name of a value in a `Slab`: its place and how often the place was given away before.
///
/// A name outlives its value harmlessly: it then names nothing.
@frozen
public struct SlabIndex: Hashable, Sendable {
    public let place: UInt32
    public let generation: UInt32

    @inlinable
    public init(place: UInt32, generation: UInt32) {
        self.place = place
        self.generation = generation
    }
}

/// Values that stay where they are until they are removed, in pages that are added as they fill.
///
/// Insertion and removal take constant time; a place that was freed last is given away first.
@safe
@frozen
public struct Slab<Element: ~Copyable>: ~Copyable {
    /// What is known of a place besides its value. An odd generation means that it is occupied.
    @frozen
    @usableFromInline
    struct Place {
        @usableFromInline var generation: UInt32
        @usableFromInline var nextFree: UInt32
    }

    @inlinable static var pageBits: UInt32 { 6 }
    @inlinable static var pageCount: Int { 1 << Int(pageBits) }
    @inlinable static var none: UInt32 { .max }

    @usableFromInline var pages: [UnsafeMutablePointer<Element>]
    @usableFromInline var places: [UnsafeMutablePointer<Place>]
    @usableFromInline var firstFree: UInt32 = Self.none
    @usableFromInline var size = 0

    /// How many values there are.
    @inlinable
    public var count: Int { size }

    @inlinable
    public init() {
        unsafe pages = []
        unsafe places = []
    }

    deinit {
        for page in unsafe 0..<pages.count {
            for slot in 0..<Self.pageCount where unsafe places[page][slot].generation & 1 == 1 {
                unsafe (pages[page] + slot).deinitialize(count: 1)
            }
            unsafe pages[page].deallocate()
            unsafe places[page].deallocate()
        }
    }

    /// How many places have been made: the bound for `index(at:)`.
    @inlinable
    public var placeCount: Int { unsafe pages.count << Int(Self.pageBits) }

    /// Takes in `element` and names it.
    @inlinable
    public mutating func insert(_ element: consuming Element) -> SlabIndex {
        if firstFree == Self.none { addPage() }
        let place = firstFree
        let slot = unsafe placePointer(place)
        unsafe firstFree = slot.pointee.nextFree
        unsafe slot.pointee.generation &+= 1
        unsafe valuePointer(place).initialize(to: element)
        size &+= 1
        return unsafe SlabIndex(place: place, generation: slot.pointee.generation)
    }

    /// Whether `index` still names a value.
    @inlinable
    public func contains(_ index: SlabIndex) -> Bool {
        guard Int(index.place) < placeCount, index.generation & 1 == 1 else { return false }
        return unsafe placePointer(index.place).pointee.generation == index.generation
    }

    /// Gives the value back and frees its place.
    ///
    /// - Precondition: `contains(index)`.
    @inlinable
    @discardableResult
    public mutating func remove(_ index: SlabIndex) -> Element {
        precondition(contains(index), "the index names nothing")
        let slot = unsafe placePointer(index.place)
        unsafe slot.pointee.generation &+= 1
        unsafe slot.pointee.nextFree = firstFree
        firstFree = index.place
        size &-= 1
        return unsafe valuePointer(index.place).move()
    }

    /// The value that `index` names, to read or to change in place.
    ///
    /// - Precondition: `contains(index)`.
    @inlinable
    public subscript(index: SlabIndex) -> Element {
        _read {
            precondition(contains(index), "the index names nothing")
            yield unsafe valuePointer(index.place).pointee
        }
        _modify {
            precondition(contains(index), "the index names nothing")
            yield unsafe &valuePointer(index.place).pointee
        }
    }

    /// The name of the value at `place`, nil where there is none.
    @inlinable
    public func index(at place: Int) -> SlabIndex? {
        guard place >= 0, place < placeCount else { return nil }
        let generation = unsafe placePointer(UInt32(truncatingIfNeeded: place)).pointee.generation
        guard generation & 1 == 1 else { return nil }
        return SlabIndex(place: UInt32(truncatingIfNeeded: place), generation: generation)
    }

    @inlinable
    func valuePointer(_ place: UInt32) -> UnsafeMutablePointer<Element> {
        unsafe pages[Int(place >> Self.pageBits)] + Int(place) & (Self.pageCount &- 1)
    }

    @inlinable
    func placePointer(_ place: UInt32) -> UnsafeMutablePointer<Place> {
        unsafe places[Int(place >> Self.pageBits)] + Int(place) & (Self.pageCount &- 1)
    }

    @usableFromInline
    mutating func addPage() {
        let base = UInt32(truncatingIfNeeded: placeCount)
        precondition(placeCount < Int(UInt32.max) &- Self.pageCount, "the slab is full")
        let page = UnsafeMutablePointer<Place>.allocate(capacity: Self.pageCount)
        for slot in 0..<Self.pageCount {
            let next = base &+ UInt32(truncatingIfNeeded: slot) &+ 1
            let isLast = slot == Self.pageCount &- 1
            unsafe (page + slot).initialize(
                to: Place(generation: 0, nextFree: isLast ? Self.none : next))
        }
        unsafe places.append(page)
        unsafe pages.append(.allocate(capacity: Self.pageCount))
        firstFree = base
    }
}

extension Slab: @unchecked Sendable where Element: Sendable & ~Copyable {}
