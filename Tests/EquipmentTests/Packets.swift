import Memory

struct OutOfMemory: Error {}

/// A packet of `bytes`, of which the first `headCount` stand in the head.
func makePacket(
    _ bytes: [UInt8], headCount: Int, from pools: BufferPools,
    metadata: PacketMetadata = PacketMetadata()
) throws -> Packet {
    guard var packet = pools.frame(headroom: 64) else { throw OutOfMemory() }
    packet.append(bytes.span.extracting(first: headCount))
    packet.metadata = metadata
    if bytes.count > headCount {
        var queue = pools.queue()
        let rest = bytes.span.extracting(droppingFirst: headCount)
        guard queue.append(rest) == rest.count,
            queue.attach(to: &packet, from: 0, count: rest.count) == rest.count
        else { throw OutOfMemory() }
    }
    return packet
}

func bytes(of packet: borrowing Packet) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: packet.count)
    var span = bytes.mutableSpan
    _ = packet.copy(from: 0, into: &span)
    return bytes
}
