import Memory
import Wire

/// Better first hops that routers told of (RFC 1122 §3.2.2.2, RFC 4861 §8.3): a bounded table.
struct RedirectTable: Sendable {
    struct Entry: Sendable {
        let destination: IPAddress
        var gateway: IPAddress
        var interface: InterfaceID
        var until: Instant
    }

    private var entries: [Entry] = []

    /// Redirects that are kept; the oldest makes room for a new one.
    static var limit: Int { 128 }
    /// How long one holds, as on Linux.
    static var lifetime: Interval { .seconds(300) }

    var count: Int { entries.count }

    func lookup(_ destination: IPAddress, at now: Instant) -> Entry? {
        guard !entries.isEmpty else { return nil }
        for index in entries.indices
        where entries[index].destination == destination && entries[index].until > now {
            return entries[index]
        }
        return nil
    }

    mutating func take(
        _ destination: IPAddress, to gateway: IPAddress, on interface: InterfaceID,
        at now: Instant
    ) {
        entries.removeAll { $0.destination == destination || $0.until <= now }
        if entries.count >= Self.limit { entries.removeFirst() }
        entries.append(
            Entry(
                destination: destination, gateway: gateway, interface: interface,
                until: now + Self.lifetime))
    }

    /// Forgets the redirects through a gateway that is gone.
    mutating func forget(_ gateway: IPAddress, on interface: InterfaceID) {
        entries.removeAll { $0.gateway == gateway && $0.interface == interface }
    }
}

extension NetworkLayer {
    /// Takes a redirect up, if it comes from the router that the host uses for `destination` and
    /// names a neighbour on the same link (RFC 1122 §3.2.2.2; RFC 4861 §8.1). Routers take none
    /// (RFC 1812 §5.2.7.2).
    @discardableResult
    mutating func takeRedirect(
        of destination: IPAddress, to gateway: IPAddress, from router: IPAddress,
        on id: InterfaceID
    ) -> Bool {
        guard !forwards, id != Self.loopbackID,
            !destination.isMulticast, !isBroadcast(destination, on: id),
            interface(owning: destination) == nil, interface(owning: gateway) == nil,
            !gateway.isMulticast, !gateway.isUnspecified, !isBroadcast(gateway, on: id),
            let hop = nextHop(to: destination), hop.interface == id, hop.address == router,
            // A neighbour that is the destination itself is no router.
            gateway != router, destination != router,
            gateway.isLinkLocal || interfaces[id.rawValue].isOnLink(gateway)
                || gateway == destination
        else {
            counters.count(.icmpIgnored)
            return false
        }
        counters.count(.redirectsTaken)
        redirects.take(destination, to: gateway, on: id, at: now)
        return true
    }
}
