import Memory
import Wire

/// Redirects of neighbour discovery (RFC 4861 §8).
extension NetworkLayer {
    /// A router knows a better first hop (§8.1, §8.3).
    mutating func acceptRedirect(_ packet: borrowing RedirectPacket, _ message: NeighbourMessage) {
        let id = message.interface
        let (target, destination) = (packet.target, packet.destination)
        guard message.source.isLinkLocal, !destination.isMulticast,
            target.isLinkLocal || target == destination
        else {
            counters.count(.ndMalformed)
            return
        }
        let gateway = IPAddress(target)
        guard
            takeRedirect(
                of: IPAddress(destination), to: gateway, from: IPAddress(message.source), on: id)
        else { return }
        guard let linkAddress = packet.options.targetLinkAddress,
            let known = noteNeighbour(gateway, at: linkAddress, on: id)
        else { return }
        if target != destination { neighbours.entries[known].isRouter = true }
    }

    /// Tells a neighbour that its packet, which came in on `id` and leaves there, has a better
    /// first hop (§8.2).
    ///
    /// - Parameter packet: As it arrived, beginning with its IP header.
    mutating func sendRedirectV6(
        _ packet: borrowing Packet, _ header: ArrivedIPv6, to hop: IPAddress, on id: InterfaceID
    ) {
        let sender = IPAddress(header.source)
        // The sender is a neighbour, the router speaks from its link-local address, and names
        // another router by its own.
        guard case .ethernet = interfaces[id.rawValue].configuration.link,
            sender.isLinkLocal || isNeighbour(sender, on: id),
            let source = linkLocalAddress(of: id),
            hop.isLinkLocal || hop == IPAddress(header.destination),
            icmpLimit.take(at: now)
        else { return }
        var known: MACAddress?
        if let entry = neighbour(hop, on: id), neighbours.entries[entry].state != .incomplete {
            known = neighbours.entries[entry].linkAddress
        }
        // As much of the packet as fits into the smallest MTU, in units of eight bytes.
        let options = known == nil ? 0 : NeighbourDiscoveryOption.byteCount
        let fixed = RedirectMessage.byteCount &+ options
        let quote = min(packet.head.count, 1280 &- IPv6Header.byteCount &- fixed &- 8) / 8 * 8
        guard var answer = neighbourPacket(fixed &+ 8 &+ quote) else { return }
        var head = answer.mutableHead
        if let known {
            NeighbourDiscoveryOption.targetLinkAddress(known).write(
                to: &head, at: RedirectMessage.byteCount)
        }
        head.write(packet.head.extracting(first: quote), at: fixed &+ 8)
        RedirectMessage.writeQuoteHeader(to: &head, at: fixed, count: quote &+ 8)
        RedirectMessage(target: hop.v6, destination: header.destination).write(
            toMessage: &head, source: source, destination: header.source)
        counters.count(.redirectsSent)
        sendNeighbourMessage(answer, from: source, to: header.source, on: id)
    }

    /// Whether routes say that `address` is on the link.
    private func isNeighbour(_ address: IPAddress, on id: InterfaceID) -> Bool {
        guard let route = routes.lookup(address) else { return false }
        return route.gateway == nil && route.interface == id
    }
}
