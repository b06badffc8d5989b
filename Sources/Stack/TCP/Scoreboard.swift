import Wire

/// What the peer said it holds out of order (RFC 2018), and what follows from it (RFC 6675 §4).
struct Scoreboard {
    private var ranges = SequenceRanges()

    var isEmpty: Bool { ranges.isEmpty }

    mutating func removeAll() { ranges.removeAll() }

    /// Takes in a block between `una` and `max`; whether it told something new.
    mutating func insert(_ block: SACKBlock, una: SequenceNumber, max: SequenceNumber) -> Bool {
        guard block.start < block.end, block.start > una, block.end <= max else { return false }
        guard case .added = ranges.insert(block) else { return false }
        return true
    }

    /// Forgets what a cumulative acknowledgment covers.
    mutating func acknowledge(_ una: SequenceNumber) { ranges.removeAll(before: una) }

    /// Whether the peer holds what stands at `sequence`.
    func holds(_ sequence: SequenceNumber) -> Bool { ranges.range(holding: sequence) != nil }

    /// How many bytes between `start` and `end` the peer holds.
    func count(from start: SequenceNumber, to end: SequenceNumber) -> UInt32 {
        guard start < end else { return 0 }
        var sum = 0
        var index = ranges.index(endingAfter: start)
        while index < ranges.count, ranges[index].start < end {
            let range = ranges[index]
            let from = range.start > start ? range.start : start
            let to = range.end < end ? range.end : end
            sum &+= from.distance(to: to)
            index &+= 1
        }
        return UInt32(clamping: sum)
    }

    /// The first number at or after `start` that the peer does not hold.
    func hole(from start: SequenceNumber) -> SequenceNumber {
        ranges.range(holding: start)?.end ?? start
    }

    /// Where the hole that contains `start` ends, `limit` at most.
    func holeEnd(from start: SequenceNumber, limit: SequenceNumber) -> SequenceNumber {
        let index = ranges.index(endingAfter: start)
        guard index < ranges.count, ranges[index].start < limit else { return limit }
        return ranges[index].start
    }

    /// The number before which every hole counts as lost: at least `threshold` bytes behind it
    /// have arrived (IsLost of RFC 6675 §4).
    func lossEdge(una: SequenceNumber, threshold: UInt32) -> SequenceNumber {
        var above: UInt32 = 0
        for index in stride(from: ranges.count &- 1, through: 0, by: -1) {
            let range = ranges[index]
            above &+= UInt32(clamping: range.start.distance(to: range.end))
            if above >= threshold { return range.start }
        }
        return una
    }
}
