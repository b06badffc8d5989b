import Memory
import Wire

/// Which way packets go.
extension NetworkLayer {
    /// How packets reach a destination.
    struct Path {
        var interface: InterfaceID
        var nextHop: IPAddress
        /// The address that the host speaks from on this path.
        var source: IPAddress
        /// The largest IP packet that passes, in bytes.
        var mtu: Int
        /// Whether merged packets of up to 64 KB may be sent.
        var segments: Bool
        /// Whether a router on the way must cut packets, since this host goes down to `mtu` alone.
        var needsCutting = false
    }

    /// The path to `destination`, nil where no route leads or no address can speak.
    ///
    /// - Parameters:
    ///   - source: The address to speak from, where it is settled already.
    ///   - interface: The link to use, where it is settled already: the zone of a link-local
    ///     destination, or the interface of a group.
    func path(
        to destination: IPAddress, from source: IPAddress? = nil, on interface: InterfaceID? = nil
    ) -> Path? {
        if let interface, !isValid(interface) { return nil }
        if destination.isMulticast || destination.isBroadcast || destination.isLinkLocal {
            return linkPath(to: destination, from: source, on: interface)
        }
        if let interface, crosses(destination, interface) {
            return crossingPath(to: destination, from: source, on: interface)
        }
        if self.interface(owning: destination) != nil {
            return path(
                through: Self.loopbackID, nextHop: destination, to: destination,
                source: source ?? destination)
        }
        guard let hop = nextHop(to: destination, on: interface) else { return nil }
        return path(
            through: hop.interface, nextHop: hop.address, to: destination, source: source)
    }

    /// The link and the neighbour that `destination` is reached through.
    func nextHop(
        to destination: IPAddress, on interface: InterfaceID? = nil
    ) -> (interface: InterfaceID, address: IPAddress)? {
        if let better = redirects.lookup(destination, at: now) {
            if interface == nil || interface == better.interface {
                return (better.interface, better.gateway)
            }
        }
        if let route = routes.lookup(destination, on: interface) {
            return (route.interface, route.gateway ?? destination)
        }
        // Told which link to use, one assumes that the destination is on it, as Linux does.
        if let interface { return (interface, destination) }
        return nil
    }

    /// The path to a destination that only means something on one link: a group, everybody, or a
    /// link-local address (RFC 4007 §6).
    private func linkPath(
        to destination: IPAddress, from source: IPAddress?, on interface: InterfaceID?
    ) -> Path? {
        guard let id = interface ?? defaultLink(for: destination, from: source) else { return nil }
        if !destination.isMulticast, interfaces[id.rawValue].owns(destination) {
            return path(
                through: Self.loopbackID, nextHop: destination, to: destination,
                source: source ?? destination)
        }
        return path(through: id, nextHop: destination, to: destination, source: source)
    }

    /// The link that is meant when none is named: that of the source, that of a route, the only
    /// one there is.
    func defaultLink(for destination: IPAddress, from source: IPAddress?) -> InterfaceID? {
        if let source, let owner = interface(owning: source), owner != Self.loopbackID {
            return owner
        }
        if let route = routes.lookup(destination), !isAmbiguous(destination) {
            return route.interface
        }
        // A default route names the link that the world is on.
        let anywhere: IPAddress = destination.isIPv4 ? .unspecifiedV4 : .unspecifiedV6
        if let route = routes.lookup(anywhere) { return route.interface }
        return interfaces.count > 1 ? InterfaceID(rawValue: 1) : Self.loopbackID
    }

    /// Whether several links have a network that `destination` would be on.
    private func isAmbiguous(_ destination: IPAddress) -> Bool {
        var count = 0
        for number in 0..<interfaces.count where interfaces[number].isOnLink(destination) {
            count += 1
        }
        return count > 1
    }

    func path(
        through id: InterfaceID, nextHop: IPAddress, to destination: IPAddress,
        source: IPAddress?
    ) -> Path? {
        guard destination.isIPv4 || interfaces[id.rawValue].carriesIPv6 else { return nil }
        guard let source = source ?? sourceAddress(for: destination, via: nextHop, on: id)
        else { return nil }
        var path = Path(
            interface: id, nextHop: nextHop, source: source,
            mtu: interfaces[id.rawValue].mtu,
            segments: interfaces[id.rawValue].configuration.segments)
        if let narrow = pathMTUs.lookup(destination, at: now, hash), narrow.mtu < path.mtu {
            (path.mtu, path.needsCutting) = (narrow.mtu, narrow.isLocked)
        }
        return path
    }
}
