import Memory
import Wire

/// Text that came before what stands in front of it: each byte in its place, and which are there.
struct Reassembly: ~Copyable {
    private var bytes: SparseBytes
    /// What has come, in sequence order, with gaps between.
    private(set) var ranges: [SACKBlock] = []
    /// The range that came last: it is reported first (RFC 2018 §4).
    private var latest = SequenceNumber(0)

    /// More gaps than this are not kept apart (CVE-2018-5390).
    private static var limit: Int { 64 }

    init(_ pools: BufferPools) { bytes = pools.sparseBytes() }

    var isEmpty: Bool { ranges.isEmpty }

    mutating func removeAll() {
        bytes.removeAll()
        ranges.removeAll(keepingCapacity: true)
    }

    /// Puts `count` bytes of `packet` from `offset` on in their place; whether there was room.
    mutating func insert(
        _ packet: borrowing Packet, from offset: Int, count: Int, at sequence: SequenceNumber
    ) -> Bool {
        var first = 0
        while first < ranges.count, ranges[first].end < sequence { first &+= 1 }
        let joins = first < ranges.count && ranges[first].start <= sequence.advanced(by: count)
        guard joins || ranges.count < Self.limit else { return false }
        let written = bytes.write(packet, from: offset, count: count, at: sequence.rawValue)
        guard written > 0 else { return false }
        var block = SACKBlock(start: sequence, end: sequence.advanced(by: written))
        var last = first
        while last < ranges.count, ranges[last].start <= block.end {
            if ranges[last].start < block.start { block.start = ranges[last].start }
            if ranges[last].end > block.end { block.end = ranges[last].end }
            last &+= 1
        }
        ranges.replaceSubrange(first..<last, with: CollectionOfOne(block))
        latest = block.start
        return written == count
    }

    /// Moves what now continues the text at `sequence` to `queue`; how many bytes that were.
    mutating func takeContinuation(
        of sequence: SequenceNumber, into queue: inout ByteQueue
    ) -> Int {
        var next = sequence
        while let first = ranges.first, first.start <= next {
            if first.end > next {
                let count = next.distance(to: first.end)
                let moved = bytes.move(from: next.rawValue, count: count, to: &queue)
                next = next.advanced(by: moved)
                guard moved == count else {
                    // Memory is short: the rest must be sent again.
                    removeAll()
                    break
                }
            }
            ranges.removeFirst()
        }
        if ranges.isEmpty { bytes.removeAll() } else { bytes.removeAll(before: next.rawValue) }
        return sequence.distance(to: next)
    }

    /// What to report, the range that came last first, as many as fit (RFC 2018 §4).
    func blocks(atMost limit: Int) -> SACKBlocks {
        var blocks = SACKBlocks()
        for range in ranges where range.start <= latest && latest < range.end {
            blocks.append(range)
        }
        for range in ranges
        where blocks.count < limit && !(range.start <= latest && latest < range.end) {
            blocks.append(range)
        }
        return blocks
    }
}
