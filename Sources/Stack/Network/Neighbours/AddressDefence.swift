import Memory
import Wire

/// When an address of the host's was last defended.
struct DefendedAddress: Sendable {
    let address: IPAddress
    var at: Instant
}

/// What happens when somebody else turns up with an address of ours.
extension NetworkLayer {
    /// Between two defences of an address: DEFEND_INTERVAL (RFC 5227 §1.1).
    static var defendInterval: Interval { .seconds(10) }

    /// Somebody claims `address`, which is on this interface: one that is being checked is given
    /// up, one that is in use is defended.
    mutating func noteConflict(_ address: IPAddress, on id: InterfaceID) {
        guard let place = interfaces[id.rawValue].place(of: address) else { return }
        switch interfaces[id.rawValue].addresses[place].state {
        case .tentative: detectedDuplicate(address, on: id)
        case .preferred, .deprecated: defend(address, on: id)
        case .duplicate: break
        }
    }

    /// Says that `address` is ours, but not more often than every ten seconds, lest two hosts that
    /// both insist shout at each other for ever (RFC 5227 §2.4 (c)). Connections go on: a forged
    /// packet must not end them.
    private mutating func defend(_ address: IPAddress, on id: InterfaceID) {
        let number = id.rawValue
        var known: Int?
        for index in interfaces[number].defended.indices
        where interfaces[number].defended[index].address == address {
            known = index
        }
        if let known {
            let last = interfaces[number].defended[known].at
            guard now - last >= Self.defendInterval else { return }
            interfaces[number].defended[known].at = now
        } else {
            // As many as the interface has addresses at most: those that are gone make room.
            if interfaces[number].defended.count >= interfaces[number].addresses.count {
                interfaces[number].defended.removeFirst()
            }
            interfaces[number].defended.append(DefendedAddress(address: address, at: now))
        }
        counters.count(.addressesDefended)
        if address.isIPv4 {
            announceARP(address, on: id)
        } else {
            advertise(address.v6, to: .allNodes, isSolicited: false, overrides: true, on: id)
        }
    }
}
