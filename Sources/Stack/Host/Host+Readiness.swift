import Memory
import Wire

/// What endpoints are called, what they are ready for and what went wrong.
extension Host {
    /// The local name. POSIX `getsockname`; unspecified and port 0 before `bind`.
    public func localAddress(of id: EndpointID) throws(StackError) -> SocketAddress {
        try check(id)
        switch endpoints[id.index].role {
        case .unbound, .bound, .listening, .connection: return endpoints[id.index].name
        case .datagram(let key): return udp.sockets[key].local
        case .raw(let key):
            var local = raw.sockets[key].local
            // As on Linux the protocol stands where others have their port.
            if !raw.sockets[key].isEcho { local.port = UInt16(raw.sockets[key].proto.rawValue) }
            return local
        case .packet, .local, .netlink: throw .notSupported
        }
    }

    /// The peer's name. POSIX `getpeername`.
    ///
    /// - Throws: `.notConnected`, before the connection was established and after it ended too.
    public func remoteAddress(of id: EndpointID) throws(StackError) -> SocketAddress {
        try check(id)
        switch endpoints[id.index].role {
        case .connection(let key):
            switch tcp.connections[key].state {
            case .synSent, .closed: throw .notConnected
            default: return tcp.connections[key].tuple.remote
            }
        case .datagram(let key):
            guard let remote = udp.sockets[key].remote, remote.port != 0 else {
                throw .notConnected
            }
            return remote
        case .raw(let key):
            guard let remote = raw.sockets[key].remote else { throw .notConnected }
            return remote
        default: throw .notConnected
        }
    }

    /// Whom a stream was accepted from, whatever became of the connection since. POSIX `accept`.
    ///
    /// - Throws: `.notConnected` for endpoints that have no connection.
    public func peerAddress(ofAccepted id: EndpointID) throws(StackError) -> SocketAddress {
        try check(id)
        guard case .connection(let key) = endpoints[id.index].role else { throw .notConnected }
        return tcp.connections[key].tuple.remote
    }

    // MARK: - Readiness

    /// What the endpoint is ready for at this moment. POSIX `poll`.
    public func readiness(of id: EndpointID) throws(StackError) -> Readiness {
        try check(id)
        switch endpoints[id.index].role {
        case .unbound where endpoints[id.index].kind != .stream:
            return endpoints[id.index].shut.readiness.union(.writable)
        case .datagram(let key):
            return udp.sockets[key].inbox.readiness.union(endpoints[id.index].shut.readiness)
        case .raw(let key):
            return raw.sockets[key].inbox.readiness.union(endpoints[id.index].shut.readiness)
        case .packet(let key):
            return network.taps.sockets[key].queue.isEmpty ? .writable : [.readable, .writable]
        case .local(let key): return local.readiness(of: key)
        case .netlink(let key): return netlink.sockets[key].readiness
        case .listening(let key):
            return tcp.listeners[key].accepted.isEmpty ? [] : .readable
        case .unbound, .bound, .connection: return streamReadiness(id.index)
        }
    }

    /// As Linux's `tcp_poll`.
    private func streamReadiness(_ id: SlabIndex) -> Readiness {
        var ready: Readiness = []
        var shut = endpoints[id].shut
        if case .connection(let key) = endpoints[id].role {
            shut.formUnion(tcp.connections[key].shut)
            ready = tcp.connections[key].readiness(
                atLeast: endpoints[id].options.receiveLowWater, network.tcp)
        } else {
            ready = [.writable, .hangup]
        }
        ready.formUnion(shut.readiness)
        if shut.contains(.sending) { ready.insert(.writable) }
        if pendingError(id) != nil { ready.insert(.error) }
        return ready
    }

    /// Which directions have ended: a receiver that would wait gets nothing more then.
    public func shutdowns(of id: EndpointID) throws(StackError) -> Shutdown {
        try check(id)
        guard case .connection(let key) = endpoints[id.index].role else {
            return endpoints[id.index].shut
        }
        return endpoints[id.index].shut.union(tcp.connections[key].shut)
    }

    // MARK: - Errors

    /// Takes the pending error; of a stream that is alive also what a router told it last. POSIX
    /// `SO_ERROR`.
    public mutating func takeError(of id: EndpointID) throws(StackError) -> StackError? {
        try check(id)
        switch endpoints[id.index].role {
        case .connection(let key):
            return takeStreamError(id.index) ?? tcp.connections[key].takeError()
        case .datagram(let key): return udp.sockets[key].inbox.takeError()
        case .raw(let key): return raw.sockets[key].inbox.takeError()
        case .local(let key): return local.sockets[key].takeError()
        case .netlink(let key): return netlink.sockets[key].takeError()
        default: return takeStreamError(id.index)
        }
    }

    /// What the next call on a stream fails with.
    private func pendingError(_ id: SlabIndex) -> StackError? {
        if case .connection(let key) = endpoints[id].role, tcp.connections[key].state == .closed,
            let error = tcp.connections[key].error
        {
            return error
        }
        return endpoints[id].error
    }

    /// Takes what the next call on a stream is to fail with.
    mutating func takeStreamError(_ id: SlabIndex) -> StackError? {
        let error = pendingError(id)
        endpoints[id].error = nil
        if case .connection(let key) = endpoints[id].role, tcp.connections[key].state == .closed {
            tcp.connections[key].error = nil
        }
        return error
    }

    /// The state of a stream's connection; CLOSED where it has none.
    func streamState(_ id: SlabIndex) -> ConnectionState {
        switch endpoints[id].role {
        case .connection(let key): tcp.connections[key].state
        case .listening: .listen
        default: .closed
        }
    }
}

extension Shutdown {
    /// What `poll` shows of it.
    var readiness: Readiness {
        var ready: Readiness = []
        if contains(.receiving) { ready.formUnion([.readable, .readHangup]) }
        if contains(.both) { ready.insert(.hangup) }
        return ready
    }
}

extension Connection {
    /// Which directions have ended, by either side.
    var shut: Shutdown {
        if state == .closed { return .both }
        var shut: Shutdown = []
        if flags.contains(.finReceived) || flags.contains(.readShutDown) {
            shut.insert(.receiving)
        }
        if flags.contains(.finQueued) { shut.insert(.sending) }
        return shut
    }

    /// What the connection is ready for, but for what its shutdown and errors add.
    ///
    /// - Parameter lowWater: Bytes that make it readable.
    func readiness(atLeast lowWater: Int32, _ configuration: TCPConfiguration) -> Readiness {
        guard state != .closed else {
            var ready: Readiness = [.writable, .hangup, .drained]
            if flags.contains(.urgentIn), holdsUrgent { ready.insert(.priority) }
            return ready
        }
        var ready: Readiness = []
        if flags.contains(.finQueued), sendQueue.isEmpty, send.una == send.max {
            ready.insert(.drained)
        }
        guard state != .synSent, state != .synReceived else { return ready }
        if isReadable(atLeast: lowWater, configuration) { ready.insert(.readable) }
        if flags.contains(.urgentIn), holdsUrgent { ready.insert(.priority) }
        if hasRoomToTell(configuration) { ready.insert(.writable) }
        return ready
    }

    /// Takes the error that ended the connection.
    mutating func takeError() -> StackError? {
        let taken = error
        error = nil
        return taken
    }
}
