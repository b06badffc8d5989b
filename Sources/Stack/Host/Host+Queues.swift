import Memory

/// How much waits in the queues of an endpoint.
extension Host {
    /// How many bytes can be taken without waiting: of a stream up to the urgent mark, of datagrams
    /// and packets those of the first, of records within the host all. POSIX `FIONREAD`.
    ///
    /// - Throws: `.invalidArgument` for listeners.
    public func receivableCount(of id: EndpointID) throws(StackError) -> Int {
        try check(id)
        switch endpoints[id.index].role {
        case .listening: throw .invalidArgument
        case .connection(let key):
            let isInline = tcp.connections[key].flags.contains(.urgentInline)
            return isInline
                ? tcp.connections[key].receiveQueue.count : tcp.connections[key].countBeforeMark
        case .datagram(let key): return udp.sockets[key].inbox.firstCount
        case .raw(let key): return raw.sockets[key].inbox.firstCount
        case .packet(let key):
            let isEmpty = network.taps.sockets[key].queue.isEmpty
            return isEmpty ? 0 : network.taps.sockets[key].queue[0].packet.count
        case .local(let key): return try localReceiveQueue(key)
        case .netlink(let key):
            let isEmpty = netlink.sockets[key].queue.isEmpty
            return isEmpty ? 0 : netlink.sockets[key].queue[0].bytes.count
        case .unbound, .bound: return 0
        }
    }

    /// How many bytes the peer has not acknowledged yet, sent or not; within the host what nobody
    /// has read, in bytes of memory. Linux's `SIOCOUTQ`.
    ///
    /// - Throws: `.invalidArgument` for listeners.
    public func unacknowledgedCount(of id: EndpointID) throws(StackError) -> Int {
        try check(id)
        switch endpoints[id.index].role {
        case .listening: throw .invalidArgument
        case .connection(let key):
            switch tcp.connections[key].state {
            case .synSent, .synReceived: return 0
            default: return tcp.connections[key].sendQueue.count
            }
        case .local(let key):
            guard !local.sockets[key].isListening else { throw .invalidArgument }
            return local.sockets[key].charged
        default: return 0
        }
    }

    /// How many bytes of a stream were not sent once. Linux's `SIOCOUTQNSD`.
    ///
    /// - Throws: `.invalidArgument` for listeners.
    public func unsentCount(of id: EndpointID) throws(StackError) -> Int {
        try check(id)
        switch endpoints[id.index].role {
        case .listening: throw .invalidArgument
        case .connection(let key): return tcp.connections[key].unsentCount
        default: return 0
        }
    }
}
