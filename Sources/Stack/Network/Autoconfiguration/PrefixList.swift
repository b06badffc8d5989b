import Memory
import Wire

/// What routers told of a prefix (RFC 4861 §5.1, Prefix List).
struct LearnedPrefix: Sendable {
    /// Without the host's bits.
    let prefix: IPPrefix
    /// Whether its addresses are on the link: there is a route.
    var isOnLink = false
    var validUntil: Instant
    /// How long addresses that are made of it are preferred.
    var preferredUntil = Instant.zero
    /// How many duplicates the stable address met: DAD_Counter (RFC 7217 §5).
    var attempts = 0
    /// How many duplicates temporary addresses met.
    var temporaryAttempts = 0
}

/// A DNS server that routers told of (RFC 8106 §5.1).
struct LearnedServer: Sendable {
    let address: IPAddress
    var until: Instant
}

extension NetworkLayer {
    /// Among routes of the same length, those that routers tell come after those of the user.
    static var learnedMetric: UInt32 { 1024 }

    /// RFC 4861 §6.3.4, RFC 4862 §5.5.3.
    mutating func takePrefix(_ information: PrefixInformation, on id: InterfaceID) {
        let prefix = information.prefix.masked
        // RFC 4862 §5.5.3 (b), (c). Nobody has all of the world on a link.
        guard !prefix.address.isLinkLocal, !prefix.address.isMulticast, prefix.length > 0 else {
            counters.count(.ndIgnored)
            return
        }
        let mayForm =
            information.isAutonomous && prefix.length == 64
            && information.preferredLifetime <= information.validLifetime
        guard information.isOnLink || mayForm else {
            counters.count(.ndIgnored)
            return
        }
        guard let place = prefixPlace(prefix, information, on: id) else { return }
        if information.isOnLink {
            setOnLink(place, information.validLifetime > 0, on: id)
        }
        interfaces[id.rawValue].autoconfiguration.prefixes[place].validUntil =
            end(of: information.validLifetime)
        if mayForm { configure(information, place, on: id) }
    }

    /// Where the prefix stands in the list; nil when it is not worth a place or there is none.
    private mutating func prefixPlace(
        _ prefix: IPPrefix, _ information: PrefixInformation, on id: InterfaceID
    ) -> Int? {
        let number = id.rawValue
        for index in interfaces[number].autoconfiguration.prefixes.indices
        where interfaces[number].autoconfiguration.prefixes[index].prefix == prefix {
            return index
        }
        guard information.validLifetime > 0 else {
            counters.count(.ndIgnored)
            return nil
        }
        guard
            interfaces[number].autoconfiguration.prefixes.count
                < AutoconfigurationState.prefixLimit
        else {
            counters.count(.ndLimit)
            return nil
        }
        interfaces[number].autoconfiguration.prefixes.append(
            LearnedPrefix(prefix: prefix, validUntil: end(of: information.validLifetime)))
        return interfaces[number].autoconfiguration.prefixes.count - 1
    }

    private mutating func setOnLink(_ place: Int, _ isOnLink: Bool, on id: InterfaceID) {
        let prefix = interfaces[id.rawValue].autoconfiguration.prefixes[place].prefix
        interfaces[id.rawValue].autoconfiguration.prefixes[place].isOnLink = isOnLink
        let route = Route(to: prefix, on: id, metric: Self.learnedMetric)
        if isOnLink {
            routes.add(route)
        } else {
            routes.remove(route)
        }
    }

    mutating func expirePrefixes(on id: InterfaceID) {
        let number = id.rawValue
        var index = 0
        while index < interfaces[number].autoconfiguration.prefixes.count {
            guard interfaces[number].autoconfiguration.prefixes[index].validUntil <= now else {
                index += 1
                continue
            }
            setOnLink(index, false, on: id)
            interfaces[number].autoconfiguration.prefixes.remove(at: index)
        }
    }

    // MARK: - DNS servers

    mutating func takeServer(_ address: IPv6Address, lifetime: UInt32, on id: InterfaceID) {
        let number = id.rawValue
        let server = IPAddress(address)
        guard !server.isMulticast, !server.isUnspecified, !server.isLoopback else { return }
        interfaces[number].autoconfiguration.servers.removeAll { $0.address == server }
        guard lifetime > 0 else { return }
        guard
            interfaces[number].autoconfiguration.servers.count < AutoconfigurationState.serverLimit
        else {
            counters.count(.ndLimit)
            return
        }
        interfaces[number].autoconfiguration.servers.append(
            LearnedServer(address: server, until: end(of: lifetime)))
    }

    mutating func expireServers(on id: InterfaceID) {
        let now = now
        interfaces[id.rawValue].autoconfiguration.servers.removeAll { $0.until <= now }
    }
}
