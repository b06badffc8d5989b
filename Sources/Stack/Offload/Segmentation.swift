import Memory

/// Cuts a merged TCP packet into the plain ones it stands for, as a link with segmentation offload
/// would have sent them.
///
/// Each gets its own sequence number, IPv4 identification, lengths and checksums; FIN and PSH stay
/// with the last, CWR with the first (RFC 3168 §6.1.2), all else is copied. A checksum that is
/// partial stays partial; any other is computed. Each comes out contiguous where it fits a frame.
/// A packet that is not merged, or is no TCP packet, comes out as it went in.
public struct Segmenter: ~Copyable {
    private typealias IPField = TCPPacketLayout.IPField
    private typealias TCPField = TCPPacketLayout.TCPField

    private var packet: Packet?
    private let layout: TCPPacketLayout?
    private let segmentSize: Int
    /// How many bytes of the payload went out, and in how many segments.
    private var sentCount = 0
    private var sentSegments: UInt16 = 0

    /// - Parameter networkOffset: Where the IP header begins: 14 behind an Ethernet header, 0 on
    ///   links without one.
    public init(_ packet: consuming Packet, networkOffset: Int) {
        segmentSize = Int(packet.metadata.segmentSize)
        layout = segmentSize > 0 ? TCPPacketLayout(packet, networkOffset: networkOffset) : nil
        self.packet = consume packet
    }

    /// Whether everything has come out.
    public var isDone: Bool { packet == nil }

    /// How many packets are still to come.
    public var remaining: Int {
        guard packet != nil else { return 0 }
        guard let layout else { return 1 }
        return max(1, (layout.payloadCount &- sentCount &+ segmentSize &- 1) / segmentSize)
    }

    /// The next plain packet; nil when everything has come out, or `pools` are short of memory
    /// for it, which `isDone` tells apart.
    public mutating func next(from pools: BufferPools) -> Packet? {
        guard var packet = packet.take() else { return nil }
        guard let layout else {
            packet.metadata.segmentSize = 0
            return packet
        }
        let count = min(segmentSize, layout.payloadCount &- sentCount)
        let isLast = sentCount &+ count == layout.payloadCount
        guard
            var segment = Self.copy(
                packet, headerCount: layout.payload, from: layout.payload &+ sentCount,
                count: count, pools)
        else {
            self.packet = consume packet
            return nil
        }
        writeNetworkHeader(&segment, layout, payloadCount: count)
        writeTransportHeader(&segment, layout, isLast: isLast)
        writeChecksum(&segment, layout, as: packet.metadata.checksum, payloadCount: count)
        sentCount &+= count
        sentSegments &+= 1
        if !isLast { self.packet = consume packet }
        return segment
    }

    private func writeNetworkHeader(
        _ segment: inout Packet, _ layout: TCPPacketLayout, payloadCount: Int
    ) {
        let network = layout.network
        let total = UInt16(truncatingIfNeeded: layout.payload &- network &+ payloadCount)
        var head = segment.mutableHead
        if layout.isIPv6 {
            let fixed = UInt16(IPField.ipv6HeaderCount)
            head.write(total &- fixed, at: network &+ IPField.ipv6PayloadCount)
            return
        }
        let identification = segment.head.uint16(at: network &+ IPField.ipv4Identification)
        head = segment.mutableHead
        head.write(total, at: network &+ IPField.ipv4TotalCount)
        head.write(identification &+ sentSegments, at: network &+ IPField.ipv4Identification)
        head.write(UInt16(0), at: network &+ IPField.ipv4Checksum)
        var sum = InternetChecksum()
        sum.add(segment.head.extracting(network..<layout.transport))
        head = segment.mutableHead
        head.write(sum.value, at: network &+ IPField.ipv4Checksum)
    }

    private func writeTransportHeader(
        _ segment: inout Packet, _ layout: TCPPacketLayout, isLast: Bool
    ) {
        let sequence = segment.head.uint32(at: layout.transport &+ TCPField.sequence)
        var flags = segment.head[layout.transport &+ TCPField.flags]
        if !isLast { flags &= ~TCPField.finAndPush }
        if sentSegments > 0 { flags &= ~TCPField.congestionWindowReduced }
        var head = segment.mutableHead
        head.write(
            sequence &+ UInt32(truncatingIfNeeded: sentCount),
            at: layout.transport &+ TCPField.sequence)
        head.write(flags, at: layout.transport &+ TCPField.flags)
    }

    private func writeChecksum(
        _ segment: inout Packet, _ layout: TCPPacketLayout,
        as state: PacketMetadata.Checksum, payloadCount: Int
    ) {
        let sum = layout.pseudoHeaderSum(segment.head, payloadCount: payloadCount)
        var head = segment.mutableHead
        head.write(sum, at: layout.transport &+ TCPField.checksum)
        segment.metadata.checksum = .partial(
            start: UInt16(truncatingIfNeeded: layout.transport),
            offset: UInt16(TCPField.checksum))
        if case .partial = state { return }
        completeChecksum(of: &segment)
        segment.metadata.checksum = state
    }

    /// A packet of the first `headerCount` bytes of `packet` and `count` bytes from `offset` on;
    /// nil when memory is short.
    private static func copy(
        _ packet: borrowing Packet, headerCount: Int, from offset: Int, count: Int,
        _ pools: BufferPools
    ) -> Packet? {
        let spare = BufferPools.frameCount &- headerCount &- count
        let headroom = min(packet.headroom, 64)
        guard var copy = pools.frame(headroom: spare >= 0 ? min(headroom, spare) : headroom)
        else { return nil }
        copy.append(packet.head.extracting(first: headerCount))
        // A segment beyond a frame, on links with a large MTU, stands in chunks too.
        guard pools.append(packet, from: offset, count: count, to: &copy) else { return nil }
        return copy
    }
}
