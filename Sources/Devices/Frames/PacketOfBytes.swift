import Memory

extension BufferPools {
    /// A packet with a copy of these bytes; nil when memory is short.
    func packet(of bytes: Span<UInt8>) -> Packet? {
        guard var packet = frame(headroom: 64) else { return nil }
        let inHead = min(bytes.count, packet.tailroom)
        packet.append(bytes.extracting(first: inHead))
        let behind = bytes.count &- inHead
        guard behind > 0 else { return packet }
        var queue = queue()
        guard queue.append(bytes.extracting(last: behind)) == behind,
            queue.attach(to: &packet, from: 0, count: behind) == behind
        else { return nil }
        return packet
    }
}
