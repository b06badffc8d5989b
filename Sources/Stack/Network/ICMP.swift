import Memory
import Wire

/// ICMP of IPv4 on its way in (RFC 792, RFC 1122 §3.2.2): echoes answered, errors taken up.
extension NetworkLayer {
    mutating func acceptICMP(_ delivery: consuming Delivery) {
        let (type, code, rest): (ICMPType, UInt8, UInt32)
        do throws(WireError) {
            let message = try ICMPMessage(
                delivery.packet.head, beyond: delivery.packet.countBehindHead)
            (type, code, rest) = (message.type, message.code, message.rest)
        } catch {
            counters.count(.icmpMalformed)
            return
        }
        guard checksumIsValid(delivery.packet) else {
            counters.count(.icmpBadChecksum)
            return
        }
        switch type {
        case .echoRequest where delivery.isForeign:
            keep(foreignEcho: delivery)
        case .echoRequest:
            answerEcho(delivery)
        case .destinationUnreachable, .timeExceeded, .parameterProblem:
            counters.count(.icmpErrorsReceived)
            takeUpError(delivery, type: type, code: code, rest: rest)
        case .redirect:
            takeRedirect(delivery, gateway: IPv4Address(rest))
        default:
            counters.count(.icmpIgnored)
        }
    }

    /// Whether the sum over all of `packet` comes out, as ICMP's does.
    private func checksumIsValid(_ packet: borrowing Packet) -> Bool {
        if packet.metadata.checksum != .unknown { return true }
        var sum = InternetChecksum()
        sum.add(packet.head)
        for index in 0..<packet.sliceCount { sum.add(packet.slice(index)) }
        return sum.value == 0
    }

    private mutating func answerEcho(_ delivery: consuming Delivery) {
        // An echo to everyone would be an amplifier (RFC 1122 §3.2.2.6 allows silence).
        guard !delivery.isBroadcast else {
            counters.count(.icmpIgnored)
            return
        }
        let (from, to) = (delivery.destination, delivery.source)
        let trafficClass = delivery.trafficClass
        let headerCount = delivery.networkHeaderCount
        var packet = delivery.packet
        var options = SendOptions(proto: .icmp, trafficClass: trafficClass, dontFragment: false)
        if crossing(from, to, delivery.interface) != 0 { options.interface = delivery.interface }
        if headerCount > IPv4Header.byteCount {
            packet.prepend(headerCount)
            options.ipv4Options = self.options(
                answering: packet.head.extracting(IPv4Header.byteCount..<headerCount), from: from)
            packet.removeFirst(headerCount)
        }
        turnEcho(&packet, into: ICMPType.echoReply.rawValue)
        counters.count(.icmpEchoesAnswered)
        send(packet, from: from, to: to, options)
    }

    /// Makes a request a reply in place; the checksum follows the type (RFC 1624).
    func turnEcho(_ packet: inout Packet, into type: UInt8) {
        var head = packet.mutableHead
        let old = UInt16(head[0]) << 8 | UInt16(head[1])
        let new = UInt16(type) << 8 | UInt16(head[1])
        let sum = UInt16(head[2]) << 8 | UInt16(head[3])
        head.write(new, at: 0)
        head.write(InternetChecksum.updated(sum, from: old, to: new), at: 2)
        packet.metadata = PacketMetadata()
    }

    /// Finds the packet of ours that an error quotes.
    private mutating func takeUpError(
        _ delivery: borrowing Delivery, type: ICMPType, code: UInt8, rest: UInt32
    ) {
        let head = delivery.packet.head
        let quoted = head.extracting(droppingFirst: min(8, head.count))
        guard var flow = QuotedFlow(quoted), flow.local.address.isIPv4 else {
            counters.count(.icmpMalformed)
            return
        }
        flow.remote.zone = crossing(
            flow.local.address, flow.remote.address, delivery.interface)
        guard let kind = kind(type: type, code: code, rest: rest, flow) else {
            counters.count(.icmpIgnored)
            return
        }
        report(kind, flow, by: delivery.source, type: type.rawValue, code: code)
    }

    private func kind(
        type: ICMPType, code: UInt8, rest: UInt32, _ flow: QuotedFlow
    ) -> TransportError.Kind? {
        if type == .timeExceeded { return .timeExceeded }
        if type == .parameterProblem { return .parameterProblem }
        switch code {
        case 0, 6, 11: return .networkUnreachable
        case 1, 5, 7, 8, 12: return .hostUnreachable
        case 2: return .protocolUnreachable
        case 3: return .portUnreachable
        case 4:
            return narrowedMTU(of: flow, reported: Int(rest & 0xFFFF)).map { .packetTooBig($0) }
        case 9, 10, 13: return .prohibited
        default: return nil
        }
    }

    /// A router tells of a better first hop (RFC 1122 §3.2.2.2).
    private mutating func takeRedirect(_ delivery: consuming Delivery, gateway: IPv4Address) {
        let head = delivery.packet.head
        let quoted = head.extracting(droppingFirst: min(8, head.count))
        guard let flow = QuotedFlow(quoted), flow.remote.address.isIPv4,
            interface(owning: flow.local.address) != nil
        else {
            counters.count(.icmpMalformed)
            return
        }
        takeRedirect(
            of: flow.remote.address, to: IPAddress(gateway), from: delivery.source,
            on: delivery.interface)
    }

    /// Leaves an error for the transports; a flood of them finds the queue full.
    ///
    /// - Parameters:
    ///   - reporter: Who reported it, nil when this host found out itself.
    ///   - type: Of the ICMP message, as its code.
    mutating func report(
        _ kind: TransportError.Kind, _ flow: QuotedFlow, by reporter: IPAddress? = nil,
        type: UInt8 = 0, code: UInt8 = 0
    ) {
        guard errors.count < 256 else {
            counters.count(.icmpRateLimited)
            return
        }
        errors.append(
            TransportError(
                kind: kind, proto: flow.proto, local: flow.local, remote: flow.remote,
                sequence: flow.sequence, reporter: reporter, type: type, code: code,
                quoted: flow.transport))
    }

    /// Tells our own transports that `packet`, an IP packet of ours, could not leave.
    private mutating func reportUnreachable(_ packet: borrowing Packet, on id: InterfaceID) {
        counters.count(.neighbourUnresolved)
        guard let flow = QuotedFlow(packet.head), interface(owning: flow.local.address) != nil
        else {
            sendError(.hostUnreachable, about: packet, on: id)
            return
        }
        report(.hostUnreachable, flow)
    }

    /// Tells the senders of packets whose next hop did not answer: our own transports, or those
    /// whose packets we passed on (RFC 1812 §5.2.7.1, RFC 4861 §7.2.2).
    mutating func reportUnresolved() {
        while let unresolved = unresolved.popFirst() {
            reportUnreachable(unresolved.packet, on: unresolved.interface)
        }
    }
}
