import Memory
import Wire

extension Dissector {
    /// Appends an ICMPv6 message (RFC 4443, RFC 4861, RFC 2710, RFC 9777).
    func appendICMPv6(
        _ bytes: Span<UInt8>, _ payload: TransportPayload, to line: inout String
    ) throws(Truncation) {
        guard payload.count > 0 else {
            line += "ICMP6, length 0 (invalid)"
            return
        }
        guard bytes.count >= 2 else { throw .icmp6 }
        line += "ICMP6, "
        switch ICMPv6Type(rawValue: bytes[0]) {
        case .destinationUnreachable:
            guard try appendUnreachable(bytes, to: &line) else { return }
        case .packetTooBig:
            line += "packet too big"
            guard bytes.count >= 8 else { throw .icmp6 }
            line += ", mtu \(bytes.uint32(at: 4))"
        case .timeExceeded: try appendTimeExceeded(bytes, to: &line)
        case .parameterProblem: try appendParameterProblem(bytes, to: &line)
        case .echoRequest, .echoReply:
            line += bytes[0] == 128 ? "echo request" : "echo reply"
            guard bytes.count >= 8 else { throw .icmp6 }
            line += ", id \(bytes.uint16(at: 4)), seq \(bytes.uint16(at: 6))"
        case .multicastListenerQuery, .multicastListenerReport, .multicastListenerDone,
            .multicastListenerReportV2:
            try appendMulticastListener(bytes, payload, to: &line)
        default: try appendNeighbourDiscovery(bytes, to: &line)
        }
        line += ", length \(payload.count)"
    }

    /// Where the packet went that an error quotes.
    private func quotedDestination(_ bytes: Span<UInt8>) throws(Truncation) -> String {
        guard bytes.count >= 48 else { throw .icmp6 }
        return bytes.ipv6Address(at: 32).description
    }

    /// Whether the line goes on: after an unknown code tcpdump says no more.
    private func appendUnreachable(
        _ bytes: Span<UInt8>, to line: inout String
    ) throws(Truncation) -> Bool {
        line += "destination unreachable"
        let destination = try quotedDestination(bytes)
        switch bytes[1] {
        case 0: line += ", unreachable route \(destination)"
        case 1: line += ",  unreachable prohibited \(destination)"
        case 2:
            let source = bytes.ipv6Address(at: 16).description
            line += ", beyond scope \(destination), source address \(source)"
        case 3: line += ", unreachable address \(destination)"
        case 4:
            guard bytes.count >= 52 else { throw .icmp6 }
            let port = bytes.uint16(at: 50)
            switch IPProtocol(rawValue: bytes[14]) {
            case .tcp: line += ", unreachable port, \(destination) tcp port \(port)"
            case .udp: line += ", unreachable port, \(destination) udp port \(port)"
            default:
                line +=
                    ", unreachable port, \(destination) protocol \(bytes[14]) port \(port) unreachable"
            }
        default:
            line += ", unknown unreach code (\(bytes[1]))"
            return false
        }
        return true
    }

    private func appendTimeExceeded(
        _ bytes: Span<UInt8>, to line: inout String
    ) throws(Truncation) {
        line += "time exceeded in-transit"
        let destination = try quotedDestination(bytes)
        switch bytes[1] {
        case 0: line += " for \(destination)"
        case 1: line += " (reassembly)"
        default: line += ", unknown code (\(bytes[1]))"
        }
    }

    private func appendParameterProblem(
        _ bytes: Span<UInt8>, to line: inout String
    ) throws(Truncation) {
        line += "parameter problem"
        guard bytes.count >= 8 else { throw .icmp6 }
        let pointer = bytes.uint32(at: 4)
        switch bytes[1] {
        case 0: line += ", erroneous - octet \(pointer)"
        case 1: line += ", next header - octet \(pointer)"
        case 2: line += ", option - octet \(pointer)"
        case 3: line += ", incomplete header chain - octet \(pointer)"
        default: line += ", code-#\(bytes[1])"
        }
    }

    private func appendNeighbourDiscovery(
        _ bytes: Span<UInt8>, to line: inout String
    ) throws(Truncation) {
        switch ICMPv6Type(rawValue: bytes[0]) {
        case .routerSolicitation: line += "router solicitation"
        case .routerAdvertisement: line += "router advertisement"
        case .neighbourSolicitation:
            line += "neighbor solicitation"
            guard bytes.count >= 24 else { throw .icmp6 }
            line += ", who has \(bytes.ipv6Address(at: 8).description)"
        case .neighbourAdvertisement:
            line += "neighbor advertisement"
            guard bytes.count >= 24 else { throw .icmp6 }
            line += ", tgt is \(bytes.ipv6Address(at: 8).description)"
        case .redirect:
            line += "redirect"
            guard bytes.count >= 40 else { throw .icmp6 }
            line += ", \(bytes.ipv6Address(at: 24).description)"
            line += " to \(bytes.ipv6Address(at: 8).description)"
        default:
            line += bytes[0] == 200 ? "mtrace response" : "unknown icmp6 type (\(bytes[0]))"
        }
    }

    private func appendMulticastListener(
        _ bytes: Span<UInt8>, _ payload: TransportPayload, to line: inout String
    ) throws(Truncation) {
        let type = ICMPv6Type(rawValue: bytes[0])
        if type == .multicastListenerReportV2 {
            line += "multicast listener report v2"
            guard bytes.count >= 8 else { throw .icmp6 }
            line += ", \(bytes.uint16(at: 6)) group record(s)"
            return
        }
        if type == .multicastListenerQuery, payload.count >= 28 {
            line += "multicast listener query v2"
            guard bytes.count >= 28 else { throw .icmp6 }
            line += " [gaddr \(bytes.ipv6Address(at: 8).description)"
            let sources = bytes.uint16(at: 26)
            line += sources > 0 ? ", \(sources) source(s)]" : "]"
            return
        }
        switch type {
        case .multicastListenerQuery: line += "multicast listener query"
        case .multicastListenerReport: line += "multicast listener report"
        default: line += "multicast listener done"
        }
        // Without a blank in between, as tcpdump 4.99 has it.
        guard bytes.count >= 24 else { throw .icmp6 }
        line += "max resp delay: \(bytes.uint16(at: 4))"
        line += " addr: \(bytes.ipv6Address(at: 8).description)"
    }
}
