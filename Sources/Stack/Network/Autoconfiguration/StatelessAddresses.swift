import Memory
import Wire

/// Addresses that an interface forms (RFC 4862 §5.3, §5.5), stable on a network (RFC 7217).
extension NetworkLayer {
    /// Begins to configure an interface that is to do so by itself: its link-local address first.
    mutating func startAutoconfiguration(on id: InterfaceID) {
        let configuration = interfaces[id.rawValue].configuration
        guard case .ethernet = configuration.link, interfaces[id.rawValue].carriesIPv6,
            configuration.autoconfiguration != nil || configuration.advertising != nil
        else { return }
        formLinkLocal(on: id)
    }

    private func key(of id: InterfaceID) -> KeyedHash {
        guard let secret = interfaces[id.rawValue].configuration.autoconfiguration?.stableSecret
        else { return addressKey }
        return KeyedHash(key: secret.0, secret.1)
    }

    private func stableAddress(
        _ prefix: UInt64, attempt: Int, on id: InterfaceID
    ) -> IPAddress {
        let number = InterfaceIdentifier.stable(
            prefix: prefix, interface: interfaces[id.rawValue].configuration.name,
            attempt: attempt, key: key(of: id))
        return IPAddress(high: prefix, low: number)
    }

    /// Gives the interface a tentative address and begins to check it.
    private mutating func form(
        _ address: IPAddress, _ origin: InterfaceAddress.Origin, preferredUntil: Instant,
        validUntil: Instant, on id: InterfaceID
    ) {
        guard let prefix = IPPrefix(address: address, length: 64) else { return }
        addAddress(
            InterfaceAddress(
                prefix, state: .tentative, origin: origin, preferredUntil: preferredUntil,
                validUntil: validUntil), on: id)
        detectDuplicates(of: address, on: id)
    }

    // MARK: - Link-local addresses

    private mutating func formLinkLocal(on id: InterfaceID) {
        let attempt = interfaces[id.rawValue].autoconfiguration.linkLocalAttempts
        form(
            stableAddress(0xFE80 << 48, attempt: attempt, on: id), .linkLocal,
            preferredUntil: .never, validUntil: .never, on: id)
    }

    /// Another try, up to the bound; then IPv6 stays off on the interface (RFC 4862 §5.4.5,
    /// RFC 7217 §6).
    mutating func replaceLinkLocal(_ duplicate: InterfaceAddress, on id: InterfaceID) {
        guard
            interfaces[id.rawValue].autoconfiguration.linkLocalAttempts
                < InterfaceIdentifier.retries
        else { return }
        interfaces[id.rawValue].autoconfiguration.linkLocalAttempts += 1
        removeAddress(duplicate.prefix.address, on: id)
        formLinkLocal(on: id)
    }

    /// With an address on the link, routers can be spoken to.
    mutating func linkLocalAssigned(on id: InterfaceID) {
        // What was reported of groups so far came from nobody (RFC 3590 §4).
        reportGroupsAgain(on: id, isIPv4: false)
        if let settings = interfaces[id.rawValue].configuration.autoconfiguration,
            settings.acceptsRouterAdvertisements
        {
            startSoliciting(on: id)
        }
        startAdvertising(on: id)
    }

    // MARK: - Addresses of prefixes

    /// Takes up what a router says of a prefix that addresses may be made of (RFC 4862 §5.5.3).
    mutating func configure(
        _ information: PrefixInformation, _ place: Int, on id: InterfaceID
    ) {
        let network = information.prefix.network.high
        let valid = end(of: information.validLifetime)
        let preferred = end(of: information.preferredLifetime)
        interfaces[id.rawValue].autoconfiguration.prefixes[place].preferredUntil = preferred
        var hasStable = false
        for index in interfaces[id.rawValue].addresses.indices {
            let address = interfaces[id.rawValue].addresses[index]
            guard address.origin == .stable || address.origin == .temporary,
                address.prefix.address.high == network
            else { continue }
            if address.origin == .stable { hasStable = true }
            extend(index, preferredUntil: preferred, validUntil: valid, on: id)
        }
        if !hasStable, information.validLifetime > 0 {
            formStable(place, preferredUntil: preferred, validUntil: valid, on: id)
        }
        refreshTemporary(place, on: id)
    }

    private mutating func formStable(
        _ place: Int, preferredUntil: Instant, validUntil: Instant, on id: InterfaceID
    ) {
        guard hasRoomForAddress(on: id) else {
            counters.count(.ndLimit)
            return
        }
        let prefix = interfaces[id.rawValue].autoconfiguration.prefixes[place]
        let address = stableAddress(
            prefix.prefix.network.high, attempt: prefix.attempts, on: id)
        guard interfaces[id.rawValue].place(of: address) == nil else { return }
        form(
            address, .stable, preferredUntil: preferredUntil, validUntil: validUntil, on: id)
    }

    func hasRoomForAddress(on id: InterfaceID) -> Bool {
        var formed = 0
        for index in interfaces[id.rawValue].addresses.indices
        where interfaces[id.rawValue].addresses[index].origin != .manual {
            formed += 1
        }
        return formed < AutoconfigurationState.addressLimit
    }

    /// Gives a formed address new lifetimes. Its validity is cut to two hours at once at most, so
    /// that a forged advertisement cannot take addresses away (RFC 4862 §5.5.3 (e)).
    private mutating func extend(
        _ index: Int, preferredUntil: Instant, validUntil: Instant, on id: InterfaceID
    ) {
        let number = id.rawValue
        let old = interfaces[number].addresses[index].validUntil
        var valid = validUntil
        let twoHours = now + .seconds(7200)
        if validUntil <= twoHours, validUntil <= old { valid = min(old, twoHours) }
        var preferred = preferredUntil
        if let limits = temporaryLimits(of: interfaces[number].addresses[index].prefix.address, id)
        {
            // RFC 8981 §3.4: neither is put off beyond what the address was born with.
            valid = min(valid, limits.validUntil)
            preferred = min(preferred, limits.preferredUntil)
        }
        interfaces[number].addresses[index].validUntil = valid
        interfaces[number].addresses[index].preferredUntil = min(preferred, valid)
        guard interfaces[number].addresses[index].isUsable else { return }
        interfaces[number].addresses[index].state =
            min(preferred, valid) > now ? .preferred : .deprecated
    }

    /// Another try, up to the bound (RFC 7217 §6).
    mutating func replaceStable(_ duplicate: InterfaceAddress, on id: InterfaceID) {
        let network = duplicate.prefix.network.high
        for index in interfaces[id.rawValue].autoconfiguration.prefixes.indices {
            let prefix = interfaces[id.rawValue].autoconfiguration.prefixes[index]
            guard prefix.prefix.network.high == network, prefix.prefix.length == 64,
                prefix.attempts < InterfaceIdentifier.retries
            else { continue }
            interfaces[id.rawValue].autoconfiguration.prefixes[index].attempts += 1
            removeAddress(duplicate.prefix.address, on: id)
            formStable(
                index, preferredUntil: duplicate.preferredUntil,
                validUntil: duplicate.validUntil, on: id)
            return
        }
    }

    /// Addresses whose time is over (RFC 4862 §5.5.4).
    mutating func expireAddresses(on id: InterfaceID) {
        let number = id.rawValue
        var index = 0
        while index < interfaces[number].addresses.count {
            let address = interfaces[number].addresses[index]
            if address.validUntil <= now {
                removeAddress(address.prefix.address, on: id)
                continue
            }
            if address.state == .preferred, address.preferredUntil <= now {
                interfaces[number].addresses[index].state = .deprecated
            }
            index += 1
        }
    }
}
