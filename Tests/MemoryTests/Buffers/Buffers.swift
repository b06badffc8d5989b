import Memory

/// All bytes of a packet.
func bytes(of packet: borrowing Packet) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: packet.count)
    var span = bytes.mutableSpan
    let copied = packet.copy(from: 0, into: &span)
    return Array(bytes.prefix(copied))
}

/// All bytes of a queue.
func bytes(of queue: inout ByteQueue) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: queue.count)
    var span = bytes.mutableSpan
    let copied = queue.copy(from: 0, into: &span)
    return Array(bytes.prefix(copied))
}

extension BufferPools {
    /// Whether every slot is back.
    var isWhole: Bool {
        let (available, capacity) = (available, capacity)
        return available.frames == capacity.frames && available.controls == capacity.controls
            && available.chunks == capacity.chunks
    }

    /// A packet of `bytes`, nil when memory is short.
    func packet(_ bytes: [UInt8], headCount: Int = .max, headroom: Int = 32) -> Packet? {
        guard var packet = frame(headroom: headroom) else { return nil }
        packet.append(bytes.span.extracting(first: headCount))
        if bytes.count > headCount {
            let rest = bytes.span.extracting(droppingFirst: headCount)
            var queue = queue()
            guard queue.append(rest) == rest.count,
                queue.attach(to: &packet, from: 0, count: rest.count) == rest.count
            else { return nil }
        }
        return packet
    }
}
