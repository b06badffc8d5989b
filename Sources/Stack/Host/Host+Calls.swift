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
        EndpointID(endpoints.insert(Endpoint(kind, family)))
    }

    /// Gives an endpoint its local name; port 0 asks for a free one. POSIX `bind`.
    ///
    /// An endpoint of IPv6 that is bound to `::` takes IPv4 too, unless it is for IPv6 only.
    ///
    /// - Throws: `.addressInUse`, `.addressNotAvailable` when the address is not the host's,
    ///   `.invalidArgument` when it is bound already, `.addressFamilyNotSupported`.
    public mutating func bind(
        _ id: EndpointID, to address: SocketAddress
    ) throws(StackError) {
        try check(id)
        guard case .unbound = endpoints[id.index].role else { throw .invalidArgument }
        do throws(StackError) {
            try endpoints[id.index].checkFamily(of: address.address)
        } catch {
            throw error == .networkUnreachable ? .invalidArgument : error
        }
        guard address.address.isUnspecified || network.interface(owning: address.address) != nil
        else { throw .addressNotAvailable }
        let kind = endpoints[id.index].kind
        var local = address
        if local.port == 0 {
            let port = ephemeralPort { host, port in
                host.isFree(
                    SocketAddress(address: address.address, port: port), for: id.index)
            }
            guard let port else { throw .addressInUse }
            local.port = port
        } else if !isFree(local, for: id.index) {
            throw .addressInUse
        }
        switch kind {
        case .stream:
            endpoints[id.index].role = .bound(local)
        case .datagram:
            let socket = UDPSocket(
                endpoint: id.index, local: local, allowsDual: endpoints[id.index].allowsDual,
                options: endpoints[id.index].options)
            endpoints[id.index].role = .datagram(udp.add(socket, network.hash))
        default:
            throw .notSupported
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
        guard !remote.address.isMulticast || endpoints[id.index].kind == .datagram else {
            throw .networkUnreachable
        }
        switch endpoints[id.index].kind {
        case .stream: try connectStream(id, to: remote)
        case .datagram: try connectDatagram(id, to: remote)
        default: throw .notSupported
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
        case .datagram(let key):
            var ready: Readiness = .writable
            if !udp.sockets[key].queue.isEmpty { ready.insert(.readable) }
            if udp.sockets[key].error != nil { ready.formUnion([.readable, .error]) }
            return ready
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
        case .datagram(let key):
            let error = udp.sockets[key].error
            udp.sockets[key].error = nil
            return error
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
