import Synchronization

/// The memory of a stack's packets and queues: allocated once, never grown, shared by threads.
///
/// There are four kinds of slot. A *frame* holds one packet of up to 2,048 bytes. A *control*
/// holds the headers of a packet whose payload stands in chunks, or a packet without payload: ACKs
/// draw on it alone, so that the exhaustion of the others cannot keep back the ACKs that end it.
/// A *chunk* holds 16 KB of payload and may be shared by queues and packets. A *node* strings
/// pieces of chunks together.
///
/// Whatever was taken from the pools may outlive the object: the memory goes when the last of it
/// has come back.
@safe
public final class BufferPools: @unchecked Sendable {
    /// How the memory is divided, in slots.
    public struct Plan: Sendable {
        public var frames: Int
        public var controls: Int
        public var chunks: Int

        public init(frames: Int, controls: Int, chunks: Int) {
            self.frames = frames
            self.controls = controls
            self.chunks = chunks
        }

        /// The division of `byteLimit` bytes: three quarters for payload, the rest for packets.
        ///
        /// - Precondition: `byteLimit` is at least 1 MiB and at most 32 GiB.
        public init(byteLimit: Int) {
            precondition(
                byteLimit >= 1 << 20 && byteLimit <= 32 << 30, "pools take 1 MiB to 32 GiB")
            frames = byteLimit / 6 / (BufferPools.frameCount &+ BufferPools.sliceTableCount)
            controls = byteLimit / 16 / (BufferPools.controlCount &+ BufferPools.sliceTableCount)
            chunks = byteLimit / 4 * 3 / BufferPools.chunkCount
        }
    }

    /// Bytes in a frame slot, headroom included.
    public static var frameCount: Int { 2048 }
    /// Bytes in a control slot, headroom included.
    public static var controlCount: Int { 256 }
    /// Bytes in a chunk.
    public static var chunkCount: Int { 16384 }
    /// Bytes before a packet's own, which name its slices.
    static var sliceTableCount: Int { 64 }

    let state: UnsafeMutablePointer<PoolState>

    public init(_ plan: Plan) {
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(to: PoolState(plan))
    }

    deinit { unsafe PoolState.ownerIsGone(state) }

    /// A packet of up to 2,048 bytes less `headroom`, which is left free in front; nil when all
    /// frames are in use.
    public func frame(headroom: Int) -> Packet? {
        unsafe Packet(state, .frame, headroom: headroom)
    }

    /// A packet of up to 256 bytes less `headroom`, to which slices of a queue may be attached;
    /// nil when all control slots are in use.
    public func control(headroom: Int) -> Packet? {
        unsafe Packet(state, .control, headroom: headroom)
    }

    /// An empty queue that draws on these pools.
    public func queue() -> ByteQueue { unsafe ByteQueue(state) }

    /// An empty store of out-of-order bytes that draws on these pools.
    public func sparseBytes() -> SparseBytes { unsafe SparseBytes(state) }

    /// How many slots of each kind are free at this moment.
    public var available: Plan {
        unsafe Plan(
            frames: state.pointee.frames.available, controls: state.pointee.controls.available,
            chunks: state.pointee.chunks.available)
    }

    /// How many slots of each kind there are.
    public var capacity: Plan {
        unsafe Plan(
            frames: state.pointee.frames.capacity, controls: state.pointee.controls.capacity,
            chunks: state.pointee.chunks.capacity)
    }

    /// A packet of its own with the bytes and metadata of `packet`; nil when memory is short.
    public func copy(_ packet: borrowing Packet) -> Packet? {
        guard var copy = frame(headroom: packet.headroom) else { return nil }
        copy.metadata = packet.metadata
        copy.append(packet.head)
        let whole = packet.count &- packet.head.count
        guard whole > 0 else { return copy }
        if whole <= copy.tailroom {
            for index in 0..<packet.sliceCount { copy.append(packet.slice(index)) }
            return copy
        }
        var queue = queue()
        for index in 0..<packet.sliceCount { _ = queue.append(packet.slice(index)) }
        guard queue.attach(to: &copy, from: 0, count: whole) == whole else { return nil }
        return copy
    }
}

/// What the handles of a pool point to.
@safe
@usableFromInline
struct PoolState: ~Copyable {
    @usableFromInline let frames: SlotPool
    @usableFromInline let controls: SlotPool
    @usableFromInline let chunks: SlotPool
    @usableFromInline let nodes: SlotPool
    /// How many hold each chunk.
    @usableFromInline let holders: UnsafeMutablePointer<Atomic<UInt32>>
    /// After the owner is gone: how many slots are still out. Negative numbers before that are
    /// returns that came earlier than the owner's count.
    let remaining = Atomic<Int>(0)

    init(_ plan: BufferPools.Plan) {
        frames = SlotPool(
            capacity: plan.frames, stride: BufferPools.frameCount &+ BufferPools.sliceTableCount,
            alignment: 64)
        controls = SlotPool(
            capacity: plan.controls,
            stride: BufferPools.controlCount &+ BufferPools.sliceTableCount, alignment: 64)
        chunks = SlotPool(
            capacity: plan.chunks, stride: BufferPools.chunkCount, alignment: 4096)
        // Twice as many nodes as chunks: a chunk may stand in a sender's and a receiver's queue.
        nodes = SlotPool(
            capacity: plan.chunks &* 2, stride: MemoryLayout<ChunkNode>.stride, alignment: 16)
        unsafe holders = .allocate(capacity: plan.chunks)
        for index in 0..<plan.chunks { unsafe (holders + index).initialize(to: Atomic(0)) }
    }

    deinit {
        frames.deallocate()
        controls.deallocate()
        chunks.deallocate()
        nodes.deallocate()
        unsafe holders.deallocate()
    }

    static func ownerIsGone(_ state: UnsafeMutablePointer<PoolState>) {
        let out =
            unsafe state.pointee.frames.close() &+ state.pointee.controls.close()
            &+ state.pointee.chunks.close() &+ state.pointee.nodes.close()
        let left = unsafe state.pointee.remaining.add(out, ordering: .acquiringAndReleasing)
        if left.newValue == 0 { unsafe state.destroy() }
    }

    /// Counts a slot that came back after the owner had gone; the last one takes the state along.
    @usableFromInline
    static func lateReturn(_ state: UnsafeMutablePointer<PoolState>) {
        let left = unsafe state.pointee.remaining.subtract(1, ordering: .acquiringAndReleasing)
        if left.newValue == 0 { unsafe state.destroy() }
    }
}

extension UnsafeMutablePointer<PoolState> {
    func destroy() {
        unsafe deinitialize(count: 1)
        unsafe deallocate()
    }

    /// A chunk with one holder.
    func takeChunk() -> UInt32? {
        guard let index = unsafe pointee.chunks.take() else { return nil }
        unsafe pointee.holders[Int(index)].store(1, ordering: .relaxed)
        return index
    }

    @usableFromInline
    func retainChunk(_ index: UInt32) {
        _ = unsafe pointee.holders[Int(index)].add(1, ordering: .relaxed)
    }

    @usableFromInline
    func releaseChunk(_ index: UInt32) {
        let left = unsafe pointee.holders[Int(index)].subtract(1, ordering: .acquiringAndReleasing)
        guard left.newValue == 0 else { return }
        if unsafe pointee.chunks.giveBack(index) { unsafe PoolState.lateReturn(self) }
    }

    func chunkBytes(_ index: UInt32) -> UnsafeMutableRawPointer {
        unsafe pointee.chunks.address(index)
    }

    func node(_ index: UInt32) -> UnsafeMutablePointer<ChunkNode> {
        unsafe pointee.nodes.address(index).assumingMemoryBound(to: ChunkNode.self)
    }

    func takeNode(_ node: ChunkNode) -> UInt32? {
        guard let index = unsafe pointee.nodes.take() else { return nil }
        unsafe self.node(index).initialize(to: node)
        return index
    }

    /// Gives back a node and what it holds of its chunk.
    func releaseNode(_ index: UInt32) {
        unsafe releaseChunk(node(index).pointee.chunk)
        if unsafe pointee.nodes.giveBack(index) { unsafe PoolState.lateReturn(self) }
    }
}

/// A piece of a chunk in a list.
@usableFromInline
struct ChunkNode {
    @usableFromInline static var none: UInt32 { .max }

    var chunk: UInt32
    var next: UInt32 = Self.none
    /// In a `SparseBytes`: the position of the chunk's first byte.
    var position: UInt32 = 0
    /// In a `ByteQueue`: where the piece begins and how long it is.
    var offset: UInt16 = 0
    var count: UInt16 = 0
}
