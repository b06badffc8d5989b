import Memory
import Wire

extension Dissector {
    mutating func appendIPv6(
        _ bytes: Span<UInt8>, count: Int, to line: inout String
    ) throws(Truncation) {
        let packet: IPv6Packet
        do throws(WireError) {
            packet = try IPv6Packet(quoted: bytes)
        } catch {
            throw .ip6
        }
        line += "IP6 "
        if packet.totalCount > count {
            line += "truncated-ip6 - \(packet.totalCount &- count) bytes missing!"
        }
        var payload = TransportPayload(
            proto: packet.nextHeader, count: packet.payloadCount, isFragment: false,
            source: IPAddress(packet.source), destination: IPAddress(packet.destination))
        var rest = packet.payload
        while Self.isExtension(payload.proto) {
            if !payload.isNamed {
                line += payload.hosts
                payload.isNamed = true
            }
            guard let count = try appendExtension(rest, &payload, to: &line) else { return }
            rest = rest.extracting(droppingFirst: min(count, rest.count))
        }
        try appendTransport(rest, payload, to: &line)
    }

    private static func isExtension(_ proto: IPProtocol) -> Bool {
        switch proto {
        case .hopByHopOptions, .destinationOptions, .routing, .fragment: true
        default: false
        }
    }

    /// Appends one extension header (RFC 8200 §4); its length, nil where nothing after it can be
    /// read.
    private func appendExtension(
        _ bytes: Span<UInt8>, _ payload: inout TransportPayload, to line: inout String
    ) throws(Truncation) -> Int? {
        let kind = payload.proto
        if kind == .fragment { return try appendFragment(bytes, &payload, to: &line) }
        let (name, truncation): (String, Truncation) =
            switch kind {
            case .hopByHopOptions: ("HBH ", .hopByHop)
            case .destinationOptions: ("DSTOPT ", .destinationOptions)
            default: ("", .routing)
            }
        guard bytes.count >= 2, bytes.count >= (Int(bytes[1]) &+ 1) &* 8 else { throw truncation }
        let count = (Int(bytes[1]) &+ 1) &* 8
        line += kind == .routing ? routing(bytes, count) : name
        payload.move(to: IPProtocol(rawValue: bytes[0]), by: count)
        return count
    }

    private func appendFragment(
        _ bytes: Span<UInt8>, _ payload: inout TransportPayload, to line: inout String
    ) throws(Truncation) -> Int? {
        guard bytes.count >= 8 else { throw .fragment }
        let offset = Int(bytes.uint16(at: 2) & 0xFFF8)
        line += "frag (\(offset)|\(payload.count &- 8))"
        guard offset == 0 else { return nil }
        line += " "
        payload.move(to: IPProtocol(rawValue: bytes[0]), by: 8)
        return 8
    }

    /// A routing header with the addresses of the deprecated type 0 (RFC 5095).
    private func routing(_ bytes: Span<UInt8>, _ count: Int) -> String {
        var text = "RT6 (len=\(bytes[1]), type=\(bytes[2])"
        guard bytes[2] == 0 else { return text + ") " }
        text += " [Deprecated], segleft=\(bytes[3])"
        var place = 8
        while place &+ 16 <= count {
            text += ", [\((place &- 8) / 16)]\(bytes.ipv6Address(at: place).description)"
            place &+= 16
        }
        return text + ") "
    }
}
