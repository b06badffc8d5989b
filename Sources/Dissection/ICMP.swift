import Memory
import Wire

extension Dissector {
    func appendICMP(
        _ bytes: Span<UInt8>, _ payload: TransportPayload, to line: inout String
    ) throws(Truncation) {
        let message: ICMPMessage
        do throws(WireError) {
            message = try ICMPMessage(bytes, beyond: max(0, payload.count &- bytes.count))
        } catch {
            throw .icmp
        }
        let text: String
        switch message.type {
        case .echoRequest:
            text = "echo request, id \(message.identifier), seq \(message.sequenceNumber)"
        case .echoReply:
            text = "echo reply, id \(message.identifier), seq \(message.sequenceNumber)"
        case .destinationUnreachable: text = try unreachable(message)
        case .sourceQuench: text = "source quench"
        case .redirect: text = try redirect(message)
        case .timeExceeded:
            _ = try quotedDestination(message)
            switch message.code {
            case ICMPTimeExceededCode.timeToLive.rawValue: text = "time exceeded in-transit"
            case ICMPTimeExceededCode.reassembly.rawValue: text = "ip reassembly time exceeded"
            default: text = "time exceeded-#\(message.code)"
            }
        case .parameterProblem:
            text =
                message.code == 0
                ? "parameter problem - octet \(message.pointer)"
                : "parameter problem - code \(message.code)"
        case .timestampRequest:
            text = "time stamp query id \(message.identifier) seq \(message.sequenceNumber)"
        default: text = "type-#\(message.type.rawValue)"
        }
        line += "ICMP \(text), length \(payload.count)"
    }

    /// Where the packet went that an error quotes.
    private func quotedDestination(_ message: borrowing ICMPMessage) throws(Truncation) -> String {
        let quote = message.payload
        guard quote.count >= IPv4Header.byteCount else { throw .icmp }
        return quote.ipv4Address(at: 16).description
    }

    private func redirect(_ message: borrowing ICMPMessage) throws(Truncation) -> String {
        let destination = try quotedDestination(message)
        let gateway = message.gateway.description
        switch message.code {
        case 0: return "redirect \(destination) to net \(gateway)"
        case 1: return "redirect \(destination) to host \(gateway)"
        case 2: return "redirect-tos \(destination) to net \(gateway)"
        case 3: return "redirect-tos \(destination) to host \(gateway)"
        default: return "redirect-#\(message.code) \(destination) to \(gateway)"
        }
    }

    private func unreachable(_ message: borrowing ICMPMessage) throws(Truncation) -> String {
        let destination = try quotedDestination(message)
        switch message.code {
        case 0: return "net \(destination) unreachable"
        case 1: return "host \(destination) unreachable"
        case 2: return "\(destination) protocol \(message.payload[9]) unreachable"
        case 3: return try unreachablePort(message, destination)
        case 4:
            let mtu = message.nextHopMTU
            let hint = mtu > 0 ? " (mtu \(mtu))" : ""
            return "\(destination) unreachable - need to frag\(hint)"
        case 5: return "\(destination) unreachable - source route failed"
        case 6: return "net \(destination) unreachable - unknown"
        case 7: return "host \(destination) unreachable - unknown"
        case 8: return "\(destination) unreachable - source host isolated"
        case 9: return "net \(destination) unreachable - admin prohibited"
        case 10: return "host \(destination) unreachable - admin prohibited"
        case 11: return "net \(destination) unreachable - tos prohibited"
        case 12: return "host \(destination) unreachable - tos prohibited"
        case 13: return "host \(destination) unreachable - admin prohibited filter"
        case 14: return "host \(destination) unreachable - host precedence violation"
        case 15: return "host \(destination) unreachable - precedence cutoff"
        default: return "\(destination) unreachable - #\(message.code)"
        }
    }

    private func unreachablePort(
        _ message: borrowing ICMPMessage, _ destination: String
    ) throws(Truncation) -> String {
        let quote = message.payload
        let place = Int(quote[0] & 0xF) &* 4 &+ 2
        guard quote.count >= place &+ 2 else { throw .icmp }
        let port = quote.uint16(at: place)
        switch IPProtocol(rawValue: quote[9]) {
        case .tcp: return "\(destination) tcp port \(port) unreachable"
        case .udp: return "\(destination) udp port \(port) unreachable"
        default: return "\(destination) protocol \(quote[9]) port \(port) unreachable"
        }
    }
}
