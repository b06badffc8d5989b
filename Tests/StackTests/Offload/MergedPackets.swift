import Memory

/// A TCP packet as bytes, to be made merged or plain, and what a naive reader finds in it.
struct SampleTCPPacket {
    var isIPv6 = false
    /// 14 with an Ethernet header, 0 without.
    var networkOffset = 14
    var sequence: UInt32 = 0xFFFF_F000
    var identification: UInt16 = 0xFFFE
    var flags: UInt8 = 0x10
    /// A multiple of four.
    var options: [UInt8] = [1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8]
    var payload: [UInt8] = []

    var transportOffset: Int { networkOffset + (isIPv6 ? 40 : 20) }
    var payloadOffset: Int { transportOffset + 20 + options.count }

    /// All bytes, with the IPv4 header checksum right and the transport checksum zero.
    var bytes: [UInt8] {
        let tcpCount = 20 + options.count + payload.count
        var bytes = Array(repeating: UInt8(0xEE), count: networkOffset)
        if isIPv6 {
            bytes += [0x60, 0, 0, 0] + big(UInt16(tcpCount)) + [6, 64]
            bytes += (0..<32).map { UInt8($0 + 1) }
        } else {
            bytes += [0x45, 0x03] + big(UInt16(20 + tcpCount)) + big(identification)
            bytes += [0x40, 0, 64, 6, 0, 0, 10, 7, 0, 1, 10, 7, 0, 2]
            let sum = naiveSum(bytes[networkOffset...])
            bytes.replaceSubrange(networkOffset + 10..<networkOffset + 12, with: big(~sum))
        }
        bytes += big(UInt16(40000)) + big(UInt16(80))
        bytes += big(UInt16(sequence >> 16)) + big(UInt16(truncatingIfNeeded: sequence))
        bytes += [9, 8, 7, 6, UInt8(5 + options.count / 4) << 4, flags, 0x20, 0, 0, 0, 0, 0]
        return bytes + options + payload
    }

    /// The packet with its first `headCount` bytes in the head and the rest in slices.
    func packet(
        from pools: BufferPools, headCount: Int, segmentSize: UInt16,
        checksum: PacketMetadata.Checksum
    ) throws -> Packet {
        var bytes = bytes
        if case .partial = checksum {
            let sum = naivePseudoHeaderSum(bytes, networkOffset: networkOffset)
            bytes.replaceSubrange(transportOffset + 16..<transportOffset + 18, with: big(sum))
        }
        return try makePacket(
            bytes, headCount: headCount, from: pools,
            metadata: PacketMetadata(checksum: checksum, segmentSize: segmentSize))
    }
}

struct OutOfMemory: Error {}

/// A packet of `bytes`, of which the first `headCount` stand in the head.
func makePacket(
    _ bytes: [UInt8], headCount: Int, from pools: BufferPools, metadata: PacketMetadata
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

func big(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }

/// The folded ones' complement sum of `bytes`, two at a time, as RFC 1071 §1 defines it.
func naiveSum(_ bytes: ArraySlice<UInt8>) -> UInt16 {
    var sum = 0
    for (place, byte) in bytes.enumerated() { sum += place % 2 == 0 ? Int(byte) << 8 : Int(byte) }
    while sum > 0xFFFF { sum = sum % 0x10000 + sum / 0x10000 }
    return UInt16(sum)
}

/// The sum over the pseudo-header of a TCP packet that fills `bytes` to the end.
func naivePseudoHeaderSum(_ bytes: [UInt8], networkOffset: Int) -> UInt16 {
    let isIPv6 = bytes[networkOffset] >> 4 == 6
    let transport = networkOffset + (isIPv6 ? 40 : 20)
    let addresses = isIPv6 ? networkOffset + 8..<transport : networkOffset + 12..<transport
    return naiveSum(bytes[addresses] + [0, 6] + big(UInt16(bytes.count - transport)))
}

/// Whether the TCP checksum of a packet that fills `bytes` to the end is right.
func naiveTCPChecksumIsValid(_ bytes: [UInt8], networkOffset: Int) -> Bool {
    let isIPv6 = bytes[networkOffset] >> 4 == 6
    let transport = networkOffset + (isIPv6 ? 40 : 20)
    let pseudo = naivePseudoHeaderSum(bytes, networkOffset: networkOffset)
    return naiveSum(big(pseudo) + bytes[transport...]) == 0xFFFF
}
