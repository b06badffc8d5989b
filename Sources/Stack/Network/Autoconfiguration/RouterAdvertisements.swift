import Memory
import Wire

/// When a router speaks next to the hosts of a link.
struct RouterAdvertisementState: Sendable {
    var deadline: Instant
    /// How often it spoke, up to the first few.
    var sent = 0
    var last: Instant?
}

/// Routers telling hosts how to configure themselves (RFC 4861 §6.2).
extension NetworkLayer {
    // RFC 4861 §10.
    private static var initialCount: Int { 3 }
    private static var initialInterval: Interval { .seconds(16) }
    private static var shortestPause: Interval { .seconds(3) }
    private static var answerDelay: Interval { .milliseconds(500) }

    mutating func startAdvertising(on id: InterfaceID) {
        guard interfaces[id.rawValue].configuration.advertising != nil else { return }
        interfaces[id.rawValue].autoconfiguration.advertisement = RouterAdvertisementState(
            deadline: now)
        scheduleUpkeep(id)
    }

    /// A host asks (§6.1.1, §6.2.6).
    mutating func acceptSolicitation(
        _ packet: borrowing RouterSolicitationPacket, _ message: NeighbourMessage
    ) {
        let id = message.interface
        let sender = packet.options.sourceLinkAddress
        guard !message.source.isUnspecified || sender == nil else {
            counters.count(.ndMalformed)
            return
        }
        guard var state = interfaces[id.rawValue].autoconfiguration.advertisement else {
            counters.count(.ndIgnored)
            return
        }
        if let sender { noteNeighbour(IPAddress(message.source), at: sender, on: id) }
        // One word to everybody answers all who ask at about the same time.
        var answer = soon(within: Self.answerDelay)
        if let last = state.last { answer = max(answer, last + Self.shortestPause) }
        state.deadline = min(state.deadline, answer)
        interfaces[id.rawValue].autoconfiguration.advertisement = state
        scheduleUpkeep(id)
    }

    mutating func continueAdvertising(on id: InterfaceID) {
        let number = id.rawValue
        guard let settings = interfaces[number].configuration.advertising,
            var state = interfaces[number].autoconfiguration.advertisement,
            state.deadline <= now
        else { return }
        state.last = now
        state.sent = min(state.sent + 1, Self.initialCount)
        let longest = min(.seconds(1800), max(.seconds(4), settings.interval))
        let shortest = max(.seconds(3), longest / 3)
        var pause = soon(within: longest - shortest) + shortest
        if state.sent < Self.initialCount { pause = min(pause, now + Self.initialInterval) }
        state.deadline = pause
        interfaces[number].autoconfiguration.advertisement = state
        advertiseRouter(settings, on: id)
    }

    private mutating func advertiseRouter(_ settings: RouterAdvertising, on id: InterfaceID) {
        guard case .ethernet(let own) = interfaces[id.rawValue].configuration.link,
            let source = linkLocalAddress(of: id)
        else { return }
        let fixed = RouterAdvertisement.byteCount
        let prefixes = min(settings.prefixes.count, RouterAdvertising.prefixLimit)
        let size = NeighbourDiscoveryOption.byteCount
        let count = fixed &+ size &* (settings.mtu == nil ? 1 : 2)
        guard var packet = neighbourPacket(count &+ prefixes &* PrefixInformation.byteCount)
        else { return }
        var head = packet.mutableHead
        NeighbourDiscoveryOption.sourceLinkAddress(own).write(to: &head, at: fixed)
        if let mtu = settings.mtu {
            NeighbourDiscoveryOption.mtu(mtu).write(to: &head, at: fixed &+ size)
        }
        for index in 0..<prefixes {
            settings.prefixes[index].write(
                to: &head, at: count &+ index &* PrefixInformation.byteCount)
        }
        RouterAdvertisement(hopLimit: settings.hopLimit, lifetime: settings.lifetime).write(
            toMessage: &head, source: source, destination: .allNodes)
        counters.count(.routerAdvertisementsSent)
        sendNeighbourMessage(packet, from: source, to: .allNodes, on: id)
    }
}
