/// Bytes that the system moves itself: read from the front of a queue, or written behind its end,
/// without a copy in between.
extension ByteQueue {
    /// Shows up to `limit` bytes from the front, piece by piece, for as long as `take` wants more. The
    /// bytes stay where they are: `removeFirst` lets go of those that found their way.
    ///
    /// - Parameter take: Gets a piece, which is valid until the queue changes; whether it has room
    ///   for another.
    @unsafe
    public borrowing func showPieces(
        atMost limit: Int, to take: (UnsafeRawBufferPointer) -> Bool
    ) {
        var left = min(limit, Int(size))
        var index = first
        while left > 0, index != ChunkNode.none {
            let node = unsafe state.node(index).pointee
            let length = min(left, Int(node.count))
            if length > 0 {
                let start = unsafe state.chunkBytes(node.chunk) + Int(node.offset)
                guard unsafe take(UnsafeRawBufferPointer(start: start, count: length)) else {
                    return
                }
            }
            left &-= length
            index = node.next
        }
    }

    /// Lays out room for up to `limit` bytes behind the end, as far as there is memory, has it
    /// filled, and keeps what was filled; how many bytes that are, nil when there was no memory at
    /// all.
    ///
    /// - Parameters:
    ///   - add: Gets a piece of the room, which is valid until `fill` returns; whether it has room
    ///     for another.
    ///   - fill: Fills the pieces in their order; how many bytes came, at most those laid out.
    @unsafe
    public mutating func extend(
        atMost limit: Int, _ add: (UnsafeMutableRawBufferPointer) -> Bool, _ fill: () -> Int
    ) -> Int? {
        let spare = unsafe tailLimit == 0 ? 0 : Int(tailLimit) &- Int(state.node(last).end)
        var room = min(spare, limit)
        var goesOn = true
        if room > 0 {
            let node = unsafe state.node(last).pointee
            let start = unsafe state.chunkBytes(node.chunk) + Int(node.end)
            goesOn = unsafe add(UnsafeMutableRawBufferPointer(start: start, count: room))
        }
        // Nodes that are strung together, and of the queue only once they hold something.
        var (head, tail) = (ChunkNode.none, ChunkNode.none)
        while goesOn, room < limit, let chunk = unsafe state.takeChunk() {
            guard let index = unsafe state.takeNode(ChunkNode(chunk: chunk)) else {
                unsafe state.releaseChunk(chunk)
                break
            }
            if tail == ChunkNode.none {
                head = index
            } else {
                unsafe state.node(tail).pointee.next = index
            }
            tail = index
            let count = min(BufferPools.chunkCount, limit &- room)
            room &+= count
            goesOn = unsafe add(
                UnsafeMutableRawBufferPointer(start: state.chunkBytes(chunk), count: count))
        }
        guard room > 0 else { return nil }
        let filled = min(max(0, fill()), room)
        keep(filled, spare: min(spare, limit), new: head)
        return filled
    }

    /// Makes `count` bytes that were written part of the queue: `spare` of them behind its last
    /// piece, the others in the new nodes from `head` on, of which the rest go back.
    private mutating func keep(_ count: Int, spare: Int, new head: UInt32) {
        let behind = min(count, spare)
        if behind > 0 {
            unsafe state.node(last).pointee.count &+= UInt16(truncatingIfNeeded: behind)
        }
        size &+= UInt32(truncatingIfNeeded: count)
        var left = count &- behind
        var index = head
        while index != ChunkNode.none {
            let next = unsafe state.node(index).pointee.next
            if left > 0 {
                let length = min(left, BufferPools.chunkCount)
                unsafe state.node(index).pointee.count = UInt16(truncatingIfNeeded: length)
                unsafe state.node(index).pointee.next = ChunkNode.none
                left &-= length
                link(index)
                tailLimit = UInt16(truncatingIfNeeded: BufferPools.chunkCount)
            } else {
                unsafe state.releaseNode(index)
            }
            index = next
        }
    }
}

extension UnsafeMutablePointer<ChunkNode> {
    /// Where the bytes of the node end in its chunk.
    fileprivate var end: UInt16 { unsafe pointee.end }
}

extension ChunkNode {
    fileprivate var end: UInt16 { offset &+ count }
}
