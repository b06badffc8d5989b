import Memory
import Wire

/// Text that came before what stands in front of it: each byte in its place, and which are there.
struct Reassembly: ~Copyable {
    private var bytes: SparseBytes
    private var ranges = SequenceRanges()
    /// Where text came lately, the latest first: what is reported first (RFC 2018 §4).
    private var recent = InlineArray<4, SequenceNumber>(repeating: SequenceNumber(0))

    init(_ pools: BufferPools) { bytes = pools.sparseBytes() }

    var isEmpty: Bool { ranges.isEmpty }

    mutating func removeAll() {
        bytes.removeAll()
        ranges.removeAll()
    }

    /// Puts `count` bytes of `packet` from `offset` on in their place; whether there was room.
    mutating func insert(
        _ packet: borrowing Packet, from offset: Int, count: Int, at sequence: SequenceNumber
    ) -> Bool {
        let joins =
            ranges.range(holding: sequence) != nil
            || ranges.range(holding: sequence - 1) != nil
        guard joins || ranges.count < SequenceRanges.limit else { return false }
        let written = bytes.write(packet, from: offset, count: count, at: sequence.rawValue)
        guard written > 0 else { return false }
        _ = ranges.insert(SACKBlock(start: sequence, end: sequence.advanced(by: written)))
        note(sequence)
        return written == count
    }

    /// Keeps in mind where text came last, once for each range.
    private mutating func note(_ sequence: SequenceNumber) {
        guard let range = ranges.range(holding: sequence) else { return }
        var moved = sequence
        for place in recent.indices {
            let earlier = recent[place]
            recent[place] = moved
            if range.start <= earlier, earlier < range.end { return }
            moved = earlier
        }
    }

    /// Moves what now continues the text at `sequence` to `queue`; how many bytes that were.
    mutating func takeContinuation(
        of sequence: SequenceNumber, into queue: inout ByteQueue
    ) -> Int {
        var next = sequence
        if let range = ranges.range(holding: sequence) {
            let count = sequence.distance(to: range.end)
            let moved = bytes.move(from: sequence.rawValue, count: count, to: &queue)
            next = sequence.advanced(by: moved)
            // Memory is short: the rest must be sent again.
            if moved < count { removeAll() }
        }
        ranges.removeAll(before: next)
        if ranges.isEmpty { bytes.removeAll() } else { bytes.removeAll(before: next.rawValue) }
        return sequence.distance(to: next)
    }

    /// What to report, the range that text came to last first, as many as fit (RFC 2018 §4).
    func blocks(atMost limit: Int) -> SACKBlocks {
        var blocks = SACKBlocks()
        for place in recent.indices where blocks.count < limit {
            guard let range = ranges.range(holding: recent[place]) else { continue }
            Self.add(range, to: &blocks)
        }
        var index = 0
        while index < ranges.count, blocks.count < limit {
            Self.add(ranges[index], to: &blocks)
            index &+= 1
        }
        return blocks
    }

    private static func add(_ range: SACKBlock, to blocks: inout SACKBlocks) {
        for index in 0..<blocks.count where blocks[index] == range { return }
        blocks.append(range)
    }
}
