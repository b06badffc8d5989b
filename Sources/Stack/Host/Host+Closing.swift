import Memory
import Wire

/// Endpoints that end: POSIX `shutdown` and `close`.
extension Host {
    /// Ends one direction or both. What was given before still reaches the peer, followed by a FIN;
    /// what was received before can still be taken. A stream that still connects is set back, and so
    /// is a listener that shall receive no more. POSIX `shutdown`.
    ///
    /// - Throws: `.notConnected`, and calls then still see the end, as on Linux.
    public mutating func shutdown(_ id: EndpointID, _ how: Shutdown) throws(StackError) {
        try check(id)
        switch endpoints[id.index].role {
        case .local(let key):
            return local.shut(
                key, receiving: how.contains(.receiving), sending: how.contains(.sending))
        case .packet, .netlink: throw .notSupported
        default: break
        }
        guard endpoints[id.index].kind == .stream else { return try shutDatagram(id, how) }
        let state = streamState(id.index)
        if endpoints[id.index].phase == .connecting {
            let isOver = state == .closed || !state.isSynchronized || state == .synReceived
            endpoints[id.index].phase = isOver ? .disconnecting : .connected
        }
        switch endpoints[id.index].role {
        case .listening where how.contains(.receiving): disconnectStream(id)
        case .listening: break
        case .connection where state == .synSent: disconnectStream(id)
        case .connection(let key) where state != .closed:
            if how.contains(.receiving) {
                tcp.connections[key].flags.insert(.readShutDown)
                tcp.connections[key].events.insert([.readable, .readHangup])
            }
            if how.contains(.sending) {
                tcp.connections[key].queueFin(&network)
                // Who waits for room waits in vain now.
                tcp.connections[key].events.insert(.writable)
            }
            tcp.settle(key, &network)
        default:
            endpoints[id.index].shut.formUnion(how)
            note(RaisedEvent(endpoint: id.index, events: [.readable, .writable, .hangup]))
            throw .notConnected
        }
    }

    private mutating func shutDatagram(_ id: EndpointID, _ how: Shutdown) throws(StackError) {
        endpoints[id.index].shut.formUnion(how)
        let shut = endpoints[id.index].shut
        note(RaisedEvent(endpoint: id.index, events: [.readable, .writable, .readHangup]))
        switch endpoints[id.index].role {
        case .datagram(let key):
            udp.sockets[key].shut = shut
            guard udp.sockets[key].remote != nil else { throw .notConnected }
        case .raw(let key):
            raw.sockets[key].shut = shut
            guard raw.sockets[key].remote != nil else { throw .notConnected }
        default: throw .notConnected
        }
    }

    /// Ends our side: after all that was given comes a FIN. POSIX `shutdown` with `SHUT_WR`.
    ///
    /// - Throws: `.notConnected`.
    public mutating func shutdownSend(_ id: EndpointID) throws(StackError) {
        try shutdown(id, .sending)
    }

    /// Readers see the end once they have taken what is there. POSIX `shutdown` with `SHUT_RD`.
    ///
    /// - Throws: `.notConnected`.
    public mutating func shutdownReceive(_ id: EndpointID) throws(StackError) {
        try shutdown(id, .receiving)
    }

    // MARK: - Letting go

    /// Lets go of an endpoint. A stream's bytes still reach the peer, in order and followed by a
    /// FIN, unless bytes of the peer were left unread: then it is reset. POSIX `close`.
    public mutating func close(_ id: EndpointID) throws(StackError) {
        try check(id)
        network.leaveAll(id.index)
        switch endpoints[id.index].role {
        case .bound, .listening: tcp.ports.drop(claim(of: id.index), network.hash)
        default: break
        }
        let endpoint = endpoints.remove(id.index)
        switch endpoint.role {
        case .unbound, .bound: break
        case .listening(let key): closeListener(key)
        case .datagram(let key): udp.remove(key, network.hash)
        case .raw(let key): raw.sockets.remove(key)
        case .packet(let key): network.taps.sockets.remove(key)
        case .local(let key): local.close(key)
        case .netlink(let key):
            netlink.remove(key)
            noteGroups()
        case .connection(let key): release(key, aborts: endpoint.abortsOnClose)
        }
    }

    /// Resets the connection and lets go of the endpoint (RFC 9293 §3.10.5, ABORT).
    public mutating func abort(_ id: EndpointID) throws(StackError) {
        try check(id)
        endpoints[id.index].abortsOnClose = true
        try close(id)
    }

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
        var listener = tcp.remove(listener: key, network.hash)
        while let id = listener.accepted.popFirst() {
            tcp.connections[id].flags.remove(.awaitingAccept)
            release(id, aborts: true)
        }
    }
}
