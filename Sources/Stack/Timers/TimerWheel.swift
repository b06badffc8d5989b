import Memory

/// Whom a timer belongs to: a kind and the name of a value in that kind's slab.
struct TimerOwner: Equatable, Sendable {
    enum Kind: UInt8 {
        case connection
        case halfOpen
        case timeWait
        case neighbour
        /// The place is the number of a link's querier.
        case groups
        /// Of the interface of that number.
        case interface
        case reassembly
        case request
    }

    let kind: Kind
    let index: SlabIndex

    init(kind: Kind, index: SlabIndex) {
        self.kind = kind
        self.index = index
    }

    /// - Parameter number: What is numbered and in no slab.
    init(kind: Kind, number: Int) {
        self.kind = kind
        index = SlabIndex(place: UInt32(truncatingIfNeeded: number), generation: 1)
    }

    /// The number that it was made with.
    var number: Int { Int(index.place) }
}

/// The name of a scheduled timer. It outlives the timer harmlessly.
typealias TimerID = SlabIndex

/// A hierarchical timing wheel (Varghese and Lauck 1987): every operation takes constant time,
/// however many timers run.
///
/// Eight levels of 64 slots; a slot of the lowest covers 2¹⁶ ns (65 µs). A timer stands on the
/// level of the highest digit in which its tick differs from the current one, so that all timers
/// of a level fall due before those of the next. Timers of the current tick wait in a heap and
/// come out by (deadline, order of scheduling): the same in every run.
struct TimerWheel: ~Copyable {
    struct Timer {
        let owner: TimerOwner
        let deadline: Instant
        let sequence: UInt64
        var next: UInt32
        var previous: UInt32
        /// Where it stands: level × 64 + slot, or `inHeap`.
        var slot: UInt16
        var isCancelled = false
    }

    private static var none: UInt32 { .max }
    private static var inHeap: UInt16 { .max }
    private static var tickBits: Int64 { 16 }
    private static var levels: Int { 8 }

    var timers = Slab<Timer>()
    /// The first timer of each slot, by place in the slab.
    private var slots = [UInt32](repeating: Self.none, count: 64 * Self.levels)
    /// Which slots of a level are occupied.
    private var occupied = [UInt64](repeating: 0, count: Self.levels)
    /// Timers of the current tick and before, the earliest first.
    private var heap: [SlabIndex] = []
    private var current: UInt64 = 0
    private var scheduled: UInt64 = 0

    init() { heap.reserveCapacity(64) }

    /// How many timers run.
    var count: Int { timers.count }

    /// Schedules a timer for `owner`.
    mutating func schedule(_ owner: TimerOwner, at deadline: Instant) -> TimerID {
        scheduled &+= 1
        let id = timers.insert(
            Timer(
                owner: owner, deadline: deadline, sequence: scheduled, next: Self.none,
                previous: Self.none, slot: Self.inHeap))
        place(id)
        return id
    }

    /// Stops the timer, if it still runs.
    mutating func cancel(_ id: TimerID) {
        guard timers.contains(id) else { return }
        if timers[id].slot == Self.inHeap {
            timers[id].isCancelled = true
        } else {
            unlink(id)
            timers.remove(id)
        }
    }

    /// When `popDue` should be asked next: never later than the first deadline, and earlier by one
    /// slot's width at most.
    var nextDeadline: Instant {
        if let first = heap.first { return timers[first].deadline }
        guard let (_, tick) = nextOccupied() else { return .never }
        return Instant(nanoseconds: Int64(truncatingIfNeeded: tick << UInt64(Self.tickBits)))
    }

    /// Takes the owner of the earliest timer that is due, nil when none is.
    mutating func popDue(at now: Instant) -> TimerOwner? {
        turn(to: now)
        while let first = heap.first {
            if !timers[first].isCancelled, timers[first].deadline > now { return nil }
            popHeap()
            let timer = timers.remove(first)
            if !timer.isCancelled { return timer.owner }
        }
        return nil
    }

    // MARK: - The wheel

    private static func tick(_ instant: Instant) -> UInt64 {
        UInt64(max(0, instant.nanoseconds)) >> UInt64(tickBits)
    }

    private mutating func place(_ id: TimerID) {
        let tick = Self.tick(timers[id].deadline)
        guard tick > current else {
            timers[id].slot = Self.inHeap
            pushHeap(id)
            return
        }
        let level = (63 &- (tick ^ current).leadingZeroBitCount) / 6
        let digit = Int(tick >> UInt64(6 &* level)) & 63
        let slot = level &* 64 &+ digit
        timers[id].slot = UInt16(truncatingIfNeeded: slot)
        timers[id].previous = Self.none
        timers[id].next = slots[slot]
        if let next = timers.index(at: Int(slots[slot])) { timers[next].previous = id.place }
        slots[slot] = id.place
        occupied[level] |= 1 << UInt64(digit)
    }

    private mutating func unlink(_ id: TimerID) {
        let (slot, next, previous) = (Int(timers[id].slot), timers[id].next, timers[id].previous)
        if let after = timers.index(at: Int(next)) { timers[after].previous = previous }
        if let before = timers.index(at: Int(previous)) {
            timers[before].next = next
        } else {
            slots[slot] = next
            if next == Self.none { occupied[slot / 64] &= ~(1 << UInt64(slot & 63)) }
        }
    }

    /// The next occupied slot after the current tick and the first tick it covers.
    private func nextOccupied() -> (slot: Int, tick: UInt64)? {
        for level in 0..<Self.levels {
            let shift = UInt64(6 &* level)
            let digit = (current >> shift) & 63
            let later = digit == 63 ? 0 : occupied[level] & (~0 << (digit &+ 1))
            guard later != 0 else { continue }
            let next = UInt64(later.trailingZeroBitCount)
            let prefix = (current >> (shift &+ 6)) << (shift &+ 6)
            return (level &* 64 &+ Int(next), prefix | next << shift)
        }
        return nil
    }

    /// Moves on to `now`, and the timers of every tick on the way into the heap.
    private mutating func turn(to now: Instant) {
        let target = Self.tick(now)
        while let (slot, tick) = nextOccupied(), tick <= target {
            current = tick
            var place = slots[slot]
            slots[slot] = Self.none
            occupied[slot / 64] &= ~(1 << UInt64(slot & 63))
            while let id = timers.index(at: Int(place)) {
                place = timers[id].next
                self.place(id)
            }
        }
        if target > current { current = target }
    }

    // MARK: - The heap of the current tick

    private func isEarlier(_ left: SlabIndex, _ right: SlabIndex) -> Bool {
        let (a, b) = (timers[left].deadline, timers[right].deadline)
        return a == b ? timers[left].sequence < timers[right].sequence : a < b
    }

    private mutating func pushHeap(_ id: SlabIndex) {
        heap.append(id)
        var child = heap.count &- 1
        while child > 0 {
            let parent = (child &- 1) / 2
            guard isEarlier(heap[child], heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func popHeap() {
        heap.swapAt(0, heap.count &- 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in (2 &* parent &+ 1)...(2 &* parent &+ 2)
            where child < heap.count && isEarlier(heap[child], heap[least]) {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
