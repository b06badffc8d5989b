import Memory
import Wire

/// An address that is being checked for uniqueness, or announced.
struct AddressProbe: Sendable {
    let address: IPAddress
    /// Whether it is ours now, and everybody is told.
    var isAnnouncing = false
    /// Probes or announcements sent so far.
    var sent = 0
    var deadline: Instant
    /// The number in the last solicitation, by which it is known again (RFC 7527 §4.1).
    var nonce: UInt64 = 0
}

/// Whether somebody else has an address, found out before it is used: of IPv6 by duplicate address
/// detection (RFC 4862 §5.4), of IPv4 by probes (RFC 5227 §2.1).
extension NetworkLayer {
    // RFC 5227 §1.1.
    private static var probeCount: Int { 3 }
    private static var probeWait: Interval { .seconds(1) }
    private static var announceWait: Interval { .seconds(2) }
    private static var announceCount: Int { 2 }
    private static var announceInterval: Interval { .seconds(2) }

    /// Begins to check a tentative address; it becomes usable if nobody objects.
    mutating func detectDuplicates(of address: IPAddress, on id: InterfaceID) {
        guard case .ethernet = interfaces[id.rawValue].configuration.link,
            address.isIPv4 || detectionTransmits(on: id) > 0
        else {
            assign(address, on: id)
            return
        }
        // Hosts that are switched on together must not all ask at once (RFC 4862 §5.4.2).
        let deadline = soon(within: Self.probeWait)
        interfaces[id.rawValue].autoconfiguration.probes.append(
            AddressProbe(address: address, deadline: deadline))
        scheduleUpkeep(id)
    }

    /// Tells the link of an address that is ours already (RFC 5227 §2.3).
    mutating func announce(_ address: IPAddress, on id: InterfaceID) {
        guard case .ethernet = interfaces[id.rawValue].configuration.link else { return }
        interfaces[id.rawValue].autoconfiguration.probes.append(
            AddressProbe(address: address, isAnnouncing: true, deadline: now))
        continueProbes(on: id)
        scheduleUpkeep(id)
    }

    func detectionTransmits(on id: InterfaceID) -> Int {
        let setting = interfaces[id.rawValue].configuration.autoconfiguration
        return min(16, max(0, setting?.detectionTransmits ?? 1))
    }

    /// The number that the last solicitation of a tentative address carried.
    func probeNonce(of address: IPAddress, on id: InterfaceID) -> UInt64? {
        for index in interfaces[id.rawValue].autoconfiguration.probes.indices {
            let probe = interfaces[id.rawValue].autoconfiguration.probes[index]
            if probe.address == address, probe.sent > 0 { return probe.nonce }
        }
        return nil
    }

    mutating func forgetProbe(of address: IPAddress, on id: InterfaceID) {
        interfaces[id.rawValue].autoconfiguration.probes.removeAll { $0.address == address }
    }

    mutating func continueProbes(on id: InterfaceID) {
        var index = 0
        while index < interfaces[id.rawValue].autoconfiguration.probes.count {
            let probe = interfaces[id.rawValue].autoconfiguration.probes[index]
            guard probe.deadline <= now else {
                index += 1
                continue
            }
            guard let next = step(probe, on: id) else {
                interfaces[id.rawValue].autoconfiguration.probes.remove(at: index)
                continue
            }
            interfaces[id.rawValue].autoconfiguration.probes[index] = next
            index += 1
        }
    }

    /// Sends the next probe or announcement; nil when that was all.
    private mutating func step(_ probe: AddressProbe, on id: InterfaceID) -> AddressProbe? {
        if probe.isAnnouncing { return stepAnnouncement(probe, on: id) }
        return probe.address.isIPv4 ? stepIPv4(probe, on: id) : stepIPv6(probe, on: id)
    }

    private mutating func stepIPv4(_ probe: AddressProbe, on id: InterfaceID) -> AddressProbe? {
        var probe = probe
        guard probe.sent < Self.probeCount else {
            assign(probe.address, on: id)
            return stepAnnouncement(
                AddressProbe(address: probe.address, isAnnouncing: true, deadline: now), on: id)
        }
        probeARP(probe.address, on: id)
        probe.sent += 1
        probe.deadline =
            probe.sent < Self.probeCount
            ? soon(within: .seconds(1)) + .seconds(1) : now + Self.announceWait
        return probe
    }

    private mutating func stepIPv6(_ probe: AddressProbe, on id: InterfaceID) -> AddressProbe? {
        var probe = probe
        guard probe.sent < detectionTransmits(on: id) else {
            assign(probe.address, on: id)
            return nil
        }
        probe.nonce = neighbourRandom.next() & 0xFFFF_FFFF_FFFF
        probe.sent += 1
        probe.deadline = now + interfaces[id.rawValue].times.retransmit
        probeNeighbour(probe.address.v6, nonce: probe.nonce, on: id)
        return probe
    }

    private mutating func stepAnnouncement(
        _ probe: AddressProbe, on id: InterfaceID
    ) -> AddressProbe? {
        var probe = probe
        if probe.address.isIPv4 {
            announceARP(probe.address, on: id)
        } else {
            // RFC 4861 §7.2.6.
            advertise(
                probe.address.v6, to: .allNodes, isSolicited: false, overrides: true, on: id)
        }
        probe.sent += 1
        probe.deadline = now + Self.announceInterval
        return probe.sent < Self.announceCount ? probe : nil
    }

    /// Nobody objected: the address is ours.
    private mutating func assign(_ address: IPAddress, on id: InterfaceID) {
        guard let place = interfaces[id.rawValue].place(of: address) else { return }
        let isPreferred = interfaces[id.rawValue].addresses[place].preferredUntil > now
        interfaces[id.rawValue].addresses[place].state = isPreferred ? .preferred : .deprecated
        counters.count(.addressesAssigned)
        if interfaces[id.rawValue].addresses[place].origin == .linkLocal {
            linkLocalAssigned(on: id)
        }
    }

    /// Somebody else has a tentative address: it is not used (RFC 4862 §5.4.5, RFC 5227 §2.1.1);
    /// where the host chose it, another one is tried.
    mutating func detectedDuplicate(_ address: IPAddress, on id: InterfaceID) {
        guard let place = interfaces[id.rawValue].place(of: address) else { return }
        counters.count(.addressesDuplicate)
        forgetProbe(of: address, on: id)
        let duplicate = interfaces[id.rawValue].addresses[place]
        interfaces[id.rawValue].addresses[place].state = .duplicate
        switch duplicate.origin {
        case .manual: break
        case .linkLocal: replaceLinkLocal(duplicate, on: id)
        case .stable: replaceStable(duplicate, on: id)
        case .temporary: replaceTemporary(duplicate, on: id)
        }
        scheduleUpkeep(id)
    }
}
