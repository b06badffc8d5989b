import Wire

/// What the peer said it holds out of order (RFC 2018), in sequence order and not overlapping.
struct Scoreboard {
    private(set) var ranges: [SACKBlock] = []

    /// More holes than this are not told apart: a peer cannot make the list grow.
    private static var limit: Int { 128 }

    var isEmpty: Bool { ranges.isEmpty }

    mutating func removeAll() { ranges.removeAll(keepingCapacity: true) }

    /// Takes in a block between `una` and `max`; whether it told something new.
    mutating func insert(_ block: SACKBlock, una: SequenceNumber, max: SequenceNumber) -> Bool {
        guard block.start < block.end, block.start > una, block.end <= max else { return false }
        var first = 0
        while first < ranges.count, ranges[first].end < block.start { first &+= 1 }
        var last = first
        while last < ranges.count, ranges[last].start <= block.end { last &+= 1 }
        if last == first {
            guard ranges.count < Self.limit else { return false }
            ranges.insert(block, at: first)
            return true
        }
        let merged = SACKBlock(
            start: min(block.start, ranges[first].start),
            end: max_(block.end, ranges[last &- 1].end))
        if last == first &+ 1, merged == ranges[first] { return false }
        ranges[first] = merged
        ranges.removeSubrange(first &+ 1..<last)
        return true
    }

    /// Forgets what a cumulative acknowledgment covers.
    mutating func acknowledge(_ una: SequenceNumber) {
        var covered = 0
        while covered < ranges.count, ranges[covered].end <= una { covered &+= 1 }
        if covered > 0 { ranges.removeFirst(covered) }
        if let first = ranges.first, first.start < una { ranges[0].start = una }
    }

    /// Whether the peer holds what stands at `sequence`.
    func begins(by sequence: SequenceNumber) -> Bool {
        guard let first = ranges.first else { return false }
        return first.start <= sequence
    }

    /// How many bytes between `start` and `end` the peer holds.
    func count(from start: SequenceNumber, to end: SequenceNumber) -> UInt32 {
        guard start < end else { return 0 }
        var sum = 0
        for range in ranges where range.end > start && range.start < end {
            sum &+= max_(range.start, start).distance(to: min(range.end, end))
        }
        return UInt32(clamping: sum)
    }

    /// The first number at or after `start` that the peer does not hold.
    func hole(from start: SequenceNumber) -> SequenceNumber {
        for range in ranges where range.start <= start && start < range.end { return range.end }
        return start
    }

    /// Where the hole that contains `start` ends, `limit` at most.
    func holeEnd(from start: SequenceNumber, limit: SequenceNumber) -> SequenceNumber {
        for range in ranges where range.start > start { return min(range.start, limit) }
        return limit
    }

    /// The number before which every hole counts as lost: more than `threshold` bytes that were
    /// sent after it have arrived (IsLost of RFC 6675 §4).
    func lossEdge(una: SequenceNumber, threshold: UInt32) -> SequenceNumber {
        var above: UInt32 = 0
        for range in ranges.reversed() {
            above &+= UInt32(clamping: range.start.distance(to: range.end))
            if above >= threshold { return range.start }
        }
        return una
    }

    private func min(_ a: SequenceNumber, _ b: SequenceNumber) -> SequenceNumber { a < b ? a : b }
    private func max_(_ a: SequenceNumber, _ b: SequenceNumber) -> SequenceNumber { a < b ? b : a }
}
