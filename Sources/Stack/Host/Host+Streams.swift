import Memory
import Wire

/// The calls on streams.
extension Host {
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
        guard endpoints[id.index].phase == .unconnected else { throw .invalidArgument }
        let limit = min(max(0, backlog), 4096)
        switch endpoints[id.index].role {
        case .unbound:
            var name = endpoints[id.index].name
            name.port = 0
            try assign(id, name)
            try beginListening(id, backlog: limit)
        case .bound: try beginListening(id, backlog: limit)
        case .listening(let key):
            tcp.listeners[key].backlog = limit
        default:
            throw .invalidArgument
        }
    }

    /// What may be bound beside others may not all listen: conflicts are looked at again.
    private mutating func beginListening(
        _ id: EndpointID, backlog: Int
    ) throws(StackError) {
        tcp.ports.drop(claim(of: id.index), network.hash)
        let local = endpoints[id.index].name
        guard isFree(local, for: id.index, isAny: false) else {
            tcp.ports.take(claim(of: id.index), network.hash)
            throw .addressInUse
        }
        var listener = Listener(
            local: local, allowsDual: endpoints[id.index].allowsDual,
            options: endpoints[id.index].options, endpoint: id.index,
            backlog: backlog)
        if let options = endpoints[id.index].streamOptions.first { listener.adopt(options) }
        endpoints[id.index].role = .listening(tcp.add(listener, network.hash))
        tcp.ports.take(claim(of: id.index), network.hash)
    }

    /// Takes a connection that was established to a listener. POSIX `accept`.
    ///
    /// - Throws: `.wouldBlock` when none waits; `.invalidArgument` when it does not listen.
    public mutating func accept(_ id: EndpointID) throws(StackError) -> EndpointID {
        try check(id)
        if case .local(let key) = endpoints[id.index].role { return try acceptLocal(key) }
        switch endpoints[id.index].kind {
        case .stream: break
        default: throw .notSupported
        }
        guard case .listening(let key) = endpoints[id.index].role else { throw .invalidArgument }
        guard let connection = tcp.listeners[key].accepted.popFirst() else { throw .wouldBlock }
        var endpoint = Endpoint(.stream, endpoints[id.index].family)
        endpoint.options = endpoints[id.index].options
        if endpoint.options.hasRare { endpoint.options.rare.priority = 0 }
        endpoint.noDelay = endpoints[id.index].noDelay
        endpoint.keepalive = endpoints[id.index].keepalive
        endpoint.streamOptions = endpoints[id.index].streamOptions
        if !endpoint.streamOptions.isEmpty { endpoint.streamOptions[0].deferAccept = nil }
        endpoint.abortsOnClose = endpoints[id.index].abortsOnClose
        endpoint.role = .connection(connection)
        endpoint.phase = .connected
        endpoint.chosen = endpoints[id.index].chosen.intersection(.address)
        endpoint.name = tcp.connections[connection].tuple.local
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
    ///   after the end of our side, and without a connection; the error that ended the connection.
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
        try checkStream(id)
        if let error = takeStreamError(id.index) { throw error }
        guard case .connection(let key) = endpoints[id.index].role else { throw .brokenPipe }
        switch tcp.connections[key].state {
        case .synSent, .synReceived: throw .wouldBlock
        case .established, .closeWait: break
        default: throw .brokenPipe
        }
        guard !endpoints[id.index].shut.contains(.sending) else { throw .brokenPipe }
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
    /// - Throws: `.wouldBlock` when none waits, even for an empty buffer; the error that ended the
    ///   connection, unless the stream had its end before; `.notConnected`.
    public mutating func receive(
        _ id: EndpointID, into buffer: inout MutableSpan<UInt8>, _ flags: ReceiveFlags = []
    ) throws(StackError) -> Int {
        try checkStream(id)
        var hasEnded = false
        if case .connection(let key) = endpoints[id.index].role {
            let isThere = tcp.connections[key].receivableCount > 0
            if isThere, flags.contains(.waits), !isEnough(key, id.index, for: buffer.count) {
                throw .wouldBlock
            }
            let count = tcp.connections[key].take(into: &buffer, flags)
            if isThere {
                guard !flags.contains(.peek), count > 0 else { return count }
                tcp.connections[key].updateWindow(&network)
                tcp.settle(key, &network)
                return count
            }
            // The stream had its end before the connection met an error: as on Linux, that is left
            // to whoever sends or asks for it.
            if tcp.connections[key].flags.contains(.finReceived) { return 0 }
            hasEnded = tcp.connections[key].shut.contains(.receiving)
        } else if case .listening = endpoints[id.index].role {
            throw .notConnected
        }
        if let error = takeStreamError(id.index) { throw error }
        if hasEnded || endpoints[id.index].shut.contains(.receiving) { return 0 }
        throw streamState(id.index) == .closed ? .notConnected : .wouldBlock
    }

    /// Whether a reader that waits is content with the bytes that are there.
    private func isEnough(_ key: SlabIndex, _ id: SlabIndex, for room: Int) -> Bool {
        let lowWater = endpoints[id].options.receiveLowWater
        if lowWater <= 1 || tcp.connections[key].shut.contains(.receiving) { return true }
        if tcp.connections[key].receivableCount >= room { return true }
        return tcp.connections[key].isReadable(atLeast: lowWater, network.tcp)
    }

    /// The connection of a stream endpoint.
    func connection(_ id: EndpointID) throws(StackError) -> SlabIndex {
        try check(id)
        guard endpoints[id.index].kind == .stream else { throw .notSupported }
        guard case .connection(let key) = endpoints[id.index].role else { throw .notConnected }
        return key
    }
}
