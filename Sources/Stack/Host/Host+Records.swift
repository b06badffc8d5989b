import Memory

/// The calls on sequenced-packet endpoints, which connect within the host and keep records apart:
/// `AF_UNIX`, `SOCK_SEQPACKET`. `listen`, `accept`, `shutdownSend`, `shutdownReceive` and `close`
/// are those of streams.
extension Host {
    /// Makes two endpoints that are connected. POSIX `socketpair`.
    public mutating func openPair() -> (EndpointID, EndpointID) {
        let one = open(.sequencedPacket)
        let other = open(.sequencedPacket)
        if case .local(let first) = endpoints[one.index].role,
            case .local(let second) = endpoints[other.index].role
        {
            local.join(first, second)
        }
        return (one, other)
    }

    /// Gives an endpoint a name that others on the host connect to; it goes with the endpoint.
    /// POSIX `bind`.
    ///
    /// - Throws: `.addressInUse`, `.invalidArgument` when it has one or is connected,
    ///   `.notSupported` for other kinds.
    public mutating func bind(_ id: EndpointID, to name: LocalName) throws(StackError) {
        try local.bind(try localSocket(id), to: name)
    }

    /// Connects to who listens at `name`; records may be sent at once. POSIX `connect`.
    ///
    /// - Throws: `.connectionRefused` when nobody does, `.wouldBlock` when too many wait there,
    ///   `.alreadyConnected`, `.invalidArgument` for a listener, `.notSupported` for other kinds.
    public mutating func connect(_ id: EndpointID, to name: LocalName) throws(StackError) {
        try local.connect(try localSocket(id), to: name)
    }

    /// The name of an endpoint; nil without one. POSIX `getsockname`.
    public func localName(of id: EndpointID) throws(StackError) -> LocalName? {
        let key = try localSocket(id)
        return local.sockets[key].name
    }

    /// Sends a record, whole or not at all. POSIX `send`.
    ///
    /// - Throws: `.messageTooLong` above 131,072 bytes, `.wouldBlock` when the peer has no room,
    ///   `.brokenPipe` when it takes no more, `.connectionReset` when it left without reading,
    ///   `.notConnected`, `.noBufferSpace`.
    public mutating func sendRecord(
        _ id: EndpointID, _ record: Span<UInt8>
    ) throws(StackError) {
        try local.send(record, from: try localSocket(id), &network)
    }

    /// A record that was received.
    public struct Record: Equatable, Sendable {
        /// Bytes copied to the caller.
        public let count: Int
        /// Bytes that it had: more than `count` where the rest was cut off.
        public let fullCount: Int
    }

    /// Takes the next record; what does not fit into `buffer` is lost. nil when the peer sends no
    /// more. POSIX `recvmsg`.
    ///
    /// - Throws: `.wouldBlock` when none waits, `.connectionReset`, `.notConnected`.
    public mutating func receiveRecord(
        _ id: EndpointID, into buffer: inout MutableSpan<UInt8>
    ) throws(StackError) -> Record? {
        guard let record = try local.receive(try localSocket(id)) else { return nil }
        let count = record.copy(from: 0, into: &buffer)
        return Record(count: count, fullCount: record.count)
    }

    private func localSocket(_ id: EndpointID) throws(StackError) -> SlabIndex {
        try check(id)
        guard case .local(let key) = endpoints[id.index].role else { throw .notSupported }
        return key
    }

    /// Takes an end that waits at a listener, as an endpoint.
    mutating func acceptLocal(_ key: SlabIndex) throws(StackError) -> EndpointID {
        let accepted = try local.accept(key)
        var endpoint = Endpoint(.sequencedPacket, .inet)
        endpoint.role = .local(accepted)
        let id = endpoints.insert(endpoint)
        local.sockets[accepted].endpoint = id
        return EndpointID(id)
    }
}
