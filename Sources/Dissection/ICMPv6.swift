import Memory
import Wire

extension Dissector {
    /// Appends an ICMPv6 message (RFC 4443, RFC 4861); errors without their quoted packet.
    func appendICMPv6(
        _ bytes: Span<UInt8>, _ payload: TransportPayload, to line: inout String
    ) throws(Truncation) {
        guard payload.count > 0 else {
            line += "ICMP6, length 0 (invalid)"
            return
        }
        guard bytes.count >= 2 else { throw .icmp6 }
        line += "ICMP6, "
        switch bytes[0] {
        case 1: line += "destination unreachable, code \(bytes[1])"
        case 2:
            line += "packet too big"
            guard bytes.count >= 8 else { throw .icmp6 }
            line += ", mtu \(bytes.uint32(at: 4))"
        case 3: line += "time exceeded in-transit"
        case 4: line += "parameter problem"
        case 128, 129:
            line += bytes[0] == 128 ? "echo request" : "echo reply"
            guard bytes.count >= 8 else { throw .icmp6 }
            line += ", id \(bytes.uint16(at: 4)), seq \(bytes.uint16(at: 6))"
        case 130: line += "multicast listener query"
        case 131: line += "multicast listener report"
        case 132: line += "multicast listener done"
        case 133: line += "router solicitation"
        case 134: line += "router advertisement"
        case 135:
            line += "neighbor solicitation"
            guard bytes.count >= 24 else { throw .icmp6 }
            line += ", who has \(bytes.ipv6Address(at: 8).description)"
        case 136:
            line += "neighbor advertisement"
            guard bytes.count >= 24 else { throw .icmp6 }
            line += ", tgt is \(bytes.ipv6Address(at: 8).description)"
        case 137: line += "redirect"
        case 143: line += "multicast listener report v2"
        default: line += "unknown icmp6 type (\(bytes[0]))"
        }
        line += ", length \(payload.count)"
    }
}
