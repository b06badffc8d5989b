import Memory
import Wire

extension Dissector {
    /// Appends an IGMP message of any version (RFC 1112, RFC 2236, RFC 9776).
    func appendIGMP(
        _ bytes: Span<UInt8>, _ payload: TransportPayload, to line: inout String
    ) throws(Truncation) {
        guard bytes.count > 0 else { throw .igmp }
        switch bytes[0] {
        case 0x11: try appendIGMPQuery(bytes, payload, to: &line)
        case 0x12: line += "igmp v1 report"
        case 0x16: line += "igmp v2 report"
        case 0x17: line += "igmp leave"
        case 0x22:
            line += "igmp v3 report"
            guard payload.count >= 16 else {
                line += " [invalid len \(payload.count)]"
                return
            }
            guard bytes.count >= 8 else { throw .igmp }
            line += ", \(bytes.uint16(at: 6)) group record(s)"
        default: line += "igmp-\(bytes[0])"
        }
        guard bytes[0] == 0x12 || bytes[0] == 0x16 || bytes[0] == 0x17 else { return }
        guard bytes.count >= 8 else { throw .igmp }
        line += " \(bytes.ipv4Address(at: 4).description)"
    }

    private func appendIGMPQuery(
        _ bytes: Span<UInt8>, _ payload: TransportPayload, to line: inout String
    ) throws(Truncation) {
        line += "igmp query "
        guard payload.count < 12 else {
            try appendIGMPv3Query(bytes, to: &line)
            return
        }
        guard bytes.count >= 2 else { throw .igmp }
        line += bytes[1] == 0 ? "v1" : "v2"
        guard bytes.count >= 8 else { throw .igmp }
        if bytes[1] != 0, bytes[1] != 100 { line += " [max resp time \(bytes[1])]" }
        let group = bytes.ipv4Address(at: 4)
        if !group.isUnspecified { line += " [gaddr \(group.description)]" }
    }

    private func appendIGMPv3Query(
        _ bytes: Span<UInt8>, to line: inout String
    ) throws(Truncation) {
        line += "v3"
        guard bytes.count >= 12 else { throw .igmp }
        let code = Int(bytes[1])
        // tcpdump scales the mantissa and exponent of RFC 9776 §4.1.1 by three bits.
        let tenths = code < 128 ? code : (code & 0xF | 0x10) << ((code >> 4 & 7) &+ 3)
        if tenths != 100 {
            line +=
                " [max resp time \(tenths < 100 ? "\(tenths / 10).\(tenths % 10)s" : duration(tenths / 10))]"
        }
        let group = bytes.ipv4Address(at: 4)
        let sources = bytes.uint16(at: 10)
        guard !group.isUnspecified else { return }
        line += " [gaddr \(group.description)"
        line += sources > 0 ? ", \(sources) source(s)]" : "]"
    }

    /// Seconds as tcpdump writes them: 5m7s.
    private func duration(_ seconds: Int) -> String {
        var text = ""
        if seconds >= 3600 { text += "\(seconds / 3600)h" }
        if seconds >= 60 { text += "\(seconds / 60 % 60)m" }
        return text + "\(seconds % 60)s"
    }
}
