import Memory
import Stack
import Wire

/// What a packet says of the flow that it belongs to.
public struct TrackedPacket: Sendable {
    /// What becomes of a packet before any flow is looked for.
    public enum Reading: Sendable {
        /// No IP packet: ARP, for one.
        case other
        /// What keeps the link itself going: neighbour discovery and group membership.
        case housekeeping
        /// The headers make no sense, or do not lie where they can be read.
        case malformed
        case packet(TrackedPacket)
    }

    /// The flow's name; of an ICMP error that of the packet it is about.
    public let tuple: FlowTuple
    /// Whether this is an ICMP error: it travels against its tuple.
    public let isError: Bool
    /// The datagram that it is a part of; nil for a whole one.
    public let fragment: FragmentName?
    /// Whether it is no first part, so that nothing is known of its ports.
    public let isLaterFragment: Bool
    /// Of TCP only.
    public let segment: TrackedSegment?
    /// The IP packet, in bytes.
    public let byteCount: Int
    /// The addresses in the IP header: other than in the tuple for errors.
    public let source: IPAddress
    public let destination: IPAddress
    /// Where the payload of the IP header begins, in bytes from the packet's start.
    public let transportOffset: Int
    public let proto: IPProtocol

    /// Reads the headers of `packet`.
    ///
    /// - Parameter networkOffset: Where the IP header begins: 14 behind an Ethernet header, else 0.
    public static func read(_ packet: borrowing Packet, networkOffset: Int) -> Reading {
        let head = packet.head
        guard head.count > networkOffset else { return .malformed }
        if networkOffset == EthernetHeader.byteCount {
            let type = EtherType(rawValue: head.uint16(at: 12))
            guard type == .ipv4 || type == .ipv6 else { return .other }
        }
        let bytes = head.extracting(droppingFirst: networkOffset)
        do throws(WireError) {
            return bytes[0] >> 4 == 6
                ? try readIPv6(bytes, beyond: packet.countBehindHead, networkOffset)
                : try readIPv4(bytes, beyond: packet.countBehindHead, networkOffset)
        } catch {
            return .malformed
        }
    }

    private static func readIPv4(
        _ bytes: Span<UInt8>, beyond: Int, _ networkOffset: Int
    ) throws(WireError) -> Reading {
        let packet = try IPv4Packet(bytes, beyond: beyond)
        // Group membership stays on its link (RFC 3376 §4).
        if packet.proto == .igmp, packet.timeToLive == 1 { return .housekeeping }
        var part = TransportPart(
            source: IPAddress(packet.source), destination: IPAddress(packet.destination),
            proto: packet.proto, count: packet.payloadCount,
            offset: networkOffset &+ packet.headerCount, byteCount: packet.totalCount)
        if packet.isFragment {
            part.fragmentOffset = packet.fragmentOffset
            part.fragment = FragmentName(
                source: part.source, destination: part.destination, proto: packet.proto,
                identification: UInt32(packet.identification))
        }
        return .packet(try TrackedPacket(part, packet.payload))
    }

    private static func readIPv6(
        _ bytes: Span<UInt8>, beyond: Int, _ networkOffset: Int
    ) throws(WireError) -> Reading {
        let packet = try IPv6Packet(bytes, beyond: beyond)
        var part = TransportPart(
            source: IPAddress(packet.source), destination: IPAddress(packet.destination),
            proto: packet.nextHeader, count: 0, offset: 0, byteCount: packet.totalCount)
        var cursor = IPv6ExtensionCursor(packet)
        while let field = try cursor.next() {
            guard field.kind == .fragment else { continue }
            let word = bytes.uint16(at: field.offset &+ 2)
            // A part that is the whole is no part (RFC 6946 §4).
            guard word & 0xFFF9 != 0 else { continue }
            part.fragmentOffset = Int(word & 0xFFF8)
            // The protocol is not part of the name (RFC 8200 §4.5).
            part.fragment = FragmentName(
                source: part.source, destination: part.destination, proto: .fragment,
                identification: bytes.uint32(at: field.offset &+ 4))
        }
        part.proto = cursor.proto
        part.offset = networkOffset &+ cursor.offset
        part.count = packet.totalCount &- cursor.offset
        let end = min(bytes.count, packet.totalCount)
        guard cursor.offset <= end else { throw .truncated }
        let payload = bytes.extracting(cursor.offset..<end)
        if part.fragment == nil, cursor.proto == .icmpv6, payload.count > 0,
            Self.isHousekeeping(ICMPv6Type(rawValue: payload[0]), packet.hopLimit)
        {
            return .housekeeping
        }
        return .packet(try TrackedPacket(part, payload))
    }

    /// Neighbour discovery that no router passed (RFC 4861 §6.1, §7.1), and groups (RFC 3810 §5).
    private static func isHousekeeping(_ type: ICMPv6Type, _ hopLimit: UInt8) -> Bool {
        if type.isNeighbourDiscovery { return hopLimit == 255 }
        switch type {
        case .multicastListenerQuery, .multicastListenerReport, .multicastListenerDone,
            .multicastListenerReportV2:
            return hopLimit == 1
        default: return false
        }
    }

    private init(_ part: TransportPart, _ payload: Span<UInt8>) throws(WireError) {
        (source, destination, proto) = (part.source, part.destination, part.proto)
        (fragment, byteCount, transportOffset) = (part.fragment, part.byteCount, part.offset)
        isLaterFragment = part.fragmentOffset > 0
        if isLaterFragment {
            // Only an attack cuts so that the ports are in one part and the flags in the next
            // (RFC 1858 §4.2, RFC 3128).
            guard part.proto != .tcp || part.fragmentOffset >= 16 else { throw .unsupported }
            tuple = part.tuple()
            (isError, segment) = (false, nil)
            return
        }
        switch part.proto {
        case .tcp:
            let header = try TCPSegment(payload, beyond: part.count &- payload.count)
            segment = TrackedSegment(header)
            tuple = part.tuple(header.sourcePort, header.destinationPort)
            isError = false
        case .icmp, .icmpv6:
            segment = nil
            if let about = try QuotedTuple.read(payload, part.proto) {
                (tuple, isError) = (about, true)
            } else {
                tuple = try QuotedTuple.query(part, payload)
                isError = false
            }
        default:
            (segment, isError) = (nil, false)
            guard FlowTuple.hasPorts(part.proto) else {
                tuple = part.tuple()
                return
            }
            let ports = try TransportQuote(payload)
            tuple = part.tuple(ports.sourcePort, ports.destinationPort)
        }
    }
}

/// What the IP headers say of their payload.
struct TransportPart {
    var source: IPAddress
    var destination: IPAddress
    var proto: IPProtocol
    /// The payload, in bytes.
    var count: Int
    /// Where it begins.
    var offset: Int
    var byteCount: Int
    var fragment: FragmentName?
    var fragmentOffset = 0

    func tuple(_ sourcePort: UInt16 = 0, _ destinationPort: UInt16 = 0, type: UInt8 = 0)
        -> FlowTuple
    {
        FlowTuple(
            source: source, destination: destination, proto: proto, sourcePort: sourcePort,
            destinationPort: destinationPort, messageType: type)
    }
}

/// What all parts of a datagram have in common (RFC 791 §3.2, RFC 8200 §4.5).
public struct FragmentName: Hashable, Sendable {
    public var source: IPAddress
    public var destination: IPAddress
    public var proto: IPProtocol
    public var identification: UInt32

    public init(
        source: IPAddress, destination: IPAddress, proto: IPProtocol, identification: UInt32
    ) {
        self.source = source
        self.destination = destination
        self.proto = proto
        self.identification = identification
    }
}

/// What a TCP header says of the state of its connection.
public struct TrackedSegment: Equatable, Sendable {
    public var flags: TCPFlags
    public var sequence: SequenceNumber
    /// What follows the segment: its text, SYN and FIN included.
    public var end: SequenceNumber
    public var acknowledgment: SequenceNumber

    public init(
        flags: TCPFlags, sequence: SequenceNumber, end: SequenceNumber,
        acknowledgment: SequenceNumber
    ) {
        self.flags = flags
        self.sequence = sequence
        self.end = end
        self.acknowledgment = acknowledgment
    }

    init(_ segment: borrowing TCPSegment) {
        self.init(
            flags: segment.flags, sequence: segment.sequence,
            end: segment.sequence.advanced(by: segment.sequenceCount),
            acknowledgment: segment.acknowledgment)
    }
}
