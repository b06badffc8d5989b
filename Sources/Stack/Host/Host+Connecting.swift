import Memory
import Wire

/// Streams that open and are set back: POSIX `connect`.
extension Host {
    mutating func connectStream(
        _ id: EndpointID, to remote: SocketAddress
    ) throws(StackError) {
        switch endpoints[id.index].phase {
        case .connecting: return try finishConnect(id)
        case .connected: throw .alreadyConnected
        case .disconnecting: throw .invalidArgument
        case .unconnected: break
        }
        if case .listening = endpoints[id.index].role { throw .alreadyConnected }
        try endpoints[id.index].checkFamily(of: remote.address)
        let (target, path) = try route(id, to: remote)
        let tuple = try name(id, from: path.source, to: target)
        open(id, tuple, path)
        throw .inProgress
    }

    /// What came of a `connect` that throws `.inProgress`: returns once, when the stream is
    /// connected.
    ///
    /// - Throws: `.alreadyInProgress` while the handshake goes on; why it failed, once: then the
    ///   endpoint may connect anew; `.alreadyConnected`; `.connectionAborted` where there is none.
    public mutating func finishConnect(_ id: EndpointID) throws(StackError) {
        try check(id)
        switch endpoints[id.index].phase {
        case .connecting: break
        case .connected: throw .alreadyConnected
        // Somebody else has ended the attempt.
        case .unconnected, .disconnecting:
            throw takeStreamError(id.index) ?? .connectionAborted
        }
        switch streamState(id.index) {
        case .synSent, .synReceived: throw .alreadyInProgress
        case .closed:
            let error = takeStreamError(id.index) ?? .connectionAborted
            disconnectStream(id)
            throw error
        default: endpoints[id.index].phase = .connected
        }
    }

    // MARK: - The way there

    /// Whom `remote` means, and the path there.
    private func route(
        _ id: EndpointID, to remote: SocketAddress
    ) throws(StackError) -> (SocketAddress, NetworkLayer.Path) {
        guard !remote.address.isMulticast else { throw .networkUnreachable }
        let isNamed = endpoints[id.index].chosen.contains(.address)
        let source = isNamed ? endpoints[id.index].name.address : nil
        var target = remote
        if target.address.isUnspecified { target.address = target.address.itself(of: source) }
        if let source, source.isIPv4 != target.address.isIPv4 {
            throw .addressFamilyNotSupported
        }
        // A zone names the link (RFC 4007 §6); so does SO_BINDTODEVICE.
        var link = endpoints[id.index].options.boundInterface
        if target.address.needsZone, target.zone > 0 {
            let zone = InterfaceID(rawValue: Int(target.zone) &- 1)
            guard link == nil || link == zone else { throw .invalidArgument }
            link = zone
        }
        if target.address.needsZone {
            guard let link else { throw .invalidArgument }
            guard network.hasLinkLocal(link) else { throw .networkUnreachable }
        }
        guard let path = network.path(to: target.address, from: source, on: link) else {
            throw .networkUnreachable
        }
        let isOthers = endpoints[id.index].options.isTransparent
        guard isOthers || network.mayLeave(path, to: target.address) else {
            throw .invalidArgument
        }
        target.zone =
            target.address.needsZone
            ? path.interface.zone : network.crossing(path.source, target.address, path.interface)
        guard !network.isBroadcast(target.address, on: path.interface) else {
            throw .networkUnreachable
        }
        return (target, path)
    }

    /// Both ends of a new connection, with a free port of ours.
    private mutating func name(
        _ id: EndpointID, from source: IPAddress, to remote: SocketAddress
    ) throws(StackError) -> FourTuple {
        let tuple = { (port: UInt16) -> FourTuple in
            FourTuple(local: SocketAddress(address: source, port: port), remote: remote)
        }
        if case .bound = endpoints[id.index].role {
            let both = tuple(endpoints[id.index].name.port)
            guard tcp.mayOpen(both, isNamed: true, network) else { throw .addressNotAvailable }
            return both
        }
        let chosen = ephemeralPort { host, port in
            host.tcp.ports.isForConnections(port, host.network.hash)
                && host.tcp.mayOpen(tuple(port), isNamed: false, host.network)
        }
        guard let chosen else { throw .addressNotAvailable }
        return tuple(chosen)
    }

    private mutating func open(
        _ id: EndpointID, _ tuple: FourTuple, _ path: NetworkLayer.Path
    ) {
        var connection = Connection(
            tuple: tuple, state: .synSent, iss: tcp.openingSequence(tuple, &network),
            irs: SequenceNumber(0), timestampOffset: tcp.timestampOffset(tuple),
            maximumSegmentSize: TCPLayer.segmentSize(for: path, tuple),
            initialWindow: network.tcp.initialWindow, pools: network.pools)
        if network.tcp.windowScaling {
            connection.receiveScale = TCPLayer.windowScale(network.tcp)
        }
        if path.segments { connection.flags.insert(.mergesSegments) }
        if endpoints[id.index].noDelay { connection.flags.insert(.noDelay) }
        if endpoints[id.index].keepalive { connection.flags.insert(.keepalive) }
        if let options = endpoints[id.index].streamOptions.first {
            connection.adopt(options, network.tcp)
            connection.clampSegmentSize(options)
        }
        connection.adopt(endpoints[id.index].options, of: endpoints[id.index].family)
        connection.adoptBuffers(endpoints[id.index].options, network.tcp)
        if endpoints[id.index].options.hasRare {
            let options = endpoints[id.index].options.rare.ipv4Options
            connection.adopt(ipv4Options: options, network.tcp)
        }
        connection.endpoint = id.index
        if case .bound = endpoints[id.index].role {
            tcp.ports.drop(claim(of: id.index), network.hash)
            if endpoints[id.index].chosen.contains(.port) {
                connection.flags.insert(.portNamed)
            }
        } else {
            connection.flags.insert(.portChosen)
        }
        network.counters.count(.tcpActiveOpens)
        let key = tcp.add(connection, &network)
        endpoints[id.index].role = .connection(key)
        endpoints[id.index].phase = .connecting
        endpoints[id.index].error = nil
        endpoints[id.index].name = tuple.local
        tcp.connections[key].sendSyn(&network)
        tcp.settle(key, &network)
    }

    // MARK: - Back

    /// Ends what `connect` began, whatever it was, and lets the endpoint connect anew: a connection
    /// is reset, a listener listens no more, datagrams may come from anybody again. What the
    /// application chose of the name stays. POSIX `connect` to an address of `AF_UNSPEC`.
    ///
    /// - Throws: `.badDescriptor`, `.notSupported`.
    public mutating func disconnect(_ id: EndpointID) throws(StackError) {
        try check(id)
        switch endpoints[id.index].role {
        case .local(let key): try disconnectLocal(key)
        case _ where endpoints[id.index].kind == .stream: disconnectStream(id)
        default: try disconnectDatagram(id)
        }
    }

    mutating func disconnectStream(_ id: EndpointID) {
        endpoints[id.index].phase = .unconnected
        endpoints[id.index].shut = []
        switch endpoints[id.index].role {
        case .listening(let key):
            tcp.ports.drop(claim(of: id.index), network.hash)
            closeListener(key)
            resumeName(id)
        case .connection(let key):
            let error = tcp.connections[key].disconnect(&network)
            if let error { endpoints[id.index].error = error }
            tcp.connections[key].endpoint = nil
            tcp.settle(key, &network)
            resumeName(id)
        default: return
        }
        note(RaisedEvent(endpoint: id.index, events: [.readable, .writable, .hangup]))
    }

    /// Has the endpoint stand again where `bind` left it.
    private mutating func resumeName(_ id: EndpointID) {
        if !endpoints[id.index].chosen.contains(.address) {
            endpoints[id.index].name.address = endpoints[id.index].family.unspecified
        }
        guard endpoints[id.index].chosen.contains(.port) else {
            endpoints[id.index].role = .unbound
            return
        }
        endpoints[id.index].role = .bound
        tcp.ports.take(claim(of: id.index), network.hash)
    }

    /// A connection that is over and has no port left makes way for a new name; what it would have
    /// told its application stays to be told.
    mutating func forgetConnection(_ id: EndpointID) {
        guard case .connection(let key) = endpoints[id.index].role else { return }
        if let error = tcp.connections[key].error { endpoints[id.index].error = error }
        endpoints[id.index].shut = .both
        tcp.connections[key].endpoint = nil
        tcp.settle(key, &network)
    }
}

extension Connection {
    /// Ends the connection at the application's wish; what its next call is to fail with.
    fileprivate mutating func disconnect(_ network: inout NetworkLayer) -> StackError? {
        let pending = error
        defer { receiveQueue.removeAll() }
        switch state {
        case .closed: return pending
        case .synSent:
            end(nil)
            return .connectionReset
        case .synReceived, .established, .finWait1, .finWait2, .closeWait:
            abort(nil, &network)
            return .connectionReset
        case .closing, .lastAck, .timeWait, .listen:
            end(nil)
            return nil
        }
    }
}

extension TCPLayer {
    /// Whether a connection may have these ends: none has, or one in TIME-WAIT of which an old
    /// duplicate can be told by its timestamp (RFC 6191). As on Linux, a port that nobody named is
    /// used again so only between ends of this host, and after a second.
    fileprivate func mayOpen(
        _ tuple: FourTuple, isNamed: Bool, _ network: borrowing NetworkLayer
    ) -> Bool {
        guard let (form, id) = find(tuple, network.hash) else { return true }
        guard form == .timeWait, timeWaits[id].usesTimestamps else { return false }
        if isNamed { return true }
        return tuple.remoteAddress.isLoopback && network.now - timeWaits[id].since > .seconds(1)
    }

    /// The initial sequence number of an active open, beyond all that an earlier connection
    /// between the same ends may still have under way.
    fileprivate mutating func openingSequence(
        _ tuple: FourTuple, _ network: inout NetworkLayer
    ) -> SequenceNumber {
        guard let (form, id) = find(tuple, network.hash), form == .timeWait else {
            return initialSequence(tuple, network.now)
        }
        let sequence = timeWaits[id].sequence + 65_537
        network.counters.count(.tcpTimeWaitsReused)
        remove(timeWait: id, &network)
        return sequence
    }
}

extension IPAddress {
    /// Whom an unspecified address means as a destination, on Linux: the speaker itself.
    func itself(of source: IPAddress?) -> IPAddress {
        if let source, source.isIPv4 { return isIPv4 ? source : .v4(127, 0, 0, 1) }
        return isIPv4 ? .v4(127, 0, 0, 1) : IPAddress(IPv6Address.loopback)
    }
}

extension NetworkLayer {
    /// Whether link-local addresses of IPv6 can be spoken to on a link: the host has one there.
    func hasLinkLocal(_ id: InterfaceID) -> Bool {
        guard isValid(id) else { return false }
        for index in interfaces[id.rawValue].addresses.indices
        where interfaces[id.rawValue].addresses[index].prefix.address.needsZone {
            return true
        }
        return false
    }

    /// Whether a packet may go this way: addresses of 127/8 stay on the host (RFC 1122 §3.2.1.3),
    /// unless the link carries them.
    func mayLeave(_ path: Path, to destination: IPAddress) -> Bool {
        path.interface == Self.loopbackID || !path.source.isIPv4 || !path.source.isLoopback
            || crosses(destination, path.interface)
    }
}
