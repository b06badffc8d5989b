import Memory
import Wire

extension Dissector {
    /// Appends an IP packet of either version.
    mutating func appendIP(
        _ bytes: Span<UInt8>, count: Int, to line: inout String
    ) throws(Truncation) {
        guard bytes.count > 0 else { throw .ip }
        switch bytes[0] >> 4 {
        case 4: try appendIPv4(bytes, count: count, to: &line)
        case 6: try appendIPv6(bytes, count: count, to: &line)
        default: line += "IP\(bytes[0] >> 4) (invalid)"
        }
    }

    private mutating func appendIPv4(
        _ bytes: Span<UInt8>, count: Int, to line: inout String
    ) throws(Truncation) {
        line += "IP "
        let packet: IPv4Packet
        do throws(WireError) {
            packet = try IPv4Packet(quoted: bytes)
        } catch {
            try appendIPv4Refusal(bytes, error, to: &line)
            return
        }
        if packet.totalCount > count {
            line += "truncated-ip - \(packet.totalCount &- count) bytes missing! "
        }
        let (source, destination) = (IPAddress(packet.source), IPAddress(packet.destination))
        guard packet.fragmentOffset == 0 else {
            line += "\(source.description) > \(destination.description):"
            line += " ip-proto-\(packet.proto.rawValue)"
            return
        }
        let payload = TransportPayload(
            proto: packet.proto, count: packet.payloadCount, isFragment: packet.moreFragments,
            source: source, destination: destination)
        try appendTransport(packet.payload, payload, to: &line)
    }

    /// Appends why an IPv4 header cannot be read.
    private func appendIPv4Refusal(
        _ bytes: Span<UInt8>, _ error: WireError, to line: inout String
    ) throws(Truncation) {
        guard bytes.count >= IPv4Header.byteCount else { throw .ip }
        let headerCount = Int(bytes[0] & 0xF) &* 4
        switch error {
        case .badHeaderLength: line += "bad-hlen \(headerCount)"
        case .lengthMismatch: line += "bad-len \(bytes.uint16(at: 2))"
        default:
            line += "\(bytes.ipv4Address(at: 12).description) > "
            line += "\(bytes.ipv4Address(at: 16).description): "
            line += " [remaining caplen(\(bytes.count)) < header length(\(headerCount))]"
            throw .ip
        }
    }

    /// Appends what an IP packet carries, after both ends.
    mutating func appendTransport(
        _ bytes: Span<UInt8>, _ payload: TransportPayload, to line: inout String
    ) throws(Truncation) {
        switch payload.proto {
        case .tcp: return try appendTCP(bytes, payload, to: &line)
        case .udp: return try appendUDP(bytes, payload, to: &line)
        default: break
        }
        if !payload.isNamed { line += payload.hosts }
        switch payload.proto {
        case .igmp where payload.source.isIPv4: try appendIGMP(bytes, payload, to: &line)
        case .noNextHeader where !payload.source.isIPv4: line += "no next header"
        case .icmp where payload.source.isIPv4: try appendICMP(bytes, payload, to: &line)
        case .icmpv6 where !payload.source.isIPv4: try appendICMPv6(bytes, payload, to: &line)
        default: line += " ip-proto-\(payload.proto.rawValue) \(payload.count)"
        }
    }
}

/// What an IP header says about its payload.
struct TransportPayload {
    private(set) var proto: IPProtocol
    /// All of it, in bytes, whether or not they are there.
    private(set) var count: Int
    /// Whether it is the first part of a datagram.
    let isFragment: Bool
    let source: IPAddress
    let destination: IPAddress
    /// Whether both addresses stand in the line already.
    var isNamed = false

    /// Goes past an extension header of `count` bytes.
    mutating func move(to proto: IPProtocol, by count: Int) {
        self.proto = proto
        self.count = max(0, self.count &- count)
    }

    /// Both addresses as they stand before the colon.
    var hosts: String { "\(source.description) > \(destination.description): " }

    /// Both ends as they stand before the colon.
    func ends(_ sourcePort: UInt16, _ destinationPort: UInt16) -> String {
        if isNamed { return "\(sourcePort) > \(destinationPort): " }
        return
            "\(source.description).\(sourcePort) > \(destination.description).\(destinationPort): "
    }
}
