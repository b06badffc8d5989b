import Memory
import Wire

/// An address that changes, so that who uses it cannot be followed for long (RFC 8981).
struct TemporaryAddress: Sendable {
    let address: IPAddress
    /// Beyond these neither lifetime is put off (RFC 8981 §3.4).
    let preferredUntil: Instant
    let validUntil: Instant
    /// When its successor is formed, so that it is ready in time.
    var renewal: Instant
    var isReplaced = false
}

extension NetworkLayer {
    /// How long before the end of an address its successor is formed: REGEN_ADVANCE
    /// (RFC 8981 §3.8).
    private func regenerationAdvance(_ id: InterfaceID) -> Interval {
        let tries = InterfaceIdentifier.retries * detectionTransmits(on: id)
        return .seconds(2) + interfaces[id.rawValue].times.retransmit * tries
    }

    /// How long a temporary address may live; nil for other ones.
    func temporaryLimits(
        of address: IPAddress, _ id: InterfaceID
    ) -> (preferredUntil: Instant, validUntil: Instant)? {
        for index in interfaces[id.rawValue].autoconfiguration.temporaries.indices {
            let known = interfaces[id.rawValue].autoconfiguration.temporaries[index]
            if known.address == address { return (known.preferredUntil, known.validUntil) }
        }
        return nil
    }

    /// Forms a temporary address of a prefix that has none that is going to last.
    mutating func refreshTemporary(_ place: Int, on id: InterfaceID) {
        let network = interfaces[id.rawValue].autoconfiguration.prefixes[place].prefix.network.high
        // Lifetimes may have changed, and with them the time of renewal.
        let advance = regenerationAdvance(id)
        var hasCurrent = false
        for index in interfaces[id.rawValue].autoconfiguration.temporaries.indices {
            let known = interfaces[id.rawValue].autoconfiguration.temporaries[index]
            guard known.address.high == network, !known.isReplaced,
                let address = interfaces[id.rawValue].place(of: known.address)
            else { continue }
            hasCurrent = true
            interfaces[id.rawValue].autoconfiguration.temporaries[index].renewal =
                interfaces[id.rawValue].addresses[address].preferredUntil - advance
        }
        if !hasCurrent { formTemporary(place, on: id) }
    }

    /// RFC 8981 §3.4.
    private mutating func formTemporary(_ place: Int, on id: InterfaceID) {
        guard let settings = interfaces[id.rawValue].configuration.autoconfiguration,
            settings.temporaryAddresses
        else { return }
        let prefix = interfaces[id.rawValue].autoconfiguration.prefixes[place]
        let advance = regenerationAdvance(id)
        // A random share of up to two fifths, so that hosts do not renew in step.
        let spread = settings.temporaryPreferredLifetime / 1024 * 2 / 5
        let desynchronisation = spread * Int(neighbourRandom.next(below: 1024))
        let longest = now + (settings.temporaryPreferredLifetime - desynchronisation)
        let validUntil = min(prefix.validUntil, now + settings.temporaryValidLifetime)
        let preferredUntil = min(min(prefix.preferredUntil, longest), validUntil)
        guard preferredUntil > now + advance else { return }
        guard hasRoomForAddress(on: id) else {
            counters.count(.ndLimit)
            return
        }
        let address = IPAddress(
            high: prefix.prefix.network.high,
            low: InterfaceIdentifier.temporary(&neighbourRandom))
        guard let own = IPPrefix(address: address, length: 64) else { return }
        interfaces[id.rawValue].autoconfiguration.temporaries.append(
            TemporaryAddress(
                address: address, preferredUntil: longest,
                validUntil: now + settings.temporaryValidLifetime,
                renewal: preferredUntil - advance))
        addAddress(
            InterfaceAddress(
                own, state: .tentative, origin: .temporary, preferredUntil: preferredUntil,
                validUntil: validUntil), on: id)
        detectDuplicates(of: address, on: id)
    }

    /// Forms successors of those whose time comes to an end, and forgets those that are gone.
    mutating func renewTemporaryAddresses(on id: InterfaceID) {
        let number = id.rawValue
        var index = 0
        while index < interfaces[number].autoconfiguration.temporaries.count {
            let known = interfaces[number].autoconfiguration.temporaries[index]
            guard interfaces[number].place(of: known.address) != nil else {
                interfaces[number].autoconfiguration.temporaries.remove(at: index)
                continue
            }
            if !known.isReplaced, known.renewal <= now {
                interfaces[number].autoconfiguration.temporaries[index].isReplaced = true
                if let place = prefixPlace(of: known.address, on: id) {
                    formTemporary(place, on: id)
                }
            }
            index += 1
        }
    }

    /// Another try, up to the bound (RFC 8981 §3.4 (8)).
    mutating func replaceTemporary(_ duplicate: InterfaceAddress, on id: InterfaceID) {
        let address = duplicate.prefix.address
        removeAddress(address, on: id)
        interfaces[id.rawValue].autoconfiguration.temporaries.removeAll { $0.address == address }
        guard let place = prefixPlace(of: address, on: id),
            interfaces[id.rawValue].autoconfiguration.prefixes[place].temporaryAttempts
                < InterfaceIdentifier.retries
        else { return }
        interfaces[id.rawValue].autoconfiguration.prefixes[place].temporaryAttempts += 1
        formTemporary(place, on: id)
    }

    /// Where the prefix stands that a formed address was made of.
    private func prefixPlace(of address: IPAddress, on id: InterfaceID) -> Int? {
        for index in interfaces[id.rawValue].autoconfiguration.prefixes.indices {
            let prefix = interfaces[id.rawValue].autoconfiguration.prefixes[index].prefix
            if prefix.length == 64, prefix.network.high == address.high { return index }
        }
        return nil
    }
}
