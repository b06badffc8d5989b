import Memory
import Wire

/// An address of a host on one of its links, and how long it is good for.
public struct InterfaceAddress: Equatable, Sendable {
    /// What may be done with an address (RFC 4862 §2, §5.5.4).
    public enum State: Sendable {
        /// Being checked for uniqueness: neither received on nor sent from (RFC 4862 §5.4).
        case tentative
        case preferred
        /// Used by what uses it already, not by anything new.
        case deprecated
        /// Somebody else has it.
        case duplicate
    }

    /// Where an address comes from.
    public enum Origin: Sendable {
        /// The configuration.
        case manual
        /// Formed by the host for the link alone (RFC 4862 §5.3).
        case linkLocal
        /// A router's prefix and a number that is stable on this network (RFC 7217).
        case stable
        /// A router's prefix and a number that changes (RFC 8981).
        case temporary
    }

    public var prefix: IPPrefix
    public var state: State
    public var origin: Origin
    /// When it becomes deprecated, and when it goes; `never` for manual ones.
    public var preferredUntil: Instant
    public var validUntil: Instant

    public init(
        _ prefix: IPPrefix, state: State = .preferred, origin: Origin = .manual,
        preferredUntil: Instant = .never, validUntil: Instant = .never
    ) {
        self.prefix = prefix
        self.state = state
        self.origin = origin
        self.preferredUntil = preferredUntil
        self.validUntil = validUntil
    }

    /// Whether its prefix says which addresses are on the link: that of addresses made of a
    /// router's prefix does not (RFC 5942 §4).
    var namesNetwork: Bool { origin == .manual || origin == .linkLocal }

    /// Whether packets are received on it and sent from it.
    public var isUsable: Bool { state == .preferred || state == .deprecated }
}

/// Addresses, and whose they are.
extension NetworkLayer {
    /// Gives the interface an address of the user's: one that is checked first, or told of at once.
    mutating func addManualAddress(_ prefix: IPPrefix, on id: InterfaceID, announces: Bool) {
        guard interfaces[id.rawValue].configuration.detectsDuplicates else {
            addAddress(InterfaceAddress(prefix), on: id)
            if announces { announce(prefix.address, on: id) }
            return
        }
        addAddress(InterfaceAddress(prefix, state: .tentative), on: id)
        detectDuplicates(of: prefix.address, on: id)
    }

    /// Gives the interface an address and a route to the network it is on.
    mutating func addAddress(_ address: InterfaceAddress, on id: InterfaceID) {
        // One that is there already and changes does not go.
        let tells = tellsAddresses
        tellsAddresses = false
        removeAddress(address.prefix.address, on: id)
        tellsAddresses = tells
        interfaces[id.rawValue].addresses.append(address)
        note(address, on: id, isGone: false)
        joinSolicitedNode(of: address.prefix.address, on: id)
        if address.namesNetwork { routes.add(Route(to: address.prefix.masked, on: id)) }
    }

    /// Takes an address away, and the route to its network unless another address is on it;
    /// whether it was there.
    @discardableResult
    mutating func removeAddress(_ address: IPAddress, on id: InterfaceID) -> Bool {
        guard let place = interfaces[id.rawValue].place(of: address) else { return false }
        forgetProbe(of: address, on: id)
        leaveSolicitedNode(of: address, on: id)
        let gone = interfaces[id.rawValue].addresses.remove(at: place)
        note(gone, on: id, isGone: true)
        guard gone.namesNetwork else { return true }
        let network = gone.prefix.masked
        var isShared = false
        for index in interfaces[id.rawValue].addresses.indices {
            let other = interfaces[id.rawValue].addresses[index]
            if other.namesNetwork, other.prefix.masked == network { isShared = true }
        }
        if !isShared { routes.remove(Route(to: network, on: id)) }
        return true
    }

    /// Notes what programs may want to know of.
    private mutating func note(
        _ address: InterfaceAddress, on id: InterfaceID, isGone: Bool
    ) {
        guard tellsAddresses else { return }
        addressChanges.append(AddressChange(address: address, interface: id, isGone: isGone))
    }

    /// The interface that has `address`, nil when it is not ours. All of 127/8 is.
    func interface(owning address: IPAddress) -> InterfaceID? {
        if address.isLoopback { return Self.loopbackID }
        for number in 0..<interfaces.count where interfaces[number].owns(address) {
            return InterfaceID(rawValue: number)
        }
        return nil
    }

    /// Whether a packet that came in on `id` for `address` is for this host. A link-local address
    /// is ours on its own link only (RFC 4007 §9); any other on every link (the weak host model,
    /// RFC 1122 §3.3.4.2).
    func isOurs(_ address: IPAddress, on id: InterfaceID) -> Bool {
        if address.isLinkLocal, !address.isIPv4, id != Self.loopbackID {
            return interfaces[id.rawValue].owns(address)
        }
        return interface(owning: address) != nil
    }

    /// Whether `address` reaches every host of a network that `interface` is on.
    func isBroadcast(_ address: IPAddress, on interface: InterfaceID) -> Bool {
        guard let v4 = address.v4 else { return false }
        if v4.isBroadcast { return true }
        return interfaces[interface.rawValue].isBroadcast(address)
    }
}
