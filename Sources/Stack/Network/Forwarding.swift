import Memory
import Wire

/// Packets for others (RFC 1812 §5, RFC 8200 §3): a router is a host that forwards.
extension NetworkLayer {
    mutating func forwardIPv4(
        _ packet: consuming Packet, _ header: ArrivedIPv4, on id: InterfaceID,
        linkCast: Delivery.Cast
    ) {
        let destination = IPAddress(header.destination)
        guard forwards, linkCast == .unicast, mayPass(IPAddress(header.source), destination)
        else {
            counters.count(forwards ? .ipNotForwardable : .ipNotForUs)
            return
        }
        guard header.timeToLive > 1 else {
            counters.count(.ipTimeExceeded)
            sendError(.hopLimitExceeded, about: packet, on: id)
            return
        }
        guard let hop = nextHop(to: destination), hop.interface != Self.loopbackID else {
            counters.count(.ipNoRoute)
            sendError(.networkUnreachable, about: packet, on: id)
            return
        }
        if hop.interface == id { sendRedirect(packet, from: header, to: hop.address, on: id) }
        decrementTimeToLive(of: &packet)
        if header.hasOptions {
            leaveTrace(on: &packet, header, passing: hop.interface, to: hop.address)
        }
        let mtu = interfaces[hop.interface.rawValue].mtu
        counters.count(.packetsForwarded)
        guard forwardedCount(packet, header.headerCount) > mtu else {
            transmit(packet, on: hop.interface, to: hop.address)
            return
        }
        guard !header.dontFragment else {
            counters.count(.packetTooBig)
            sendError(.packetTooBig(mtu), about: packet, on: id)
            return
        }
        completeChecksum(of: &packet)
        guard packet.metadata.segmentSize != 0 else {
            sendFragments(of: packet, mtu: mtu, on: hop.interface, to: hop.address)
            return
        }
        var segmenter = Segmenter(packet, networkOffset: 0)
        while let segment = segmenter.next(from: pools) {
            sendFragments(of: segment, mtu: mtu, on: hop.interface, to: hop.address)
        }
    }

    mutating func forwardIPv6(
        _ packet: consuming Packet, _ header: ArrivedIPv6, on id: InterfaceID,
        linkCast: Delivery.Cast
    ) {
        let (source, destination) = (IPAddress(header.source), IPAddress(header.destination))
        guard forwards, linkCast == .unicast, mayPass(source, destination) else {
            counters.count(forwards ? .ipNotForwardable : .ipNotForUs)
            return
        }
        guard header.hopLimit > 1 else {
            counters.count(.ipTimeExceeded)
            sendError(.hopLimitExceeded, about: packet, on: id)
            return
        }
        guard let hop = nextHop(to: destination), hop.interface != Self.loopbackID else {
            counters.count(.ipNoRoute)
            sendError(.networkUnreachable, about: packet, on: id)
            return
        }
        // A link-local source means nothing on another link (RFC 4443 §3.1, RFC 4007 §9).
        guard hop.interface == id || !source.isLinkLocal else {
            counters.count(.ipNotForwardable)
            sendError(.beyondScope, about: packet, on: id)
            return
        }
        guard readPassingOptions(of: packet, on: id) else { return }
        if hop.interface == id { sendRedirectV6(packet, header, to: hop.address, on: id) }
        let mtu = interfaces[hop.interface.rawValue].mtu
        guard forwardedCount(packet, IPv6Header.byteCount) <= mtu else {
            counters.count(.packetTooBig)
            sendError(.packetTooBig(mtu), about: packet, on: id)
            return
        }
        var head = packet.mutableHead
        head.write(header.hopLimit &- 1, at: 7)
        counters.count(.packetsForwarded)
        transmit(packet, on: hop.interface, to: hop.address)
    }

    /// Whether routers pass packets between such addresses (RFC 1812 §5.3.7, §5.3.4;
    /// RFC 4291 §2.5.6).
    private func mayPass(_ source: IPAddress, _ destination: IPAddress) -> Bool {
        if destination.isMulticast || destination.isBroadcast || destination.isLoopback
            || destination.isUnspecified || destination.isLinkLocal
        {
            return false
        }
        guard let v4 = destination.v4 else { return !source.isUnspecified }
        return !v4.isThisNetwork && v4.rawValue >> 28 != 15 && !source.isUnspecified
            && !source.isLinkLocal && !isDirectedBroadcast(destination)
    }

    /// Whether `destination` is everybody on some network of this router's: such packets are not
    /// passed on (RFC 2644).
    private func isDirectedBroadcast(_ destination: IPAddress) -> Bool {
        for number in 0..<interfaces.count where interfaces[number].isBroadcast(destination) {
            return true
        }
        return false
    }

    /// The bytes that count against the MTU: those of a segment, where the packet is merged.
    private func forwardedCount(_ packet: borrowing Packet, _ headerCount: Int) -> Int {
        let size = Int(packet.metadata.segmentSize)
        guard size != 0 else { return packet.count }
        // The TCP header of a merged packet is as long as its data offset says.
        let place = headerCount &+ 12
        guard packet.head.count > place else { return packet.count }
        return headerCount &+ Int(packet.head[place] >> 4) &* 4 &+ size
    }

    /// One hop less; the checksum follows the field (RFC 1624).
    private func decrementTimeToLive(of packet: inout Packet) {
        var head = packet.mutableHead
        let old = UInt16(head[8]) << 8 | UInt16(head[9])
        let sum = UInt16(head[10]) << 8 | UInt16(head[11])
        let new = old &- 0x100
        head.write(new, at: 8)
        head.write(InternetChecksum.updated(sum, from: old, to: new), at: 10)
    }

    /// Tells a sender on the same link that the next hop is its neighbour too
    /// (RFC 1812 §5.2.7.2).
    private mutating func sendRedirect(
        _ packet: borrowing Packet, from header: ArrivedIPv4, to hop: IPAddress,
        on id: InterfaceID
    ) {
        let sender = IPAddress(header.source)
        guard interfaces[id.rawValue].isOnLink(sender), interfaces[id.rawValue].isOnLink(hop),
            let gateway = hop.v4
        else { return }
        counters.count(.redirectsSent)
        sendError(.redirect(gateway), about: packet, on: id)
    }
}
