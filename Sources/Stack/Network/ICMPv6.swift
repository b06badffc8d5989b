import Memory
import Wire

/// ICMPv6 on its way in (RFC 4443): echoes answered, errors taken up, the rest to its room.
extension NetworkLayer {
    mutating func acceptICMPv6(_ delivery: consuming Delivery) {
        let (type, code, rest): (ICMPv6Type, UInt8, UInt32)
        do throws(WireError) {
            let message = try ICMPv6Message(
                delivery.packet.head, beyond: delivery.packet.countBehindHead)
            (type, code, rest) = (message.type, message.code, message.rest)
        } catch {
            counters.count(.icmpMalformed)
            return
        }
        guard delivery.checksumIsValid else {
            counters.count(.icmpBadChecksum)
            return
        }
        switch type {
        case .echoRequest where delivery.isForeign:
            keep(foreignEcho: delivery)
        case .echoRequest:
            answerEchoV6(delivery)
        case .destinationUnreachable, .packetTooBig, .timeExceeded, .parameterProblem:
            counters.count(.icmpErrorsReceived)
            takeUpErrorV6(delivery, type: type, code: code, rest: rest)
        case .multicastListenerQuery, .multicastListenerReport, .multicastListenerDone,
            .multicastListenerReportV2:
            acceptMulticastListener(delivery)
        case _ where type.isNeighbourDiscovery:
            acceptNeighbourDiscovery(delivery)
        default:
            // Unknown informational messages are passed over (RFC 4443 §2.4 (b)).
            counters.count(.icmpIgnored)
        }
    }

    /// Answers from the address that was asked; a group is answered from one's own
    /// (RFC 4443 §4.2).
    private mutating func answerEchoV6(_ delivery: consuming Delivery) {
        let (asked, to) = (delivery.destination, delivery.source)
        let trafficClass = delivery.trafficClass
        let isToGroup = delivery.cast == .multicast
        let isCrossing = crossing(asked, to, delivery.interface) != 0
        let link = to.isLinkLocal || isToGroup || isCrossing ? delivery.interface : nil
        guard !to.isUnspecified,
            let path = path(to: to, from: isToGroup ? nil : asked, on: link)
        else {
            counters.count(.ipNoRoute)
            return
        }
        var packet = delivery.packet
        turnEcho(&packet, into: ICMPv6Type.echoReply.rawValue)
        if path.source != asked {
            // The pseudo-header changed with the address (RFC 1624).
            var head = packet.mutableHead
            var sum = UInt16(head[2]) << 8 | UInt16(head[3])
            sum = InternetChecksum.updated(sum, from: asked, to: path.source)
            head.write(sum, at: 2)
        }
        counters.count(.icmpEchoesAnswered)
        send(
            packet, along: path, from: path.source, to: to,
            SendOptions(
                proto: .icmpv6, trafficClass: trafficClass, dontFragment: false,
                interface: link))
    }

    /// Finds the packet of ours that an error quotes (RFC 4443 §2.4 (d)).
    private mutating func takeUpErrorV6(
        _ delivery: consuming Delivery, type: ICMPv6Type, code: UInt8, rest: UInt32
    ) {
        let head = delivery.packet.head
        let quoted = head.extracting(droppingFirst: min(8, head.count))
        guard var flow = QuotedFlow(quoted), !flow.local.address.isIPv4 else {
            counters.count(.icmpMalformed)
            return
        }
        guard let kind = kindV6(type: type, code: code, rest: rest, flow) else {
            counters.count(.icmpIgnored)
            return
        }
        flow.remote.zone =
            flow.remote.address.isLinkLocal
            ? delivery.interface.zone
            : crossing(flow.local.address, flow.remote.address, delivery.interface)
        report(kind, flow, by: delivery.source, type: type.rawValue, code: code)
    }

    private func kindV6(
        type: ICMPv6Type, code: UInt8, rest: UInt32, _ flow: QuotedFlow
    ) -> TransportError.Kind? {
        switch type {
        case .packetTooBig:
            return narrowedMTU(of: flow, reported: Int(clamping: rest)).map { .packetTooBig($0) }
        case .timeExceeded: return .timeExceeded
        case .parameterProblem: return code == 1 ? .protocolUnreachable : .parameterProblem
        default: break
        }
        switch code {
        case 0: return .networkUnreachable
        case 1, 5, 6: return .accessDenied
        case 2, 3: return .hostUnreachable
        case 4: return .portUnreachable
        default: return nil
        }
    }
}

extension InternetChecksum {
    /// A checksum after one address under it became another (RFC 1624).
    static func updated(_ sum: UInt16, from old: IPAddress, to new: IPAddress) -> UInt16 {
        var sum = sum
        for shift in stride(from: 48, through: 0, by: -16) {
            sum = updated(
                sum, from: UInt16(truncatingIfNeeded: old.high >> UInt64(shift)),
                to: UInt16(truncatingIfNeeded: new.high >> UInt64(shift)))
            sum = updated(
                sum, from: UInt16(truncatingIfNeeded: old.low >> UInt64(shift)),
                to: UInt16(truncatingIfNeeded: new.low >> UInt64(shift)))
        }
        return sum
    }
}
