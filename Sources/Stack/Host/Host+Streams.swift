import Memory
import Wire

/// The calls on streams.
extension Host {
    mutating func connectStream(
        _ id: EndpointID, to remote: SocketAddress
    ) throws(StackError) {
        var bound: SocketAddress?
        switch endpoints[id.index].role {
        case .unbound: break
        case .bound(let address): bound = address
        case .connection(let key):
            switch tcp.connections[key].state {
            case .synSent, .synReceived: throw .alreadyInProgress
            case .closed: throw tcp.connections[key].takeError() ?? .connectionAborted
            default: throw .alreadyConnected
            }
        default: throw .notSupported
        }
        guard remote.port != 0 else { throw .connectionRefused }
        var target = remote
        // To nobody in particular means to this host, as on Linux.
        if target.address.isUnspecified {
            target.address =
                target.address.isIPv4 ? .v4(127, 0, 0, 1) : IPAddress(IPv6Address.loopback)
        }
        let source = bound?.address.isUnspecified == false ? bound?.address : nil
        // A zone names the link (RFC 4007 §6); so does SO_BINDTODEVICE.
        var link = endpoints[id.index].options.boundInterface
        if target.address.needsZone, target.zone > 0 {
            let zone = InterfaceID(rawValue: Int(target.zone) &- 1)
            guard link == nil || link == zone else { throw .networkUnreachable }
            link = zone
        }
        guard let path = network.path(to: target.address, from: source, on: link) else {
            throw .networkUnreachable
        }
        target.zone = target.address.needsZone ? path.interface.zone : 0
        guard !network.isBroadcast(target.address, on: path.interface) else {
            throw .networkUnreachable
        }
        let tuple = try name(id, from: path.source, port: bound?.port, to: target)
        open(id, tuple, path)
        throw .inProgress
    }

    /// Both ends of a new connection, with a free port of ours.
    private mutating func name(
        _ id: EndpointID, from source: IPAddress, port: UInt16?, to remote: SocketAddress
    ) throws(StackError) -> FourTuple {
        let isFree = { (host: borrowing Host, port: UInt16) -> Bool in
            let local = SocketAddress(address: source, port: port)
            return host.tcp.find(FourTuple(local: local, remote: remote), host.network.hash) == nil
        }
        if let port {
            guard isFree(self, port) else { throw .addressInUse }
            return FourTuple(
                local: SocketAddress(address: source, port: port), remote: remote)
        }
        let chosen = ephemeralPort { host, port in
            isFree(host, port)
                && host.isFree(SocketAddress(address: source, port: port), for: id.index)
        }
        guard let chosen else { throw .addressNotAvailable }
        return FourTuple(local: SocketAddress(address: source, port: chosen), remote: remote)
    }

    private mutating func open(
        _ id: EndpointID, _ tuple: FourTuple, _ path: NetworkLayer.Path
    ) {
        var connection = Connection(
            tuple: tuple, state: .synSent, iss: tcp.initialSequence(tuple, network.now),
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
        if endpoints[id.index].options.hasRare {
            let options = endpoints[id.index].options.rare.ipv4Options
            connection.adopt(ipv4Options: options, network.tcp)
        }
        connection.endpoint = id.index
        network.counters.count(.tcpActiveOpens)
        let key = tcp.add(connection, &network)
        endpoints[id.index].role = .connection(key)
        tcp.connections[key].sendSyn(&network)
        tcp.settle(key, &network)
    }

    /// Lets peers connect to a bound stream. POSIX `listen`; called again, it changes the backlog.
    ///
    /// - Parameter backlog: Connections that may wait for `accept`, 0 to 4,096.
    /// - Throws: `.invalidArgument` for a connected stream, `.notSupported` for datagrams,
    ///   `.addressInUse`.
    public mutating func listen(_ id: EndpointID, backlog: Int) throws(StackError) {
        try check(id)
        if case .local(let key) = endpoints[id.index].role {
            return try local.listen(key, backlog: backlog)
        }
        guard endpoints[id.index].kind == .stream else { throw .notSupported }
        let limit = min(max(0, backlog), 4096)
        switch endpoints[id.index].role {
        case .unbound:
            try bind(
                id, to: SocketAddress(address: endpoints[id.index].family.unspecified, port: 0))
            try listen(id, backlog: backlog)
        case .bound(let local):
            var listener = Listener(
                local: local, allowsDual: endpoints[id.index].allowsDual,
                options: endpoints[id.index].options, endpoint: id.index,
                backlog: limit)
            if let options = endpoints[id.index].streamOptions.first { listener.adopt(options) }
            endpoints[id.index].role = .listening(tcp.listeners.insert(listener))
        case .listening(let key):
            tcp.listeners[key].backlog = limit
        default:
            throw .invalidArgument
        }
    }

    /// Takes a connection that was established to a listener. POSIX `accept`.
    ///
    /// - Throws: `.wouldBlock` when none waits; `.invalidArgument` when it does not listen.
    public mutating func accept(_ id: EndpointID) throws(StackError) -> EndpointID {
        try check(id)
        if case .local(let key) = endpoints[id.index].role { return try acceptLocal(key) }
        guard case .listening(let key) = endpoints[id.index].role else { throw .invalidArgument }
        guard let connection = tcp.listeners[key].accepted.popFirst() else { throw .wouldBlock }
        var endpoint = Endpoint(.stream, endpoints[id.index].family)
        endpoint.options = endpoints[id.index].options
        endpoint.noDelay = endpoints[id.index].noDelay
        endpoint.keepalive = endpoints[id.index].keepalive
        endpoint.streamOptions = endpoints[id.index].streamOptions
        endpoint.abortsOnClose = endpoints[id.index].abortsOnClose
        endpoint.role = .connection(connection)
        let accepted = endpoints.insert(endpoint)
        tcp.connections[connection].endpoint = accepted
        tcp.connections[connection].flags.remove(.awaitingAccept)
        if endpoints[accepted].noDelay { tcp.connections[connection].flags.insert(.noDelay) }
        if let options = endpoints[accepted].streamOptions.first {
            tcp.connections[connection].adopt(options, network.tcp)
        }
        if endpoints[accepted].keepalive {
            try setKeepalive(EndpointID(accepted), true)
        }
        return EndpointID(accepted)
    }

    /// Gives bytes to the peer; how many were taken, at least one unless `bytes` is empty.
    /// POSIX `send`.
    ///
    /// - Throws: `.wouldBlock` when the queue is full or the handshake under way; `.brokenPipe`
    ///   after the end of our side; the error that ended the connection; `.notConnected`.
    public mutating func send(
        _ id: EndpointID, _ bytes: Span<UInt8>
    ) throws(StackError) -> Int {
        let taken = try enqueue(id, bytes)
        guard taken > 0 else { return 0 }
        let key = try connection(id)
        tcp.connections[key].output(&network)
        tcp.settle(key, &network)
        return taken
    }

    /// Puts bytes into the queue; how many, 0 only if `bytes` is empty.
    mutating func enqueue(
        _ id: EndpointID, _ bytes: Span<UInt8>
    ) throws(StackError) -> Int {
        let key = try connection(id)
        switch tcp.connections[key].state {
        case .synSent, .synReceived: throw .wouldBlock
        case .established, .closeWait: break
        case .closed: throw tcp.connections[key].takeError() ?? .brokenPipe
        default: throw .brokenPipe
        }
        guard !bytes.isEmpty else { return 0 }
        let taken = tcp.connections[key].enqueue(bytes, &network)
        guard taken > 0 else {
            tcp.waitForMemory(key)
            throw .wouldBlock
        }
        return taken
    }

    /// Takes bytes that the peer sent; how many, 0 at the end of the stream. POSIX `recv`.
    ///
    /// - Throws: `.wouldBlock` when none waits; the error that ended the connection;
    ///   `.notConnected`.
    public mutating func receive(
        _ id: EndpointID, into buffer: inout MutableSpan<UInt8>
    ) throws(StackError) -> Int {
        let key = try connection(id)
        guard buffer.count > 0 else { return 0 }
        var limit = Int.max
        if tcp.connections[key].flags.contains(.urgentIn) {
            tcp.connections[key].passMark()
            limit = tcp.connections[key].countBeforeMark
        }
        let count = tcp.connections[key].receiveQueue.copy(
            from: 0, into: &buffer, atMost: limit)
        if count > 0 {
            tcp.connections[key].receiveQueue.removeFirst(count)
            tcp.connections[key].updateWindow(&network)
            tcp.settle(key, &network)
            return count
        }
        switch tcp.connections[key].state {
        case .synSent, .synReceived: throw .wouldBlock
        case .closed:
            // The stream had its end before the connection met an error: as on Linux, that is left
            // to whoever sends or asks for it.
            if tcp.connections[key].flags.contains(.finReceived) { return 0 }
            if let error = tcp.connections[key].takeError() { throw error }
            return 0
        default:
            let flags = tcp.connections[key].flags
            if flags.contains(.finReceived) || flags.contains(.readShutDown) { return 0 }
            throw .wouldBlock
        }
    }

    /// How many bytes can be taken without waiting. POSIX `FIONREAD`.
    public func receivableCount(of id: EndpointID) throws(StackError) -> Int {
        try check(id)
        switch endpoints[id.index].role {
        case .connection(let key): return tcp.connections[key].receivableCount
        case .local(let key): return try localReceiveQueue(key)
        default: return 0
        }
    }

    /// Ends our side of the stream: after all that was given comes a FIN. POSIX `shutdown` with
    /// `SHUT_WR`.
    ///
    /// - Throws: `.notConnected`.
    public mutating func shutdownSend(_ id: EndpointID) throws(StackError) {
        if endpoints.contains(id.index), case .local(let key) = endpoints[id.index].role {
            return local.shut(key, receiving: false, sending: true)
        }
        let key = try connection(id)
        guard tcp.connections[key].state != .closed else { throw .notConnected }
        tcp.connections[key].queueFin(&network)
        tcp.settle(key, &network)
    }

    /// Takes no more bytes: readers see the end of the stream. POSIX `shutdown` with `SHUT_RD`.
    ///
    /// - Throws: `.notConnected`.
    public mutating func shutdownReceive(_ id: EndpointID) throws(StackError) {
        if endpoints.contains(id.index), case .local(let key) = endpoints[id.index].role {
            return local.shut(key, receiving: true, sending: false)
        }
        let key = try connection(id)
        guard tcp.connections[key].state != .closed else { throw .notConnected }
        tcp.connections[key].flags.insert(.readShutDown)
        tcp.connections[key].events.insert(.readable)
        tcp.settle(key, &network)
    }

    /// Resets the connection and lets go of the endpoint (RFC 9293 §3.10.5, ABORT).
    public mutating func abort(_ id: EndpointID) throws(StackError) {
        try check(id)
        endpoints[id.index].abortsOnClose = true
        try close(id)
    }

    /// The connection of a stream endpoint.
    func connection(_ id: EndpointID) throws(StackError) -> SlabIndex {
        try check(id)
        guard endpoints[id.index].kind == .stream else { throw .notSupported }
        guard case .connection(let key) = endpoints[id.index].role else { throw .notConnected }
        return key
    }

    // MARK: - Letting go

    /// The application let go of a connection.
    mutating func release(_ key: SlabIndex, aborts: Bool) {
        tcp.connections[key].endpoint = nil
        let isUnread = !tcp.connections[key].receiveQueue.isEmpty
        switch tcp.connections[key].state {
        case .closed: break
        case .synSent: tcp.connections[key].end(nil)
        // The peer must learn that its bytes were not read (RFC 9293 §3.10.4; RFC 2525 §2.17).
        case _ where aborts || isUnread: tcp.connections[key].abort(nil, &network)
        // Too many already: this one does not get to end in order.
        case _ where tcp.orphans >= network.tcp.orphanLimit:
            network.counters.count(.tcpOrphansReset)
            tcp.connections[key].abort(nil, &network)
        case .finWait2: tcp.connections[key].waitForFin(network)
        default: tcp.connections[key].queueFin(&network)
        }
        if tcp.connections[key].state != .closed {
            tcp.connections[key].flags.insert(.orphan)
            tcp.orphans &+= 1
        }
        tcp.settle(key, &network)
    }

    mutating func closeListener(_ key: SlabIndex) {
        for place in 0..<tcp.halfOpens.placeCount {
            guard let id = tcp.halfOpens.index(at: place), tcp.halfOpens[id].listener == key
            else { continue }
            tcp.remove(halfOpen: id, &network)
        }
        var listener = tcp.listeners.remove(key)
        while let id = listener.accepted.popFirst() {
            tcp.connections[id].flags.remove(.awaitingAccept)
            release(id, aborts: true)
        }
    }
}

extension Connection {
    /// What the connection is ready for at this moment.
    func readiness(_ configuration: TCPConfiguration) -> Readiness {
        var ready: Readiness = []
        if receivableCount > 0 || flags.contains(.finReceived) || flags.contains(.readShutDown) {
            ready.insert(.readable)
        }
        if flags.contains(.urgentIn), holdsUrgent { ready.insert(.priority) }
        if flags.contains(.finQueued), sendQueue.isEmpty, send.una == send.max {
            ready.insert(.drained)
        }
        if flags.contains(.finReceived) { ready.insert(.readHangup) }
        switch state {
        case .closed:
            ready.formUnion([.readable, .writable, .hangup, .drained])
            if error != nil { ready.insert(.error) }
        case .established, .closeWait:
            if sendRoom(configuration) >= configuration.sendBuffer / 3 { ready.insert(.writable) }
        case .synSent, .synReceived, .listen: break
        case .finWait1, .finWait2, .closing, .lastAck, .timeWait: ready.insert(.writable)
        }
        return ready
    }

    /// Takes the error that ended the connection.
    mutating func takeError() -> StackError? {
        let taken = error
        error = nil
        return taken
    }
}
