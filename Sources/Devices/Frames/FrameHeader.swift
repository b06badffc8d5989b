import CLinux
import Memory
import Wire

/// What stands before each packet of a device with offloads: `struct virtio_net_hdr` (VIRTIO 1.2
/// §5.1.6), which says what is left to the other side.
struct FrameHeader {
    private enum Flag {
        static var needsChecksum: UInt8 { 1 }
        static var checksumIsValid: UInt8 { 2 }
    }

    private enum Segmentation {
        static var none: UInt8 { 0 }
        static var tcpOverIPv4: UInt8 { 1 }
        static var tcpOverIPv6: UInt8 { 4 }
        /// Beside the kind: CWR stands in the first segment only.
        static var congestionNotified: UInt8 { 0x80 }
    }

    static var byteCount: Int { MemoryLayout<clinux_frame_header>.size }

    var raw: clinux_frame_header

    init(_ raw: clinux_frame_header) { self.raw = raw }

    // MARK: - From the kernel

    /// What it says of a packet with `headCount` bytes in its head; nil when that is no sense.
    func metadata(headCount: Int) -> PacketMetadata? {
        var metadata = PacketMetadata()
        if raw.flags & Flag.needsChecksum != 0 {
            guard Int(raw.checksum_start) &+ Int(raw.checksum_offset) &+ 2 <= headCount
            else { return nil }
            metadata.checksum = .partial(start: raw.checksum_start, offset: raw.checksum_offset)
        } else if raw.flags & Flag.checksumIsValid != 0 {
            metadata.checksum = .verified
        }
        switch raw.segmentation & ~Segmentation.congestionNotified {
        case Segmentation.none: break
        case Segmentation.tcpOverIPv4, Segmentation.tcpOverIPv6:
            guard raw.segment_size > 0 else { return nil }
            metadata.segmentSize = raw.segment_size
        default: return nil
        }
        return metadata
    }

    // MARK: - To the kernel

    /// What is to be said of a packet whose IP header begins at `networkOffset`, and whose checksum
    /// is made partial if it is merged; nil when it is merged and no TCP packet, or its checksum
    /// lies outside the head.
    init?(describing packet: inout Packet, networkOffset: Int) {
        raw = clinux_frame_header()
        if packet.metadata.segmentSize > 0 {
            guard let segmentation = Self.segmentation(of: packet.head, network: networkOffset),
                Self.makeChecksumPartial(of: &packet, network: networkOffset)
            else { return nil }
            raw.segmentation = segmentation
            raw.segment_size = packet.metadata.segmentSize
        }
        guard case .partial(let start, let offset) = packet.metadata.checksum else { return }
        guard Int(start) &+ Int(offset) &+ 2 <= packet.head.count else { return nil }
        raw.flags = Flag.needsChecksum
        raw.checksum_start = start
        raw.checksum_offset = offset
        guard raw.segment_size > 0 else { return }
        guard let headerCount = Self.headerCount(packet.head, transport: Int(start))
        else { return nil }
        raw.header_count = headerCount
        if packet.head[Int(start) &+ 13] & TCPFlags.cwr.rawValue != 0 {
            raw.segmentation |= Segmentation.congestionNotified
        }
    }

    /// How the kernel is to cut the packet, by its version; nil when it is no IP.
    private static func segmentation(of head: Span<UInt8>, network: Int) -> UInt8? {
        guard network < head.count else { return nil }
        switch head[network] >> 4 {
        case 4: return Segmentation.tcpOverIPv4
        case 6: return Segmentation.tcpOverIPv6
        default: return nil
        }
    }

    /// Where the payload begins, given where TCP does; nil when that is outside the head.
    private static func headerCount(_ head: Span<UInt8>, transport: Int) -> UInt16? {
        guard transport &+ TCPHeader.byteCount <= head.count else { return nil }
        let end = transport &+ Int(head[transport &+ 12] >> 4) &* 4
        guard end >= transport &+ TCPHeader.byteCount, end <= head.count else { return nil }
        return UInt16(truncatingIfNeeded: end)
    }

    /// Puts the pseudo-header's sum into a TCP packet that was verified by whoever merged it, as
    /// the kernel wants it for segmentation; whether it is there now.
    private static func makeChecksumPartial(
        of packet: inout Packet, network: Int
    ) -> Bool {
        if case .partial = packet.metadata.checksum { return true }
        guard let (transport, sum) = pseudoHeader(packet, network: network),
            transport &+ TCPHeader.byteCount <= packet.head.count
        else { return false }
        var head = packet.mutableHead
        head.write(sum, at: transport &+ TCPHeader.checksumOffset)
        packet.metadata.checksum = .partial(
            start: UInt16(truncatingIfNeeded: transport),
            offset: UInt16(truncatingIfNeeded: TCPHeader.checksumOffset))
        return true
    }

    /// Where TCP begins and the sum of its pseudo-header; nil behind IPv6 extension headers.
    private static func pseudoHeader(
        _ packet: borrowing Packet, network: Int
    ) -> (transport: Int, sum: UInt16)? {
        let bytes = packet.head.extracting(droppingFirst: network)
        let beyond = packet.countBehindHead
        if let ip = try? IPv4Packet(bytes, beyond: beyond), ip.proto == .tcp, !ip.isFragment {
            let sum = InternetChecksum.pseudoHeader(
                source: IPAddress(ip.source), destination: IPAddress(ip.destination),
                proto: .tcp, length: UInt32(truncatingIfNeeded: ip.payloadCount))
            return (network &+ ip.headerCount, sum.partial)
        }
        if let ip = try? IPv6Packet(bytes, beyond: beyond), ip.nextHeader == .tcp {
            let sum = InternetChecksum.pseudoHeader(
                source: IPAddress(ip.source), destination: IPAddress(ip.destination),
                proto: .tcp, length: UInt32(truncatingIfNeeded: ip.payloadCount))
            return (network &+ IPv6Header.byteCount, sum.partial)
        }
        return nil
    }
}
