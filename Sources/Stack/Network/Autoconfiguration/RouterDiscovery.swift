import Memory
import Wire

/// The next question for routers (RFC 4861 §6.3.7, RFC 7559 §2).
struct RouterSolicitationState: Sendable {
    var deadline: Instant
    /// How long is waited for an answer to the next one.
    var interval = Interval.seconds(4)

    /// The longest pause between two.
    static var longest: Interval { .seconds(3600) }
}

/// Hosts looking for routers, and believing them as far as they may be believed (RFC 4861 §6.3).
extension NetworkLayer {
    mutating func startSoliciting(on id: InterfaceID) {
        guard
            interfaces[id.rawValue].configuration.autoconfiguration?.acceptsRouterAdvertisements
                == true
        else { return }
        // Whoever was switched on together must not ask all at once (§6.3.7).
        let deadline = soon(within: .seconds(1))
        interfaces[id.rawValue].autoconfiguration.solicitation = RouterSolicitationState(
            deadline: deadline)
        scheduleUpkeep(id)
    }

    /// Asks again, after twice the time and a random tenth (RFC 7559 §2).
    mutating func continueSoliciting(on id: InterfaceID) {
        guard var state = interfaces[id.rawValue].autoconfiguration.solicitation,
            state.deadline <= now
        else { return }
        let pause = state.interval
        let tenth = pause / 10
        state.deadline = soon(within: tenth * 2) + (pause - tenth)
        state.interval = min(pause * 2, RouterSolicitationState.longest)
        interfaces[id.rawValue].autoconfiguration.solicitation = state
        solicitRouters(on: id)
    }

    private mutating func solicitRouters(on id: InterfaceID) {
        guard case .ethernet(let own) = interfaces[id.rawValue].configuration.link else { return }
        let source = linkLocalAddress(of: id)
        // Nobody tells its link address from no address (§4.1).
        let options = source == nil ? 0 : NeighbourDiscoveryOption.byteCount
        guard var packet = neighbourPacket(ICMPv6Header.byteCount &+ options) else { return }
        var head = packet.mutableHead
        if source != nil {
            NeighbourDiscoveryOption.sourceLinkAddress(own).write(
                to: &head, at: ICMPv6Header.byteCount)
        }
        ICMPv6Header(type: .routerSolicitation).write(
            toMessage: &head, source: source ?? .unspecified, destination: .allRouters)
        counters.count(.routerSolicitationsSent)
        sendNeighbourMessage(packet, from: source ?? .unspecified, to: .allRouters, on: id)
    }

    /// RFC 4861 §6.1.2, §6.3.4.
    mutating func acceptAdvertisement(
        _ packet: borrowing RouterAdvertisementPacket, _ message: NeighbourMessage
    ) {
        let id = message.interface
        let settings = interfaces[id.rawValue].configuration.autoconfiguration
        guard message.source.isLinkLocal else {
            counters.count(.ndMalformed)
            return
        }
        let router = IPAddress(message.source)
        guard settings?.acceptsRouterAdvertisements == true,
            interfaces[id.rawValue].place(of: router) == nil
        else {
            counters.count(.ndIgnored)
            return
        }
        counters.count(.routerAdvertisementsReceived)
        takeParameters(packet, on: id)
        if let sender = packet.options.sourceLinkAddress,
            let known = noteNeighbour(router, at: sender, on: id)
        {
            neighbours.entries[known].isRouter = true
            if packet.lifetime > 0 { keep(known) }
        }
        takeRouter(router, lifetime: packet.lifetime, preference: packet.preference, on: id)
        var offset = 0
        while let prefix = packet.options.nextPrefix(&offset) { takePrefix(prefix, on: id) }
        offset = 0
        while let servers = packet.options.nextRecursiveServers(&offset) {
            for index in 0..<servers.count {
                takeServer(
                    packet.options.server(index, of: servers), lifetime: servers.lifetime, on: id)
            }
        }
        // A router was found; one that is no way out leaves the question open (RFC 7559 §2).
        if packet.lifetime > 0 { interfaces[id.rawValue].autoconfiguration.solicitation = nil }
        scheduleUpkeep(id)
    }

    /// What holds for all that is sent on the link.
    private mutating func takeParameters(
        _ packet: borrowing RouterAdvertisementPacket, on id: InterfaceID
    ) {
        let number = id.rawValue
        // A limit that reaches nobody is a lie (CVE-2015-2922).
        if packet.hopLimit >= 32 { interfaces[number].hopLimit = packet.hopLimit }
        interfaces[number].times.setReachable(packet.reachableTime, &neighbourRandom)
        interfaces[number].times.setRetransmit(packet.retransmitTime)
        guard let mtu = packet.options.mtu else { return }
        // No less than IPv6 needs, no more than the link carries (§6.3.4).
        guard mtu >= 1280, Int(clamping: mtu) <= interfaces[number].configuration.mtu else {
            counters.count(.ndBadMTU)
            return
        }
        interfaces[number].mtu = Int(clamping: mtu)
    }
}
