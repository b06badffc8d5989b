import Memory
import Wire

/// What is known of a host on a link.
public struct NeighbourEntry: Equatable, Sendable {
    /// How sure it is that packets get there (RFC 4861 §7.3.2).
    public enum State: Sendable {
        case incomplete
        case reachable
        case stale
        case delay
        case probe
        /// Set by `Host.addNeighbour`.
        case permanent
    }

    public var interface: InterfaceID
    public var address: IPAddress
    /// Nil while it is asked for.
    public var linkAddress: MACAddress?
    public var state: State
    public var isRouter: Bool
}

/// The neighbours of a host, as `arp` and `ip neighbour` show and set them.
extension Host {
    /// All neighbours of all links, by interface, then by address.
    public var neighbours: [NeighbourEntry] {
        var list: [NeighbourEntry] = []
        for place in 0..<network.neighbours.entries.placeCount {
            guard let id = network.neighbours.entries.index(at: place) else { continue }
            list.append(neighbourEntry(id))
        }
        list.sort { a, b in
            a.interface == b.interface
                ? a.address < b.address : a.interface.rawValue < b.interface.rawValue
        }
        return list
    }

    func neighbourEntry(_ id: SlabIndex) -> NeighbourEntry {
        let state: NeighbourEntry.State
        switch network.neighbours.entries[id].state {
        case .incomplete: state = .incomplete
        case .reachable: state = network.isFresh(id) ? .reachable : .stale
        case .stale: state = .stale
        case .delay: state = .delay
        case .probe: state = .probe
        case .permanent: state = .permanent
        }
        return NeighbourEntry(
            interface: network.neighbours.entries[id].interface,
            address: network.neighbours.entries[id].address,
            linkAddress: state == .incomplete ? nil : network.neighbours.entries[id].linkAddress,
            state: state, isRouter: network.neighbours.entries[id].isRouter)
    }

    /// Sets where a neighbour is found, for good: it is neither asked nor believed
    /// (`arp -s`).
    ///
    /// - Throws: `.invalidArgument` when the interface has no link addresses, or one of the
    ///   addresses is a group's or nobody's; `.noBufferSpace` beyond 512 such entries.
    public mutating func addNeighbour(
        _ address: IPAddress, at linkAddress: MACAddress, on interface: InterfaceID
    ) throws(StackError) {
        guard isEthernet(interface), !address.isMulticast, !address.isUnspecified,
            !address.isBroadcast, !linkAddress.isMulticast, linkAddress != .zero
        else { throw .invalidArgument }
        guard network.setPermanent(address, at: linkAddress, on: interface) else {
            throw .noBufferSpace
        }
    }

    /// Forgets a neighbour, set or learned (`arp -d`).
    ///
    /// - Throws: `.addressNotAvailable` when there is none.
    public mutating func removeNeighbour(
        _ address: IPAddress, on interface: InterfaceID
    ) throws(StackError) {
        guard let known = network.neighbour(address, on: interface) else {
            throw .addressNotAvailable
        }
        network.forget(known)
    }

    /// Answers on `interface` for addresses that somebody else has: to ARP (RFC 1027) and to
    /// neighbour solicitations (RFC 4861 §7.2.8). The host should forward packets.
    ///
    /// - Throws: `.invalidArgument` when the interface has no link addresses;
    ///   `.noBufferSpace` beyond 256 such entries.
    public mutating func addProxy(
        for addresses: IPPrefix, on interface: InterfaceID
    ) throws(StackError) {
        guard isEthernet(interface), !addresses.address.isMulticast else {
            throw .invalidArgument
        }
        guard
            network.proxies.add(
                ProxyTable.Entry(addresses: addresses.masked, interface: interface))
        else { throw .noBufferSpace }
    }

    /// Answers for addresses no more.
    ///
    /// - Throws: `.addressNotAvailable` when the host did not.
    public mutating func removeProxy(
        for addresses: IPPrefix, on interface: InterfaceID
    ) throws(StackError) {
        guard
            network.proxies.remove(
                ProxyTable.Entry(addresses: addresses.masked, interface: interface))
        else { throw .addressNotAvailable }
    }

    private func isEthernet(_ interface: InterfaceID) -> Bool {
        guard network.isValid(interface),
            case .ethernet = network.interfaces[interface.rawValue].configuration.link
        else { return false }
        return true
    }

    /// The DNS servers that routers on a link told of (RFC 8106), in the order in which they did.
    public func recursiveServers(of interface: InterfaceID) -> [IPAddress] {
        guard network.isValid(interface) else { return [] }
        return network.interfaces[interface.rawValue].autoconfiguration.servers.map { $0.address }
    }
}
