import Memory

/// Wrong bits in a packet.
enum Corruption {
    /// Turns over the bit with this number, wherever it stands; false when there was no memory for
    /// a piece that others may read too.
    static func flip(_ bit: Int, of packet: inout Packet, from pools: BufferPools) -> Bool {
        let place = bit / 8
        let mask: UInt8 = 1 << UInt8(bit & 7)
        if place < packet.head.count {
            let flipped = packet.head[place] ^ mask
            var head = packet.mutableHead
            head.write(flipped, at: place)
            return true
        }
        // What stands behind the head may be shared: the packet gets bytes of its own.
        guard let damaged = copy(packet, flipping: place, mask, from: pools) else { return false }
        packet = damaged
        return true
    }

    private static func copy(
        _ packet: borrowing Packet, flipping place: Int, _ mask: UInt8, from pools: BufferPools
    ) -> Packet? {
        guard var copy = pools.frame(headroom: packet.headroom) else { return nil }
        copy.metadata = packet.metadata
        copy.append(packet.head)
        var queue = pools.queue()
        var begin = packet.head.count
        for number in 0..<packet.sliceCount {
            let slice = packet.slice(number)
            let target = place &- begin
            if target >= 0, target < slice.count {
                let wrong = InlineArray<1, UInt8>(repeating: slice[target] ^ mask)
                _ = queue.append(slice.extracting(first: target))
                _ = queue.append(wrong.span)
                _ = queue.append(slice.extracting(droppingFirst: target &+ 1))
            } else {
                _ = queue.append(slice)
            }
            begin &+= slice.count
        }
        let count = packet.countBehindHead
        guard queue.count == count, queue.attach(to: &copy, from: 0, count: count) == count
        else { return nil }
        return copy
    }
}

/// Random numbers by the thousand, from a seed: SplitMix64 (Steele, Lea and Flood 2014). Not for
/// secrets.
struct QuickRandom {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
