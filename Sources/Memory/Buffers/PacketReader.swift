/// Memory laid out for one scatter read, so that a short packet costs a frame and not 64 KB.
///
/// A read fills a frame first and then up to four chunks; what it did not touch serves the next.
@safe
public struct PacketReader: ~Copyable, Sendable {
    let pools: BufferPools
    let headroom: Int
    /// How many chunks stand behind the frame: 4 where the link merges segments, else 0.
    let chunkCount: Int
    var frame: Packet?
    var chunks: [UInt32] = []

    /// - Parameters:
    ///   - merged: Whether packets of up to 65,550 bytes may come, or 1,984 at most.
    ///   - headroom: Bytes left free in front of each packet.
    public init(_ pools: BufferPools, merged: Bool, headroom: Int = 64) {
        self.pools = pools
        self.headroom = headroom
        chunkCount = merged ? 4 : 0
        chunks.reserveCapacity(chunkCount)
    }

    deinit { for chunk in chunks { unsafe pools.state.releaseChunk(chunk) } }

    /// Lays out what the next read needs; false when the pools are short of it.
    public mutating func prepare() -> Bool {
        if frame == nil {
            guard var fresh = pools.frame(headroom: headroom) else { return false }
            fresh.extend(fresh.tailroom)
            frame = consume fresh
        }
        while chunks.count < chunkCount {
            guard let chunk = unsafe pools.state.takeChunk() else { return false }
            chunks.append(chunk)
        }
        return true
    }

    /// How many pieces of memory a read may fill.
    public var vectorCount: Int { frame == nil ? 0 : 1 &+ chunks.count }

    /// A piece of memory to be filled, in order; valid until the next call of `take` or `prepare`.
    ///
    /// - Precondition: `prepare` has succeeded, and `number` is below `vectorCount`.
    @unsafe
    public mutating func vector(_ number: Int) -> UnsafeMutableRawBufferPointer {
        if number == 0 {
            let start = unsafe frame?.vector(0)
            return unsafe UnsafeMutableRawBufferPointer(
                mutating: start ?? .init(start: nil, count: 0))
        }
        return unsafe UnsafeMutableRawBufferPointer(
            start: pools.state.chunkBytes(chunks[number &- 1]), count: BufferPools.chunkCount)
    }

    /// The packet of which a read has filled `count` bytes.
    ///
    /// - Precondition: `prepare` has succeeded.
    public mutating func take(_ count: Int) -> Packet? {
        guard var packet = frame.take() else { return nil }
        let inHead = min(count, packet.head.count)
        var left = count &- inHead
        packet.truncate(to: inHead)
        var used = 0
        while left > 0, used < chunks.count {
            let length = min(left, BufferPools.chunkCount)
            _ = packet.attach(
                chunk: chunks[used], offset: 0, count: UInt16(truncatingIfNeeded: length))
            // The packet holds it now.
            unsafe pools.state.releaseChunk(chunks[used])
            left &-= length
            used &+= 1
        }
        chunks.removeFirst(used)
        return packet
    }
}
