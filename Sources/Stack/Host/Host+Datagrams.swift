import Memory
import Wire

/// The calls on endpoints that send and receive datagrams: of UDP, of echoes, raw ones.
extension Host {
    /// Where the socket of such an endpoint is.
    enum DatagramKey {
        case udp(SlabIndex)
        case raw(SlabIndex)
    }

    /// Works on a socket where it lies. A subscript that yields would allocate its frame each time.
    private mutating func with<Result: ~Copyable>(
        _ key: DatagramKey, _ body: (inout DatagramSocket) -> Result
    ) -> Result {
        switch key {
        case .udp(let id): body(&udp.sockets[id])
        case .raw(let id): body(&raw.sockets[id])
        }
    }

    /// The socket of an endpoint; nil before a UDP endpoint has a name.
    func datagramKey(_ id: EndpointID) throws(StackError) -> DatagramKey? {
        try check(id)
        switch endpoints[id.index].role {
        case .datagram(let key): return .udp(key)
        case .raw(let key): return .raw(key)
        case .unbound where endpoints[id.index].kind == .datagram: return nil
        default: throw .notSupported
        }
    }

    /// The socket of an endpoint, which gets a port or an identifier if it has none.
    private mutating func namedDatagramKey(_ id: EndpointID) throws(StackError) -> DatagramKey {
        if let key = try datagramKey(id) {
            let isNamed = with(key) { $0.proto != .udp && !$0.isEcho || $0.local.port != 0 }
            guard !isNamed else { return key }
        }
        try nameByItself(id)
        guard let key = try datagramKey(id) else { throw .notSupported }
        return key
    }

    /// Gives an endpoint a port that nobody chose; an address that was chosen stays.
    private mutating func nameByItself(_ id: EndpointID) throws(StackError) {
        let chosen = endpoints[id.index].chosen.intersection(.address)
        var name = endpoints[id.index].name
        if !chosen.isEmpty, let key = try datagramKey(id) { name = with(key) { $0.local } }
        name.port = 0
        try assign(id, name)
    }

    // MARK: - Peers

    /// A peer, or a group, of one link of IPv6 must be said to be on one (RFC 4007 §6).
    private func checkNamesLink(
        _ id: EndpointID, _ remote: SocketAddress
    ) throws(StackError) {
        let address = remote.address
        guard !address.isIPv4, remote.zone == 0,
            endpoints[id.index].options.boundInterface == nil,
            address.needsZone || address.isMulticast && AddressScope(address) == .linkLocal
        else { return }
        guard address.isMulticast, endpoints[id.index].options.multicastInterface != nil else {
            throw .invalidArgument
        }
    }

    mutating func connectDatagram(
        _ id: EndpointID, to remote: SocketAddress
    ) throws(StackError) {
        let key = try namedDatagramKey(id)
        try checkNamesLink(id, remote)
        let control = DatagramControl()
        let route =
            switch key {
            case .udp(let id): try network.route(for: udp.sockets[id], to: remote, control)
            case .raw(let id): try network.route(for: raw.sockets[id], to: remote, control)
            }
        with(key) { $0.connect(to: route.target, from: route.path.source) }
    }

    /// Lets a datagram endpoint hear and speak to anybody again; a port that the application did not
    /// name itself is given up, as on Linux.
    mutating func disconnectDatagram(_ id: EndpointID) throws(StackError) {
        guard let key = try datagramKey(id) else { return }
        let chosen = endpoints[id.index].chosen
        with(key) { $0.disconnect(chosen) }
        endpoints[id.index].options.boundInterface = nil
        guard case .udp(let socket) = key, !chosen.contains(.port) else { return }
        let local = udp.sockets[socket].local
        udp.rename(
            socket, to: SocketAddress(address: local.address, port: 0, zone: local.zone),
            network.hash)
    }

    // MARK: - Out

    /// Sends one datagram, or with `segmentSize` several. Of a raw endpoint it is what the IP header
    /// is put in front of, or has it already; of an endpoint for echoes a request of ICMP, whose
    /// identifier and checksum are filled in. POSIX `sendto`, `sendmsg`.
    ///
    /// - Parameters:
    ///   - remote: Where to; nil for a connected endpoint's peer.
    ///   - control: What goes before the endpoint's options for this datagram.
    /// - Throws: `.destinationRequired`, `.messageTooLong`, `.networkUnreachable`,
    ///   `.accessDenied` for everybody's address without `allowsBroadcast`, `.noBufferSpace`,
    ///   `.addressFamilyNotSupported`, `.invalidArgument`, or the error that an earlier datagram
    ///   met.
    public mutating func send(
        _ id: EndpointID, _ payload: Span<UInt8>, to remote: SocketAddress?,
        _ control: DatagramControl = DatagramControl()
    ) throws(StackError) {
        let key = try namedDatagramKey(id)
        guard let target = remote ?? with(key, { $0.remote }) else { throw .destinationRequired }
        try endpoints[id.index].checkFamily(of: target.address)
        switch key {
        case .udp(let key):
            guard payload.count <= 0xFFFF else { throw .messageTooLong }
            guard target.port != 0 || remote == nil else { throw .invalidArgument }
            try udp.send(payload, from: key, to: target, control, &network)
        case .raw(let key):
            try raw.send(payload, from: key, to: target, control, &network)
        }
    }

    // MARK: - In

    /// A datagram that was received, and what came with it.
    public struct Datagram: Equatable, Sendable {
        public let source: SocketAddress
        /// Where it was sent to: one of the host's addresses, a group's or everybody's.
        public let destination: SocketAddress
        /// Bytes copied to the caller.
        public let count: Int
        /// Bytes that the datagram had: more than `count` where the rest was cut off.
        public let fullCount: Int
        /// Where it came in.
        public let interface: InterfaceID
        /// The hops that it had left.
        public let timeToLive: UInt8
        /// DSCP and ECN.
        public let trafficClass: UInt8
        /// When it came in.
        public let arrival: Instant
        /// The options of its IPv4 header, where they were asked for (`IP_RECVOPTS`).
        public let ipOptions: [UInt8]
        /// How many datagrams the endpoint had lost before for want of room (`SO_RXQ_OVFL`).
        public let drops: UInt32

        init(_ queued: borrowing QueuedDatagram, count: Int) {
            source = queued.source
            destination = queued.destination
            self.count = count
            fullCount = queued.packet.count
            interface = queued.interface
            timeToLive = queued.timeToLive
            trafficClass = queued.trafficClass
            arrival = queued.arrival
            ipOptions = queued.ipOptions
            drops = queued.drops
        }
    }

    /// Takes the next datagram, or looks at it; what does not fit into `buffer` is lost. A raw
    /// endpoint of IPv4 gets it with its IP header. POSIX `recvfrom`, `recvmsg`.
    ///
    /// - Throws: `.wouldBlock` when none waits, or the error that an earlier datagram met. Where
    ///   receiving was shut down nothing is worth waiting for: see `shutdowns`.
    public mutating func receiveDatagram(
        _ id: EndpointID, into buffer: inout MutableSpan<UInt8>, _ flags: ReceiveFlags = []
    ) throws(StackError) -> Datagram {
        guard let key = try datagramKey(id) else { throw .wouldBlock }
        if let error = with(key, { $0.inbox.takeError() }) { throw error }
        if flags.contains(.peek) {
            switch key {
            case .udp(let id): return try udp.sockets[id].inbox.peek(into: &buffer)
            case .raw(let id): return try raw.sockets[id].inbox.peek(into: &buffer)
            }
        }
        guard let next = with(key, { $0.inbox.popFirst() }) else { throw .wouldBlock }
        let count = next.packet.copy(from: 0, into: &buffer)
        return Datagram(next, count: count)
    }

    /// Copies the next datagram and leaves it where it is. POSIX `recvfrom` with `MSG_PEEK`.
    ///
    /// - Throws: What `receiveDatagram` throws.
    public mutating func peekDatagram(
        _ id: EndpointID, into buffer: inout MutableSpan<UInt8>
    ) throws(StackError) -> Datagram {
        try receiveDatagram(id, into: &buffer, .peek)
    }

    /// Sends the datagram that was given in parts, nothing where there is none. `UDP_CORK` turned
    /// off.
    ///
    /// - Throws: What `send` throws.
    public mutating func flushDatagram(of id: EndpointID) throws(StackError) {
        guard case .udp(let key) = try datagramKey(id) else { return }
        try udp.flush(key, &network)
    }

    /// Which messages of ICMP a raw endpoint is to see. `ICMP_FILTER`, `ICMP6_FILTER`.
    ///
    /// - Throws: `.notSupported` for endpoints that are not raw.
    public func filter(of id: EndpointID) throws(StackError) -> ICMPFilter {
        try check(id)
        guard case .raw(let key) = endpoints[id.index].role, !raw.sockets[key].isEcho else {
            throw .notSupported
        }
        return raw.sockets[key].filter
    }

    /// Takes the error that was kept longest, of an endpoint that keeps them; nil when none is.
    /// Linux's `recvmsg` with `MSG_ERRQUEUE`.
    public mutating func nextError(of id: EndpointID) throws(StackError) -> ReportedError? {
        guard let key = try datagramKey(id) else { return nil }
        return with(key) { $0.inbox.nextError() }
    }

    /// Says which messages of ICMP a raw endpoint is to see; all unless it is said. `ICMP_FILTER`,
    /// `ICMP6_FILTER`.
    ///
    /// - Throws: `.notSupported` for endpoints that are not raw.
    public mutating func setFilter(
        _ filter: ICMPFilter, of id: EndpointID
    ) throws(StackError) {
        try check(id)
        guard case .raw(let key) = endpoints[id.index].role, !raw.sockets[key].isEcho else {
            throw .notSupported
        }
        raw.sockets[key].filter = filter
    }
}
