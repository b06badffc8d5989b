import Memory
import Wire

/// What options tell of an endpoint besides what was set.
extension Host {
    /// Whether small segments leave at once. `TCP_NODELAY`.
    public func noDelay(of id: EndpointID) throws(StackError) -> Bool {
        try check(id)
        return endpoints[id.index].noDelay
    }

    /// Whether a silent peer is probed. `SO_KEEPALIVE`.
    public func keepalive(of id: EndpointID) throws(StackError) -> Bool {
        try check(id)
        return endpoints[id.index].keepalive
    }

    /// Whether peers may connect to it. `SO_ACCEPTCONN`.
    public func isListening(_ id: EndpointID) throws(StackError) -> Bool {
        try check(id)
        switch endpoints[id.index].role {
        case .listening: return true
        case .local(let key): return local.sockets[key].isListening
        default: return false
        }
    }

    /// Whether a stream has a connection, or is getting one.
    public func isConnected(_ id: EndpointID) throws(StackError) -> Bool {
        try check(id)
        guard case .connection(let key) = endpoints[id.index].role else { return false }
        return tcp.connections[key].state != .closed
    }

    /// Whether an endpoint was bound to one address of IPv6, so that IPv4 cannot reach it.
    public func isBoundToV6(_ id: EndpointID) throws(StackError) -> Bool {
        try check(id)
        let name: SocketAddress
        switch endpoints[id.index].role {
        case .bound: name = endpoints[id.index].name
        case .listening(let key): name = tcp.listeners[key].local
        case .datagram(let key): name = udp.sockets[key].bound
        default: return false
        }
        return !name.address.isIPv4 && !name.address.isUnspecified
    }

    /// The largest IP packet to the peer, in bytes; nil without a peer. `IP_MTU`, `IPV6_MTU`.
    public func pathMTU(of id: EndpointID) throws(StackError) -> Int? {
        try check(id)
        let (local, remote): (SocketAddress, SocketAddress?)
        switch endpoints[id.index].role {
        case .connection(let key):
            (local, remote) = (tcp.connections[key].tuple.local, tcp.connections[key].tuple.remote)
        case .datagram(let key): (local, remote) = (udp.sockets[key].local, udp.sockets[key].remote)
        case .raw(let key): (local, remote) = (raw.sockets[key].local, raw.sockets[key].remote)
        default: return nil
        }
        guard let remote else { return nil }
        let link = InterfaceID(zone: remote.zone) ?? endpoints[id.index].options.boundInterface
        let source = local.address.isUnspecified ? nil : local.address
        return network.path(to: remote.address, from: source, on: link)?.mtu
    }

    /// Whether an endpoint listens to a group, to whomever in it.
    public func isMember(
        _ id: EndpointID, of group: IPAddress, on interface: InterfaceID?
    ) throws(StackError) -> Bool {
        try check(id)
        let chosen = interface ?? endpoints[id.index].options.boundInterface
        guard let link = chosen ?? network.defaultLink(for: group, from: nil) else { return false }
        return network.filter(of: id.index, for: group, on: link) != nil
    }

    /// Forgets the errors that were kept, as turning `IP_RECVERR` off does.
    public mutating func forgetErrors(of id: EndpointID) throws(StackError) {
        try check(id)
        while try nextErrorIfAny(of: id) != nil {}
    }

    private mutating func nextErrorIfAny(of id: EndpointID) throws(StackError) -> ReportedError? {
        switch endpoints[id.index].role {
        case .datagram, .raw: try nextError(of: id)
        default: nil
        }
    }

    // MARK: - The host's own numbers

    /// Hops that packets take unless an endpoint says otherwise.
    public var defaultTimeToLive: UInt8 { network.timeToLive }

    /// What holds for a stream that nothing was chosen for.
    public var streamDefaults: StreamOptions { StreamOptions(network.tcp) }

    /// The most bytes that a connection holds, for its reader and for its peer, unless a program
    /// says otherwise.
    public var streamBuffers: (receiving: Int, sending: Int) {
        (network.tcp.receiveBuffer, network.tcp.sendBuffer)
    }

    /// The interface that has an address; nil when the host does not.
    public func interface(with address: IPAddress) -> InterfaceID? {
        network.interface(owning: address)
    }

    /// The address that the host would speak from on an interface, of the family of `address`;
    /// unspecified where there is none.
    public func ownAddress(like address: IPAddress, on interface: InterfaceID) -> IPAddress {
        guard network.isValid(interface),
            let own = network.sourceAddress(for: address, via: address, on: interface)
        else { return address.isIPv4 ? .unspecifiedV4 : .unspecifiedV6 }
        return own
    }
}
