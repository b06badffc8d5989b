/// Packets made of parts of others: what fragmentation and segmentation do.
extension Packet {
    /// Copies `count` bytes of `other` from `offset` on behind the head, as many as there are.
    ///
    /// - Precondition: They fit `tailroom`, and there are no slices.
    public mutating func append(_ other: borrowing Packet, from offset: Int, count: Int) {
        var skipped = offset
        var left = count
        for number in 0...other.sliceCount {
            let bytes = number == 0 ? other.head : other.slice(number &- 1)
            let piece = bytes.extracting(droppingFirst: min(skipped, bytes.count))
                .extracting(first: left)
            skipped = max(0, skipped &- bytes.count)
            left &-= piece.count
            append(piece)
        }
    }
}

extension BufferPools {
    /// Puts `count` bytes of `source` from `offset` on behind the head of `target`: copied where
    /// they fit its slot; else the first 256 are, which may hold headers, and the rest stands in
    /// slices that are shared where they are large. Whether there was memory for all of them.
    ///
    /// - Precondition: `target` is of these pools and has no slices.
    public func append(
        _ source: borrowing Packet, from offset: Int, count: Int, to target: inout Packet
    ) -> Bool {
        guard count > target.tailroom else {
            target.append(source, from: offset, count: count)
            return true
        }
        let inHead = min(256, target.tailroom)
        target.append(source, from: offset, count: inHead)
        var queue = queue()
        let rest = count &- inHead
        return queue.append(source, from: offset &+ inHead, count: rest) == rest
            && queue.attach(to: &target, from: 0, count: rest) == rest
    }
}
