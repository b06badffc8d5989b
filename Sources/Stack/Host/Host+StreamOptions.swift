import Memory
import Wire

/// What applications choose for single streams, and their urgent bytes.
extension Host {
    /// What holds for a stream. POSIX `getsockopt`.
    ///
    /// - Throws: `.notSupported` for datagrams.
    public func streamOptions(of id: EndpointID) throws(StackError) -> StreamOptions {
        try checkStream(id)
        return endpoints[id.index].streamOptions.first ?? StreamOptions(network.tcp)
    }

    /// Chooses for a stream, at any time; a listener's choices go over to what it accepts. POSIX
    /// `setsockopt`.
    ///
    /// - Throws: `.invalidArgument` when a value lies outside its range; `.notSupported` for
    ///   datagrams.
    public mutating func setStreamOptions(
        _ options: StreamOptions, of id: EndpointID
    ) throws(StackError) {
        try checkStream(id)
        guard options.isValid else { throw .invalidArgument }
        let before = try streamOptions(of: id)
        endpoints[id.index].streamOptions = [options]
        endpoints[id.index].abortsOnClose = options.linger == .zero
        switch endpoints[id.index].role {
        case .listening(let key): tcp.listeners[key].adopt(options)
        case .connection(let key):
            tcp.connections[key].adopt(options, network.tcp)
            restartKeepalive(key, before, options)
            // What is corked no more leaves.
            if before.isCorked, !options.isCorked { tcp.connections[key].output(&network) }
            tcp.settle(key, &network)
        default: break
        }
    }

    /// A shorter time counts from the last sign of life.
    private mutating func restartKeepalive(
        _ key: SlabIndex, _ before: StreamOptions, _ options: StreamOptions
    ) {
        guard before.keepaliveIdle != options.keepaliveIdle,
            tcp.connections[key].flags.contains(.keepalive),
            tcp.connections[key].state.isSynchronized
        else { return }
        let due = tcp.connections[key].lastHeard + options.keepaliveIdle
        tcp.connections[key].idleAt = max(due, network.now)
    }

    /// The most text of a segment that leaves now, options taken off, in bytes. POSIX `TCP_MAXSEG`.
    ///
    /// - Throws: `.notConnected`.
    public func segmentSize(of id: EndpointID) throws(StackError) -> Int {
        Int(tcp.connections[try connection(id)].segmentSize)
    }

    /// Has the next segments acknowledged at once, or as few as may be. `TCP_QUICKACK`.
    ///
    /// - Throws: `.notConnected`.
    public mutating func setQuickAcks(_ id: EndpointID, _ isOn: Bool) throws(StackError) {
        let key = try connection(id)
        tcp.connections[key].quickAcks = isOn ? 16 : 0
        guard isOn, tcp.connections[key].delayedAckAt != .never else { return }
        tcp.connections[key].sendAck(&network)
        tcp.settle(key, &network)
    }

    /// Gives bytes of which less than a segment waits for more, this once; how many were taken.
    /// POSIX `send` with `MSG_MORE`.
    ///
    /// - Throws: What `send` throws.
    public mutating func sendWithMore(
        _ id: EndpointID, _ bytes: Span<UInt8>
    ) throws(StackError) -> Int {
        let taken = try enqueue(id, bytes)
        guard taken > 0 else { return 0 }
        let key = try connection(id)
        let wasCorked = tcp.connections[key].flags.contains(.corked)
        tcp.connections[key].flags.insert(.corked)
        tcp.connections[key].output(&network)
        if !wasCorked { tcp.connections[key].flags.remove(.corked) }
        tcp.settle(key, &network)
        return taken
    }

    // MARK: - Urgent bytes

    /// Gives bytes of which the last one is urgent; how many were taken. POSIX `send` with
    /// `MSG_OOB`.
    ///
    /// - Throws: What `send` throws.
    public mutating func sendUrgent(
        _ id: EndpointID, _ bytes: Span<UInt8>
    ) throws(StackError) -> Int {
        let taken = try enqueue(id, bytes)
        guard taken > 0 else { return 0 }
        let key = try connection(id)
        tcp.connections[key].markUrgent(&network)
        tcp.settle(key, &network)
        return taken
    }

    /// Takes the peer's urgent byte, out of the stream's order, or looks at it only; nil at the end of
    /// the stream. POSIX `recv` with `MSG_OOB`.
    ///
    /// - Throws: `.invalidArgument` when none was announced, it was taken, or urgent bytes stay in
    ///   the stream; `.wouldBlock` when it was announced and has not come; `.notConnected`.
    public mutating func receiveUrgent(
        _ id: EndpointID, _ flags: ReceiveFlags = []
    ) throws(StackError) -> UInt8? {
        try checkStream(id)
        switch endpoints[id.index].role {
        case .listening: throw .notConnected
        case .connection(let key):
            let ended = tcp.connections[key].flags.contains(.finReceived)
            let shut = endpoints[id.index].shut.union(tcp.connections[key].shut)
            let state = tcp.connections[key].state
            do throws(StackError) {
                let byte = try tcp.connections[key].takeUrgent(isPeek: flags.contains(.peek))
                if state == .closed, !ended { throw .notConnected }
                return byte
            } catch .wouldBlock {
                if state == .closed, !ended { throw .notConnected }
                if shut.contains(.receiving) { return nil }
                throw .wouldBlock
            } catch {
                throw error
            }
        default: throw .invalidArgument
        }
    }

    /// Whether the next byte to be read is the one that the peer marked as urgent. POSIX
    /// `sockatmark`.
    ///
    /// - Throws: `.notSupported` for datagrams.
    public func isAtMark(_ id: EndpointID) throws(StackError) -> Bool {
        try checkStream(id)
        guard case .connection(let key) = endpoints[id.index].role else { return false }
        return tcp.connections[key].isAtMark
    }

    func checkStream(_ id: EndpointID) throws(StackError) {
        try check(id)
        guard endpoints[id.index].kind == .stream else { throw .notSupported }
    }
}
