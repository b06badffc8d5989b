import Memory

/// The calls on endpoints that reach others of the same host: `AF_UNIX`. `listen`, `accept`,
/// `shutdown…` and `close` are those of streams.
extension Host {
    /// Whose the endpoints are that are opened from now on. Process 0, user 0, group 0 unless it is
    /// said.
    public var credentials: Credentials {
        get { local.credentials }
        set { local.credentials = newValue }
    }

    /// Makes two endpoints that are connected. POSIX `socketpair`.
    public mutating func openPair(
        _ type: LocalType = .sequencedPacket
    ) -> (EndpointID, EndpointID) {
        let one = open(.local(type))
        let other = open(.local(type))
        if case .local(let first) = endpoints[one.index].role,
            case .local(let second) = endpoints[other.index].role
        {
            local.join(first, second)
        }
        return (one, other)
    }

    /// Gives an endpoint a name that others on the host find it by; it goes with the endpoint.
    /// POSIX `bind`.
    ///
    /// - Throws: `.addressInUse`, `.invalidArgument` when it has one, `.notSupported` for other
    ///   kinds.
    public mutating func bind(_ id: EndpointID, to name: LocalName) throws(StackError) {
        try local.bind(try localSocket(id), to: name)
    }

    /// Gives an endpoint without a name an abstract one of five hexadecimal digits. POSIX `bind`
    /// with an address that is a family only.
    ///
    /// - Throws: `.addressInUse` when there is none left, `.notSupported` for other kinds.
    public mutating func bindAutomatically(_ id: EndpointID) throws(StackError) {
        let key = try localSocket(id)
        guard local.sockets[key].name == nil else { return }
        try local.bindAutomatically(key, from: network.random.next(below: 1 << 20))
    }

    /// Connects to who listens at `name`; messages may be sent at once. Of a datagram endpoint it
    /// says where datagrams go, and whose alone are taken. POSIX `connect`.
    ///
    /// - Throws: `.connectionRefused` when nobody listens or nobody has the abstract name,
    ///   `.noSuchName` when nobody has the path, `.wrongType` when it is of another type,
    ///   `.wouldBlock` when too many wait there, `.alreadyConnected`, `.notPermitted` when a
    ///   datagram endpoint has another peer, `.invalidArgument` for a listener, `.notSupported`
    ///   for other kinds.
    public mutating func connect(_ id: EndpointID, to name: LocalName) throws(StackError) {
        let key = try localSocket(id)
        if local.sockets[key].passesCredentials { try bindAutomatically(id) }
        try local.connect(key, to: name, network)
    }

    /// Ends what `connect` fixed for a datagram endpoint. What had come is lost.
    ///
    /// - Throws: `.invalidArgument` for connections.
    mutating func disconnectLocal(_ key: SlabIndex) throws(StackError) {
        guard local.sockets[key].type == .datagram else { throw .invalidArgument }
        local.setPeer(of: key, to: nil)
    }

    /// The name of an endpoint; nil without one. POSIX `getsockname`.
    public func localName(of id: EndpointID) throws(StackError) -> LocalName? {
        let key = try localSocket(id)
        return local.sockets[key].name
    }

    /// The name of an endpoint's peer; nil for one without. POSIX `getpeername`.
    ///
    /// - Throws: `.notConnected`.
    public func peerName(of id: EndpointID) throws(StackError) -> LocalName? {
        try local.peerName(of: try localSocket(id))
    }

    /// Sends bytes of a stream, as many as there is room for, or a record or datagram, whole or not
    /// at all; how many bytes. POSIX `sendmsg`.
    ///
    /// - Parameters:
    ///   - name: Where a datagram goes; nil for the peer.
    ///   - attachments: What goes along with the first byte (`SCM_RIGHTS`).
    ///   - credentials: Whose it is said to be (`SCM_CREDENTIALS`); nil for the endpoint's own.
    /// - Throws: `.messageTooLong` for a record beyond the send buffer less 32 bytes, `.wouldBlock`
    ///   when there is no room, `.brokenPipe` when one of the sides ended it,
    ///   `.connectionReset` when the peer left without reading, `.notConnected`,
    ///   `.connectionRefused` when the receiver of datagrams is gone, `.notPermitted` when it has
    ///   another peer or for credentials of others, `.alreadyConnected` or `.notSupported` for a
    ///   name with a stream, `.noBufferSpace`, and what `connect` throws for a name.
    public mutating func sendMessage(
        _ id: EndpointID, _ content: Span<UInt8>, to name: LocalName? = nil,
        attachments: [MessageAttachment] = [], credentials: Credentials? = nil
    ) throws(StackError) -> Int {
        let key = try localSocket(id)
        if local.sockets[key].passesCredentials, local.sockets[key].type == .datagram {
            try bindAutomatically(id)
        }
        let send = LocalSend(
            destination: name, attachments: attachments, credentials: credentials)
        return try local.send(content, from: key, send, network)
    }

    /// Takes bytes of a stream, or the next record or datagram, of which is lost what does not fit
    /// into `buffer`. POSIX `recvmsg`.
    ///
    /// - Throws: `.wouldBlock` when none waits, `.connectionReset`, `.notConnected`,
    ///   `.invalidArgument` for a stream without a peer.
    public mutating func receiveMessage(
        _ id: EndpointID, into buffer: inout MutableSpan<UInt8>,
        _ options: LocalReceiveOptions = []
    ) throws(StackError) -> ReceivedLocalMessage {
        try local.receive(try localSocket(id), into: &buffer, options)
    }

    // MARK: - Who they are

    /// Whose an endpoint is.
    public func credentials(of id: EndpointID) throws(StackError) -> Credentials {
        let key = try localSocket(id)
        return local.sockets[key].credentials
    }

    /// Says whose an endpoint is from now on.
    public mutating func setCredentials(
        _ credentials: Credentials, of id: EndpointID
    ) throws(StackError) {
        let key = try localSocket(id)
        local.sockets[key].credentials = credentials
    }

    /// Whose the peer was when the connection was made; `.none` without one. `SO_PEERCRED`.
    public func peerCredentials(of id: EndpointID) throws(StackError) -> Credentials {
        let key = try localSocket(id)
        return local.sockets[key].peerCredentials ?? .none
    }

    /// Whether messages come with their senders' credentials. `SO_PASSCRED`.
    public func passesCredentials(_ id: EndpointID) throws(StackError) -> Bool {
        let key = try localSocket(id)
        return local.sockets[key].passesCredentials
    }

    /// Whether messages are to come with their senders' credentials. `SO_PASSCRED`.
    public mutating func setPassesCredentials(
        _ id: EndpointID, _ isOn: Bool
    ) throws(StackError) {
        let key = try localSocket(id)
        local.sockets[key].passesCredentials = isOn
    }

    // MARK: - Bounds

    /// Bytes that wait for the reader: of connections all, of datagrams the first's.
    func localReceiveQueue(_ key: SlabIndex) throws(StackError) -> Int {
        guard !local.sockets[key].isListening else { throw .invalidArgument }
        guard local.sockets[key].type == .datagram else { return local.sockets[key].bytes.count }
        return local.sockets[key].messages.isEmpty ? 0 : local.sockets[key].messages[0].count
    }

    // MARK: - Attachments that nobody took

    /// Whether there are attachments to let go of.
    public var hasReleasedAttachments: Bool { !local.released.isEmpty }

    /// Takes the attachments of messages that were lost, for the caller to let go of them when it no
    /// longer holds the host.
    public mutating func takeReleasedAttachments() -> [MessageAttachment] {
        let taken = local.released
        local.released = []
        return taken
    }

    func localSocket(_ id: EndpointID) throws(StackError) -> SlabIndex {
        try check(id)
        guard case .local(let key) = endpoints[id.index].role else { throw .notSupported }
        return key
    }

    /// Takes an end that waits at a listener, as an endpoint.
    mutating func acceptLocal(_ key: SlabIndex) throws(StackError) -> EndpointID {
        let accepted = try local.accept(key)
        var endpoint = Endpoint(.local(local.sockets[accepted].type), .inet)
        endpoint.role = .local(accepted)
        let id = endpoints.insert(endpoint)
        local.sockets[accepted].endpoint = id
        return EndpointID(id)
    }
}

/// Records, as they were called before there were streams and datagrams.
extension Host {
    /// A record that was received.
    public struct Record: Equatable, Sendable {
        /// Bytes copied to the caller.
        public let count: Int
        /// Bytes that it had: more than `count` where the rest was cut off.
        public let fullCount: Int
    }

    /// Sends a record, whole or not at all. POSIX `send`.
    public mutating func sendRecord(
        _ id: EndpointID, _ record: Span<UInt8>
    ) throws(StackError) {
        _ = try sendMessage(id, record)
    }

    /// Takes the next record; what does not fit into `buffer` is lost. nil when the peer sends no
    /// more. POSIX `recvmsg`.
    public mutating func receiveRecord(
        _ id: EndpointID, into buffer: inout MutableSpan<UInt8>
    ) throws(StackError) -> Record? {
        let key = try localSocket(id)
        let isEnd = local.sockets[key].messages.isEmpty
        let message = try receiveMessage(id, into: &buffer)
        return isEnd ? nil : Record(count: message.count, fullCount: message.fullCount)
    }
}
