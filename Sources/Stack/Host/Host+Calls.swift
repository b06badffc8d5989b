import Memory
import Wire

/// The calls that every endpoint has. None blocks: what is not there yet is `.wouldBlock`.
extension Host {
    /// Makes an endpoint. POSIX `socket`.
    ///
    /// - Parameter family: Whose addresses it speaks; packet endpoints have none.
    public mutating func open(
        _ kind: EndpointKind, family: AddressFamily = .inet
    ) -> EndpointID {
        let id = endpoints.insert(Endpoint(kind, family))
        switch kind {
        case .stream, .datagram: break
        case .raw, .icmp:
            let options = endpoints[id].options
            endpoints[id].role = .raw(raw.add(id, kind, family: family, options))
        case .packet(let form):
            let room = endpoints[id].options.receiveBuffer
            endpoints[id].role = .packet(network.taps.add(id, form, receiveBuffer: room))
        case .local(let type):
            endpoints[id].role = .local(local.add(id, type, local.credentials, network))
        }
        return EndpointID(id)
    }

    /// Gives an endpoint its local name; port 0 asks for a free one. An endpoint for echoes has
    /// their identifier for a port, a raw one none. POSIX `bind`.
    ///
    /// An endpoint of IPv6 that is bound to `::` takes IPv4 too, unless it is for IPv6 only. Bound
    /// to an address with a zone, it is bound to that interface.
    ///
    /// - Throws: `.addressInUse`, `.addressNotAvailable` when the address is not the host's, or for
    ///   streams a group's or everybody's, `.invalidArgument` when it has a name already or its
    ///   link-local address no zone, `.addressFamilyNotSupported`.
    public mutating func bind(
        _ id: EndpointID, to address: SocketAddress
    ) throws(StackError) {
        try check(id)
        try checkMayBind(id)
        do throws(StackError) {
            try endpoints[id.index].checkFamily(of: address.address)
        } catch {
            throw error == .networkUnreachable ? .invalidArgument : error
        }
        let old = endpoints[id.index].options
        try bindZone(id, address)
        do throws(StackError) {
            try checkIsOurs(address, id)
            try name(id, address)
        } catch {
            try setOptions(old, of: id)
            throw error
        }
    }

    private func checkMayBind(_ id: EndpointID) throws(StackError) {
        switch endpoints[id.index].role {
        case .unbound: return
        case .raw(let key):
            // Raw endpoints may change their address, others have their name for good.
            guard raw.sockets[key].remote == nil,
                !raw.sockets[key].isEcho || raw.sockets[key].local.port == 0
            else { throw .invalidArgument }
        case .packet, .local: throw .addressFamilyNotSupported
        default: throw .invalidArgument
        }
    }

    /// An address with a zone means the interface too (RFC 3493 §3.3).
    private mutating func bindZone(
        _ id: EndpointID, _ address: SocketAddress
    ) throws(StackError) {
        guard address.address.isLinkLocal, !address.address.isIPv4 else { return }
        var options = endpoints[id.index].options
        let zone = InterfaceID(zone: address.zone)
        if let zone, let bound = options.boundInterface, zone != bound { throw .invalidArgument }
        guard let interface = zone ?? options.boundInterface else { throw .invalidArgument }
        options.boundInterface = interface
        try setOptions(options, of: id)
    }

    private func checkIsOurs(
        _ address: SocketAddress, _ id: EndpointID
    ) throws(StackError) {
        let name = address.address
        if name.isUnspecified { return }
        if let bound = endpoints[id.index].options.boundInterface, name.isLinkLocal, !name.isIPv4 {
            guard network.isOurs(name, on: bound) else { throw .addressNotAvailable }
            return
        }
        if network.interface(owning: name) != nil { return }
        guard endpoints[id.index].kind != .stream else { throw .addressNotAvailable }
        if name.isMulticast { return }
        for number in 0..<network.interfaces.count
        where network.isBroadcast(name, on: InterfaceID(rawValue: number)) {
            return
        }
        throw .addressNotAvailable
    }

    private mutating func name(
        _ id: EndpointID, _ address: SocketAddress
    ) throws(StackError) {
        let kind = endpoints[id.index].kind
        var local = address
        if case .raw = kind {
            local.port = 0
        } else if local.port == 0 {
            let port = ephemeralPort { host, port in
                host.isFree(
                    SocketAddress(address: address.address, port: port), for: id.index)
            }
            guard let port else { throw .addressInUse }
            local.port = port
        } else if !isFree(local, for: id.index) {
            throw .addressInUse
        }
        switch endpoints[id.index].role {
        case .raw(let key):
            raw.sockets[key].bind(to: local)
        case .unbound where kind == .datagram:
            let socket = udp.add(
                id.index, family: endpoints[id.index].family, local: local,
                endpoints[id.index].options, network.hash)
            endpoints[id.index].role = .datagram(socket)
        default:
            endpoints[id.index].role = .bound(local)
        }
    }

    /// Connects a stream, or fixes the peer of a datagram endpoint. POSIX `connect`.
    ///
    /// A stream's handshake goes on after the call; `.connected` or `.error` tells how it ended.
    /// - Throws: `.inProgress` when the handshake began; `.networkUnreachable`, `.addressInUse`,
    ///   `.alreadyInProgress`, `.alreadyConnected`, `.notSupported` for a listener.
    public mutating func connect(
        _ id: EndpointID, to remote: SocketAddress
    ) throws(StackError) {
        try check(id)
        try endpoints[id.index].checkFamily(of: remote.address)
        guard !remote.address.isMulticast || endpoints[id.index].kind != .stream else {
            throw .networkUnreachable
        }
        switch endpoints[id.index].kind {
        case .stream: try connectStream(id, to: remote)
        case .datagram, .raw, .icmp: try connectDatagram(id, to: remote)
        case .packet, .local: throw .addressFamilyNotSupported
        }
    }

    /// The local name. POSIX `getsockname`; unspecified and port 0 before `bind`.
    public func localAddress(of id: EndpointID) throws(StackError) -> SocketAddress {
        try check(id)
        switch endpoints[id.index].role {
        case .unbound:
            return SocketAddress(address: endpoints[id.index].family.unspecified, port: 0)
        case .bound(let address): return address
        case .listening(let key): return tcp.listeners[key].local
        case .connection(let key): return tcp.connections[key].tuple.local
        case .datagram(let key): return udp.sockets[key].local
        case .raw(let key): return raw.sockets[key].local
        case .packet, .local: throw .notSupported
        }
    }

    /// The peer's name. POSIX `getpeername`.
    ///
    /// - Throws: `.notConnected`.
    public func remoteAddress(of id: EndpointID) throws(StackError) -> SocketAddress {
        try check(id)
        switch endpoints[id.index].role {
        case .connection(let key):
            switch tcp.connections[key].state {
            case .synSent, .synReceived: throw .notConnected
            default: return tcp.connections[key].tuple.remote
            }
        case .datagram(let key):
            guard let remote = udp.sockets[key].remote else { throw .notConnected }
            return remote
        case .raw(let key):
            guard let remote = raw.sockets[key].remote else { throw .notConnected }
            return remote
        default: throw .notConnected
        }
    }

    /// What the endpoint is ready for at this moment. POSIX `poll`.
    public func readiness(of id: EndpointID) throws(StackError) -> Readiness {
        try check(id)
        switch endpoints[id.index].role {
        case .unbound, .bound:
            return endpoints[id.index].kind == .stream ? [.writable, .hangup] : .writable
        case .listening(let key):
            return tcp.listeners[key].accepted.isEmpty ? [] : .readable
        case .datagram(let key): return udp.sockets[key].inbox.readiness
        case .raw(let key): return raw.sockets[key].inbox.readiness
        case .packet(let key):
            return network.taps.sockets[key].queue.isEmpty ? .writable : [.readable, .writable]
        case .local(let key): return local.readiness(of: key)
        case .connection(let key):
            return tcp.connections[key].readiness(network.tcp)
        }
    }

    /// Takes the pending error. POSIX `SO_ERROR`.
    public mutating func takeError(of id: EndpointID) throws(StackError) -> StackError? {
        try check(id)
        switch endpoints[id.index].role {
        case .connection(let key):
            guard tcp.connections[key].state == .closed else { return nil }
            let error = tcp.connections[key].error
            tcp.connections[key].error = nil
            return error
        case .datagram(let key): return udp.sockets[key].inbox.takeError()
        case .raw(let key): return raw.sockets[key].inbox.takeError()
        case .local(let key): return local.sockets[key].takeError()
        default: return nil
        }
    }

    /// Lets go of an endpoint. A stream's bytes still reach the peer, in order and followed by a
    /// FIN, unless bytes of the peer were left unread: then it is reset. POSIX `close`.
    public mutating func close(_ id: EndpointID) throws(StackError) {
        try check(id)
        network.leaveAll(id.index)
        let endpoint = endpoints.remove(id.index)
        switch endpoint.role {
        case .unbound, .bound: break
        case .listening(let key): closeListener(key)
        case .datagram(let key): udp.remove(key, network.hash)
        case .raw(let key): raw.sockets.remove(key)
        case .packet(let key): network.taps.sockets.remove(key)
        case .local(let key): local.close(key)
        case .connection(let key): release(key, aborts: endpoint.abortsOnClose)
        }
    }

    /// Lets go of all endpoints and resets their connections.
    public mutating func abortAll() {
        for place in 0..<endpoints.placeCount {
            if let index = endpoints.index(at: place) { try? abort(EndpointID(index)) }
        }
    }

    // MARK: - Options

    /// Whether small segments leave at once. `TCP_NODELAY`.
    public mutating func setNoDelay(_ id: EndpointID, _ isOn: Bool) throws(StackError) {
        try check(id)
        endpoints[id.index].noDelay = isOn
        guard case .connection(let key) = endpoints[id.index].role else { return }
        if isOn {
            tcp.connections[key].flags.insert(.noDelay)
            tcp.connections[key].output(&network)
            tcp.settle(key, &network)
        } else {
            tcp.connections[key].flags.remove(.noDelay)
        }
    }

    /// Whether a silent peer is probed. `SO_KEEPALIVE`.
    public mutating func setKeepalive(_ id: EndpointID, _ isOn: Bool) throws(StackError) {
        try check(id)
        endpoints[id.index].keepalive = isOn
        guard case .connection(let key) = endpoints[id.index].role else { return }
        if isOn {
            tcp.connections[key].flags.insert(.keepalive)
            let idle = tcp.connections[key].options(network.tcp).keepaliveIdle
            tcp.connections[key].idleAt = network.now + idle
            tcp.settle(key, &network)
        } else {
            tcp.connections[key].flags.remove(.keepalive)
        }
    }

    /// Whether `close` resets the connection instead of ending it in order. `SO_LINGER`, time 0.
    public mutating func setAbortsOnClose(_ id: EndpointID, _ isOn: Bool) throws(StackError) {
        try check(id)
        endpoints[id.index].abortsOnClose = isOn
    }

    func check(_ id: EndpointID) throws(StackError) {
        guard endpoints.contains(id.index) else { throw .badDescriptor }
    }
}
