import Wire

/// Ranges of the stream in sequence order, with gaps between: what arrived out of order, as the
/// receiver keeps it and as the sender was told of it.
///
/// Their number is bounded, and a place among them is found by halving: thousands of tiny segments
/// or acknowledgments cost little more than a few (CVE-2018-5390, CVE-2019-11478).
struct SequenceRanges {
    /// What became of an insertion.
    enum Insertion: Equatable {
        /// All of it was known.
        case known
        /// It is part of this range now.
        case added(SACKBlock)
        /// It would be one range too many.
        case full
    }

    /// As many as a megabyte of segments, of which every second is missing, makes.
    static var limit: Int { 512 }

    private var ranges: [SACKBlock] = []

    var isEmpty: Bool { ranges.isEmpty }
    var count: Int { ranges.count }
    var first: SACKBlock? { ranges.first }

    subscript(index: Int) -> SACKBlock { ranges[index] }

    mutating func removeAll() { ranges.removeAll(keepingCapacity: true) }

    /// The number of the first range that ends behind `sequence`, `count` where none does.
    func index(endingAfter sequence: SequenceNumber) -> Int {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low &+ high) / 2
            if ranges[middle].end > sequence { high = middle } else { low = middle &+ 1 }
        }
        return low
    }

    /// The range that holds `sequence`.
    func range(holding sequence: SequenceNumber) -> SACKBlock? {
        let index = index(endingAfter: sequence)
        guard index < ranges.count, ranges[index].start <= sequence else { return nil }
        return ranges[index]
    }

    /// Takes in `block`, which is not empty, together with what it touches.
    mutating func insert(_ block: SACKBlock) -> Insertion {
        // A range that ends where the block starts is touched too.
        let first = index(endingAfter: block.start - 1)
        var last = first
        var merged = block
        while last < ranges.count, ranges[last].start <= block.end {
            if ranges[last].start < merged.start { merged.start = ranges[last].start }
            if ranges[last].end > merged.end { merged.end = ranges[last].end }
            last &+= 1
        }
        if last == first {
            guard ranges.count < Self.limit else { return .full }
            ranges.insert(block, at: first)
            return .added(block)
        }
        if last == first &+ 1, merged == ranges[first] { return .known }
        ranges[first] = merged
        ranges.removeSubrange(first &+ 1..<last)
        return .added(merged)
    }

    /// Forgets everything before `sequence`.
    mutating func removeAll(before sequence: SequenceNumber) {
        let kept = index(endingAfter: sequence)
        if kept > 0 { ranges.removeSubrange(0..<kept) }
        if let first = ranges.first, first.start < sequence { ranges[0].start = sequence }
    }
}
