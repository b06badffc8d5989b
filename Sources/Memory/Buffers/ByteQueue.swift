/// A queue of bytes in pooled chunks, which exist only while they hold bytes.
///
/// The front is offset 0. Bytes may be read and shared with packets at any offset while they
/// stand in the queue; a chunk that a packet still holds stays alive after the queue let go of it.
@safe
public struct ByteQueue: ~Copyable {
    let state: UnsafeMutablePointer<PoolState>
    var first = ChunkNode.none
    var last = ChunkNode.none
    /// A node and where it begins, so that a sender that walks forward does not start over.
    var cursor = ChunkNode.none
    var cursorOffset: Int32 = 0
    var size: UInt32 = 0
    /// Up to where the last chunk may be written: only chunks that this queue took are.
    var tailLimit: UInt16 = 0

    init(_ state: UnsafeMutablePointer<PoolState>) { unsafe self.state = state }

    deinit { unsafe Self.release(from: first, state) }

    private static func release(from first: UInt32, _ state: UnsafeMutablePointer<PoolState>) {
        var index = first
        while index != ChunkNode.none {
            let next = unsafe state.node(index).pointee.next
            unsafe state.releaseNode(index)
            index = next
        }
    }

    /// How many bytes wait.
    public var count: Int { Int(size) }
    public var isEmpty: Bool { size == 0 }

    /// Copies `bytes` to the end; how many there was memory for.
    public mutating func append(_ bytes: Span<UInt8>) -> Int {
        var taken = 0
        while taken < bytes.count {
            guard tailLimit > 0 || addChunk() else { break }
            let node = unsafe state.node(last)
            let end = unsafe Int(node.pointee.offset) &+ Int(node.pointee.count)
            let length = min(Int(tailLimit) &- end, bytes.count &- taken)
            guard length > 0 else {
                tailLimit = 0
                continue
            }
            unsafe bytes.extracting(taken..<taken &+ length).withUnsafeBytes { source in
                guard let from = source.baseAddress else { return }
                unsafe (state.chunkBytes(node.pointee.chunk) + end).copyMemory(
                    from: from, byteCount: length)
            }
            unsafe node.pointee.count &+= UInt16(truncatingIfNeeded: length)
            size &+= UInt32(truncatingIfNeeded: length)
            taken &+= length
        }
        return taken
    }

    /// Takes in `count` bytes of `packet` from `offset` on; how many there was memory for.
    ///
    /// Large slices of the same pools are shared; small ones and the head are copied, so that few
    /// bytes never hold a large chunk.
    public mutating func append(_ packet: borrowing Packet, from offset: Int, count: Int) -> Int {
        // A chunk of other pools cannot stand in this queue: its bytes can.
        let isOfThesePools = unsafe packet.state == state
        var skipped = offset
        var taken = 0
        for number in 0...packet.sliceCount {
            let piece = unsafe packet.vector(number)
            if skipped >= piece.count {
                skipped &-= piece.count
                continue
            }
            let length = min(piece.count &- skipped, count &- taken)
            guard length > 0 else { break }
            if number > 0 && length >= Self.sharingThreshold && isOfThesePools {
                let slice = unsafe packet.table[number &- 1]
                let start = slice.offset &+ UInt16(truncatingIfNeeded: skipped)
                guard
                    share(
                        chunk: slice.chunk, offset: start,
                        count: UInt16(truncatingIfNeeded: length))
                else { break }
                taken &+= length
            } else {
                let bytes = unsafe Span<UInt8>(_unsafeBytes: piece)
                let copied = append(bytes.extracting(skipped..<skipped &+ length))
                taken &+= copied
                guard copied == length else { break }
            }
            skipped = 0
        }
        return taken
    }

    /// A slice of at least this many bytes is worth the chunk it holds.
    static var sharingThreshold: Int { 4096 }

    /// Puts a piece of somebody's chunk at the end and holds it.
    mutating func share(chunk: UInt32, offset: UInt16, count: UInt16) -> Bool {
        guard
            let index = unsafe state.takeNode(ChunkNode(chunk: chunk, offset: offset, count: count))
        else { return false }
        unsafe state.retainChunk(chunk)
        link(index)
        tailLimit = 0
        size &+= UInt32(count)
        return true
    }

    private mutating func addChunk() -> Bool {
        guard let chunk = unsafe state.takeChunk() else { return false }
        guard let index = unsafe state.takeNode(ChunkNode(chunk: chunk)) else {
            unsafe state.releaseChunk(chunk)
            return false
        }
        link(index)
        tailLimit = UInt16(truncatingIfNeeded: BufferPools.chunkCount)
        return true
    }

    mutating func link(_ index: UInt32) {
        if last == ChunkNode.none {
            first = index
        } else {
            unsafe state.node(last).pointee.next = index
        }
        last = index
    }

    /// Drops `count` bytes from the front, or all when there are fewer.
    public mutating func removeFirst(_ count: Int) {
        var left = min(max(0, count), Int(size))
        size &-= UInt32(truncatingIfNeeded: left)
        cursorOffset &-= Int32(truncatingIfNeeded: left)
        while left > 0 {
            let node = unsafe state.node(first)
            let length = unsafe Int(node.pointee.count)
            if length > left {
                unsafe node.pointee.offset &+= UInt16(truncatingIfNeeded: left)
                unsafe node.pointee.count &-= UInt16(truncatingIfNeeded: left)
                if cursor == first { cursorOffset = 0 }
                return
            }
            left &-= length
            let index = first
            unsafe first = node.pointee.next
            if cursor == index { cursor = ChunkNode.none }
            unsafe state.releaseNode(index)
        }
        if size == 0 { removeAll() }
    }

    /// Drops what stands behind the first `count` bytes.
    public mutating func truncate(to count: Int) {
        guard count > 0 else { return removeAll() }
        guard count < Int(size) else { return }
        var index = first
        var left = count
        while true {
            let node = unsafe state.node(index)
            let length = unsafe Int(node.pointee.count)
            let next = unsafe node.pointee.next
            if left > length {
                left &-= length
                index = next
                continue
            }
            unsafe node.pointee.count = UInt16(truncatingIfNeeded: left)
            unsafe node.pointee.next = ChunkNode.none
            unsafe Self.release(from: next, state)
            last = index
            cursor = ChunkNode.none
            size = UInt32(truncatingIfNeeded: count)
            tailLimit = 0
            return
        }
    }

    /// Drops everything.
    public mutating func removeAll() {
        unsafe Self.release(from: first, state)
        first = ChunkNode.none
        last = ChunkNode.none
        cursor = ChunkNode.none
        size = 0
        tailLimit = 0
    }

    /// Copies bytes from `offset` on into `target`, as many as there are and fit, `limit` at most;
    /// how many.
    public mutating func copy(
        from offset: Int, into target: inout MutableSpan<UInt8>, atMost limit: Int = .max
    ) -> Int {
        let wanted = min(target.count, limit)
        var written = 0
        var position = seek(offset)
        while position.index != ChunkNode.none, written < wanted {
            let node = unsafe state.node(position.index).pointee
            let length = min(Int(node.count) &- position.skip, wanted &- written)
            let start = unsafe state.chunkBytes(node.chunk) + (Int(node.offset) &+ position.skip)
            let piece = unsafe Span<UInt8>(
                _unsafeBytes: UnsafeRawBufferPointer(start: start, count: length))
            target.write(piece, at: written)
            written &+= length
            position = (node.next, 0)
        }
        return written
    }

    /// Copies up to `count` bytes from `offset` on to the end of the head of `packet`; how many
    /// there were.
    ///
    /// - Precondition: They fit its `tailroom`, and it has no slices.
    public mutating func copy(to packet: inout Packet, from offset: Int, count: Int) -> Int {
        let start = packet.head.count
        let available = min(count, max(0, Int(size) &- offset))
        packet.extend(available)
        let target = unsafe UnsafeMutableRawPointer(
            mutating: packet.vector(0).baseAddress.unsafelyUnwrapped + start)
        var span = unsafe MutableSpan<UInt8>(
            _unsafeStart: target.assumingMemoryBound(to: UInt8.self), count: available)
        return copy(from: offset, into: &span)
    }

    /// Shares up to `count` bytes from `offset` on with `packet`, as slices behind its head; how
    /// many there was room for.
    ///
    /// - Precondition: The packet is of the same pools.
    public mutating func attach(to packet: inout Packet, from offset: Int, count: Int) -> Int {
        unsafe precondition(packet.state == state, "the packet is of other pools")
        var attached = 0
        var position = seek(offset)
        while position.index != ChunkNode.none, attached < count {
            let node = unsafe state.node(position.index).pointee
            let length = min(Int(node.count) &- position.skip, count &- attached)
            if length > 0 {
                let start = node.offset &+ UInt16(truncatingIfNeeded: position.skip)
                guard
                    packet.attach(
                        chunk: node.chunk, offset: start, count: UInt16(truncatingIfNeeded: length))
                else { break }
            }
            attached &+= length
            position = (node.next, 0)
        }
        return attached
    }

    /// The node that holds `offset` and how far into it that is.
    private mutating func seek(_ offset: Int) -> (index: UInt32, skip: Int) {
        guard offset >= 0, offset < Int(size) else { return (ChunkNode.none, 0) }
        var index = first
        var begin = 0
        if cursor != ChunkNode.none, Int(cursorOffset) <= offset {
            index = cursor
            begin = Int(cursorOffset)
        }
        while true {
            let length = unsafe Int(state.node(index).pointee.count)
            if offset < begin &+ length { break }
            begin &+= length
            unsafe index = state.node(index).pointee.next
        }
        cursor = index
        cursorOffset = Int32(truncatingIfNeeded: begin)
        return (index, offset &- begin)
    }
}

extension ByteQueue: @unchecked Sendable {}
