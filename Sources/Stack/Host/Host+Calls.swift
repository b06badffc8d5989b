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
            // Of protocol 255 packets begin with their header, as on Linux.
            endpoints[id].options.includesHeader = kind == .raw(.raw)
            let options = endpoints[id].options
            endpoints[id].role = .raw(raw.add(id, kind, family: family, options))
        case .packet(let form):
            let room = endpoints[id].options.receiveBuffer
            endpoints[id].role = .packet(network.taps.add(id, form, receiveBuffer: room))
        case .local(let type):
            endpoints[id].role = .local(local.add(id, type, local.credentials, network))
        case .netlink(let proto):
            let room = endpoints[id].options.receiveBuffer
            endpoints[id].role = .netlink(netlink.add(id, proto, receiveBuffer: room))
        }
        return EndpointID(id)
    }

    /// Connects a stream, or fixes the peer of a datagram endpoint. POSIX `connect`.
    ///
    /// A stream's handshake goes on after the call; `.connected` or `.error` tells how it ended, and
    /// another call what came of it.
    ///
    /// - Throws: `.inProgress` when the handshake began, then as `finishConnect`;
    ///   `.networkUnreachable`; `.addressNotAvailable` when both ends are taken, or all ports;
    ///   `.alreadyConnected`, for a listener too; `.invalidArgument` for an address that cannot be
    ///   reached from the endpoint's own; `.addressFamilyNotSupported`.
    public mutating func connect(
        _ id: EndpointID, to remote: SocketAddress
    ) throws(StackError) {
        try check(id)
        switch endpoints[id.index].kind {
        case .stream: try connectStream(id, to: remote)
        case .datagram, .raw, .icmp:
            try endpoints[id.index].checkFamily(of: remote.address)
            try connectDatagram(id, to: remote)
        case .packet, .local, .netlink: throw .addressFamilyNotSupported
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
