/// Bytes at positions of a circular 32-bit space, with gaps: what arrived out of order.
///
/// Each byte goes to its place in a chunk on a grid of 16 KB, so that memory is bounded by the
/// span of positions and not by the number of pieces. Which bytes are there, the caller knows.
@safe
public struct SparseBytes: ~Copyable {
    let state: UnsafeMutablePointer<PoolState>
    var first = ChunkNode.none
    var last = ChunkNode.none

    init(_ state: UnsafeMutablePointer<PoolState>) { unsafe self.state = state }

    deinit {
        var index = first
        while index != ChunkNode.none {
            let next = unsafe state.node(index).pointee.next
            unsafe state.releaseNode(index)
            index = next
        }
    }

    /// Whether no chunk is held.
    public var isEmpty: Bool { first == ChunkNode.none }

    static var gridMask: UInt32 { UInt32(BufferPools.chunkCount) &- 1 }

    /// Puts `count` bytes of `packet` from `offset` on at `position`; how many there was memory for.
    public mutating func write(
        _ packet: borrowing Packet, from offset: Int, count: Int, at position: UInt32
    ) -> Int {
        var written = 0
        while written < count {
            let place = position &+ UInt32(truncatingIfNeeded: written)
            let within = Int(place & Self.gridMask)
            let length = min(BufferPools.chunkCount &- within, count &- written)
            guard let index = block(at: place & ~Self.gridMask) else { break }
            let start = unsafe state.chunkBytes(state.node(index).pointee.chunk) + within
            var target = unsafe MutableSpan<UInt8>(
                _unsafeStart: start.assumingMemoryBound(to: UInt8.self), count: length)
            let copied = packet.copy(from: offset &+ written, into: &target)
            written &+= copied
            guard copied == length else { break }
        }
        return written
    }

    /// Moves the `count` bytes at `position` to the end of `queue`; how many there was memory for.
    /// Chunks that end there or before are let go.
    ///
    /// Large pieces are shared; small ones are copied, so that few bytes never hold a chunk.
    public mutating func move(
        from position: UInt32, count: Int, to queue: inout ByteQueue
    ) -> Int {
        unsafe precondition(queue.state == state, "the queue is of other pools")
        var moved = 0
        while moved < count {
            let place = position &+ UInt32(truncatingIfNeeded: moved)
            let within = place & Self.gridMask
            let length = min(BufferPools.chunkCount &- Int(within), count &- moved)
            guard let index = find(place & ~Self.gridMask) else { break }
            let taken = unsafe move(
                chunk: state.node(index).pointee.chunk, from: within, count: length, to: &queue)
            moved &+= taken
            guard taken == length else { break }
        }
        removeAll(before: position &+ UInt32(truncatingIfNeeded: moved))
        return moved
    }

    private func move(
        chunk: UInt32, from offset: UInt32, count: Int, to queue: inout ByteQueue
    ) -> Int {
        if count >= ByteQueue.sharingThreshold {
            let isShared = queue.share(
                chunk: chunk, offset: UInt16(truncatingIfNeeded: offset),
                count: UInt16(truncatingIfNeeded: count))
            return isShared ? count : 0
        }
        let start = unsafe state.chunkBytes(chunk) + Int(offset)
        let bytes = unsafe Span<UInt8>(
            _unsafeBytes: UnsafeRawBufferPointer(start: start, count: count))
        return queue.append(bytes)
    }

    /// Lets go of everything.
    public mutating func removeAll() {
        while first != ChunkNode.none {
            let next = unsafe state.node(first).pointee.next
            unsafe state.releaseNode(first)
            first = next
        }
        last = ChunkNode.none
    }

    /// Lets go of every chunk that ends at `position` or before.
    public mutating func removeAll(before position: UInt32) {
        while first != ChunkNode.none {
            let node = unsafe state.node(first).pointee
            let end = node.position &+ UInt32(BufferPools.chunkCount)
            guard Int32(bitPattern: end &- position) <= 0 else { return }
            unsafe state.releaseNode(first)
            first = node.next
            if first == ChunkNode.none { last = ChunkNode.none }
        }
    }

    func find(_ base: UInt32) -> UInt32? {
        var index = first
        while index != ChunkNode.none {
            let node = unsafe state.node(index).pointee
            if node.position == base { return index }
            index = node.next
        }
        return nil
    }

    /// The block at `base`, added in its order if it is not there.
    private mutating func block(at base: UInt32) -> UInt32? {
        if last != ChunkNode.none, unsafe state.node(last).pointee.position == base { return last }
        var previous = ChunkNode.none
        var index = first
        if last != ChunkNode.none,
            unsafe Int32(bitPattern: state.node(last).pointee.position &- base) < 0
        {
            previous = last
            index = ChunkNode.none
        }
        while index != ChunkNode.none {
            let node = unsafe state.node(index).pointee
            if node.position == base { return index }
            if Int32(bitPattern: node.position &- base) > 0 { break }
            previous = index
            index = node.next
        }
        guard let chunk = unsafe state.takeChunk() else { return nil }
        let node = ChunkNode(chunk: chunk, next: index, position: base)
        guard let added = unsafe state.takeNode(node) else {
            unsafe state.releaseChunk(chunk)
            return nil
        }
        if previous == ChunkNode.none {
            first = added
        } else {
            unsafe state.node(previous).pointee.next = added
        }
        if index == ChunkNode.none { last = added }
        return added
    }
}

extension SparseBytes: @unchecked Sendable {}
