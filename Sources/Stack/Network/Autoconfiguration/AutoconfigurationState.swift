import Memory
import Wire

/// What an interface knows of its link by neighbour discovery (RFC 4861 §5.1), and what it is
/// about to do next.
struct AutoconfigurationState: Sendable {
    /// Checks and announcements of addresses that are under way.
    var probes: [AddressProbe] = []
    /// Routers that may be the way out, bounded.
    var routers: [DefaultRouter] = []
    /// The one whose route is in the table.
    var chosenRouter: IPAddress?
    /// What routers told of prefixes, bounded.
    var prefixes: [LearnedPrefix] = []
    var temporaries: [TemporaryAddress] = []
    var servers: [LearnedServer] = []
    /// The next question for routers; nil while none is to be asked.
    var solicitation: RouterSolicitationState?
    /// The next word to hosts; nil on hosts.
    var advertisement: RouterAdvertisementState?
    /// How often forming a link-local address met a duplicate.
    var linkLocalAttempts = 0
    /// The one timer of all of this.
    var timer: TimerID?

    /// Addresses that an interface forms at most, as on Linux.
    static var addressLimit: Int { 16 }
    static var routerLimit: Int { 8 }
    static var prefixLimit: Int { 16 }
    static var serverLimit: Int { 8 }
}

extension NetworkLayer {
    /// A moment up to `interval` from now.
    mutating func soon(within interval: Interval) -> Instant {
        now + interval / 1024 * Int(neighbourRandom.next(below: 1024))
    }

    /// The end of a lifetime that a router told, in seconds (RFC 4861 §4.6.2).
    func end(of lifetime: UInt32) -> Instant {
        lifetime == PrefixInformation.infinity ? .never : now + .seconds(Int(lifetime))
    }

    // MARK: - One timer for all that an interface does in time

    /// When the interface has something to do next.
    private func nextUpkeep(_ id: InterfaceID) -> Instant {
        let number = id.rawValue
        var next = Instant.never
        for index in interfaces[number].autoconfiguration.probes.indices {
            next = min(next, interfaces[number].autoconfiguration.probes[index].deadline)
        }
        for index in interfaces[number].addresses.indices {
            let address = interfaces[number].addresses[index]
            next = min(next, address.validUntil)
            if address.state == .preferred { next = min(next, address.preferredUntil) }
        }
        for index in interfaces[number].autoconfiguration.routers.indices {
            next = min(next, interfaces[number].autoconfiguration.routers[index].until)
        }
        for index in interfaces[number].autoconfiguration.prefixes.indices {
            next = min(next, interfaces[number].autoconfiguration.prefixes[index].validUntil)
        }
        for index in interfaces[number].autoconfiguration.temporaries.indices
        where !interfaces[number].autoconfiguration.temporaries[index].isReplaced {
            next = min(next, interfaces[number].autoconfiguration.temporaries[index].renewal)
        }
        for index in interfaces[number].autoconfiguration.servers.indices {
            next = min(next, interfaces[number].autoconfiguration.servers[index].until)
        }
        if let solicitation = interfaces[number].autoconfiguration.solicitation {
            next = min(next, solicitation.deadline)
        }
        if let advertisement = interfaces[number].autoconfiguration.advertisement {
            next = min(next, advertisement.deadline)
        }
        return next
    }

    /// Sets the interface's timer to what it has to do next.
    mutating func scheduleUpkeep(_ id: InterfaceID) {
        if let timer = interfaces[id.rawValue].autoconfiguration.timer { timers.cancel(timer) }
        let next = nextUpkeep(id)
        interfaces[id.rawValue].autoconfiguration.timer =
            next == .never
            ? nil : timers.schedule(TimerOwner(kind: .interface, number: id.rawValue), at: next)
    }

    /// Does what is due on an interface.
    mutating func upkeep(_ id: InterfaceID) {
        interfaces[id.rawValue].autoconfiguration.timer = nil
        continueProbes(on: id)
        expireAddresses(on: id)
        expireRouters(on: id)
        expirePrefixes(on: id)
        expireServers(on: id)
        renewTemporaryAddresses(on: id)
        continueSoliciting(on: id)
        continueAdvertising(on: id)
        scheduleUpkeep(id)
    }
}
