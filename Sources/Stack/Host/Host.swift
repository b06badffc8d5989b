import Memory
import Wire

/// A host: its interfaces, its protocols and its sockets, as one value.
///
/// The caller hands in packets and the time, and takes out packets, readiness and the next
/// deadline:
///
///     host.receive(packet, on: interface, at: now)    // as many as there are
///     host.advance(to: now)                           // timers, and what the batch called for
///     while let packet = host.nextOutput(on: interface) { … }
///     while let ready = host.nextReady() { … }
///     sleep(until: host.nextDeadline)
///
/// Calls on endpoints never block; their time is that of the last `receive` or `advance`.
public struct Host: ~Copyable, Sendable {
    var network: NetworkLayer
    var tcp: TCPLayer
    var udp: UDPLayer
    var raw = RawLayer()
    var local = LocalLayer()
    var netlink = NetlinkLayer()
    var endpoints = Slab<Endpoint>()
    /// Endpoints with something to tell, each at most once.
    var ready = Ring<SlabIndex>()
    let ephemeralPorts: ClosedRange<UInt16>
    let firstUnprivilegedPort: UInt16

    /// The memory in which all packets and queues of the host live.
    public var pools: BufferPools { network.pools }

    /// - Parameter pools: Memory shared with other hosts; by default the host makes its own of
    ///   `configuration.memoryLimit` bytes.
    public init(_ configuration: HostConfiguration, pools: BufferPools? = nil) {
        let plan = BufferPools.Plan(byteLimit: configuration.memoryLimit)
        network = NetworkLayer(configuration, pools: pools ?? BufferPools(plan))
        tcp = TCPLayer(&network.random)
        udp = UDPLayer()
        ephemeralPorts = configuration.ephemeralPorts
        firstUnprivilegedPort = configuration.firstUnprivilegedPort
    }

    // MARK: - Set-up

    /// Attaches the host to a link. Networks of the addresses become routes.
    @discardableResult
    public mutating func addInterface(_ configuration: InterfaceConfiguration) -> InterfaceID {
        network.addInterface(configuration)
    }

    /// Adds a way out.
    ///
    /// - Throws: `.invalidArgument` when the interface is not one of the host's.
    public mutating func addRoute(_ route: Route) throws(StackError) {
        guard network.isValid(route.interface) else { throw .invalidArgument }
        network.routes.add(route)
    }

    /// Takes a way out away.
    ///
    /// - Throws: `.invalidArgument` when there is no such route.
    public mutating func removeRoute(_ route: Route) throws(StackError) {
        guard network.routes.remove(route) else { throw .invalidArgument }
    }

    /// The addresses of an interface, in the order in which they were added.
    public func addresses(of interface: InterfaceID) -> [InterfaceAddress] {
        guard network.isValid(interface) else { return [] }
        return network.interfaces[interface.rawValue].addresses
    }

    /// Gives an interface one more address, and a route to its network.
    ///
    /// - Throws: `.invalidArgument` when the interface is not one of the host's, or the address is
    ///   a group's.
    public mutating func addAddress(
        _ prefix: IPPrefix, on interface: InterfaceID
    ) throws(StackError) {
        guard network.isValid(interface), !prefix.address.isMulticast else {
            throw .invalidArgument
        }
        network.addManualAddress(prefix, on: interface, announces: true)
    }

    /// Takes an address away.
    ///
    /// - Throws: `.addressNotAvailable` when the interface does not have it.
    public mutating func removeAddress(
        _ address: IPAddress, on interface: InterfaceID
    ) throws(StackError) {
        guard network.isValid(interface), network.removeAddress(address, on: interface) else {
            throw .addressNotAvailable
        }
    }

    /// Whether packets for others are passed on: the host is a router (RFC 1812).
    public var forwards: Bool {
        get { network.forwards }
        set { network.setForwards(newValue) }
    }

    /// All routes, the most specific first.
    public var routes: [Route] { network.routes.routes }

    // MARK: - Time and packets

    /// The time that was last handed in.
    public var now: Instant { network.now }

    /// Takes in one frame, or one IP packet on a link without frames, possibly a merged one.
    ///
    /// What it calls for leaves with the next `advance`, so that a batch is answered as one.
    public mutating func receive(
        _ packet: consuming Packet, on interface: InterfaceID, at now: Instant
    ) {
        guard network.isValid(interface) else { return }
        if now > network.now { network.now = now }
        deliver(packet, on: interface)
        takeUpErrors()
    }

    /// Moves time on to `now`: runs the timers that are due and sends what is called for.
    public mutating func advance(to now: Instant) {
        if now > network.now { network.now = now }
        repeat {
            tcp.flush(&network)
            while let owner = network.timers.popDue(at: network.now) { runTimer(owner) }
            tcp.flush(&network)
            deliverLoopback()
            takeUpErrors()
        } while !network.loopback.isEmpty || !tcp.pending.isEmpty
        tcp.feed(network)
        collectEvents()
    }

    /// When `advance` should be called next if nothing happens before; `never` when no timer runs.
    public var nextDeadline: Instant {
        let isBusy = !tcp.pending.isEmpty || !network.loopback.isEmpty
        guard !isBusy else { return network.now }
        let timer = network.timers.nextDeadline
        // Memory may come back without a packet: from another host that shares the pools.
        return tcp.starved.isEmpty ? timer : min(timer, network.now + Self.memoryPoll)
    }

    /// How often memory is looked for while somebody waits for it.
    private static var memoryPoll: Interval { .milliseconds(10) }

    /// Takes the next packet that is to leave through `interface`, nil when none is.
    public mutating func nextOutput(on interface: InterfaceID) -> Packet? {
        guard network.isValid(interface) else { return nil }
        return network.interfaces[interface.rawValue].output.popFirst()
    }

    /// Whether packets wait to leave through `interface`.
    public func hasOutput(on interface: InterfaceID) -> Bool {
        network.isValid(interface) && !network.interfaces[interface.rawValue].output.isEmpty
    }

    private mutating func deliver(_ packet: consuming Packet, on interface: InterfaceID) {
        guard let delivery = network.accept(packet, on: interface) else { return }
        deliver(delivery)
    }

    private mutating func deliver(_ delivery: consuming Delivery) {
        let isIPv4 = delivery.source.isIPv4
        guard network.admits(delivery) else { return }
        // Raw endpoints see it before its protocol does.
        let isTaken = raw.isInUse && raw.receive(&delivery, &network)
        switch delivery.proto {
        case .tcp:
            tcp.receive(delivery, &network)
        case .udp:
            if let unwanted = udp.receive(delivery, &network) {
                network.sendError(.portUnreachable, about: unwanted)
            }
        case .icmp where isIPv4:
            network.acceptICMP(delivery)
        case .igmp where isIPv4:
            network.acceptIGMP(delivery)
        case .icmpv6 where !isIPv4:
            network.acceptICMPv6(delivery)
        default:
            guard !isTaken else { return }
            network.counters.count(.ipUnknownProtocol)
            let offset = delivery.protocolOffset
            network.sendError(
                delivery.isForeign ? .prohibited : .protocolUnreachable(offset: offset),
                about: delivery)
        }
    }

    /// Packets to ourselves that were waiting; those they cause wait for the next turn.
    private mutating func deliverLoopback() {
        for _ in 0..<network.loopback.count {
            guard let packet = network.loopback.popFirst() else { return }
            guard let delivery = network.acceptLooped(packet) else { continue }
            deliver(delivery)
        }
    }

    private mutating func takeUpErrors() {
        network.reportUnresolved()
        while let error = network.errors.popFirst() {
            if raw.isInUse { raw.takeUp(error, at: network.now) }
            switch error.proto {
            case .tcp: tcp.takeUp(error, &network)
            case .udp:
                notePathMTU(error)
                udp.takeUp(error, network)
            default: notePathMTU(error)
            }
        }
    }

    /// Believes a message that a datagram was too big for its path, if it may have been sent here:
    /// one of UDP by a socket that there is (RFC 5927 §7, as far as datagrams allow).
    private mutating func notePathMTU(_ error: TransportError) {
        guard case .packetTooBig(let mtu) = error.kind,
            error.proto != .udp
                || udp.find(
                    local: error.local, remote: error.remote, on: nil, network.hash) != nil
        else { return }
        network.notePathMTU(mtu, from: error.local.address, to: error.remote.address)
    }

    private mutating func runTimer(_ owner: TimerOwner) {
        switch owner.kind {
        case .connection: tcp.connectionTimer(owner.index, &network)
        case .halfOpen: tcp.halfOpenTimer(owner.index, &network)
        case .timeWait: tcp.remove(timeWait: owner.index, &network)
        case .neighbour: network.neighbourTimer(owner.index)
        case .groups: network.groupTimer(Int(owner.index.place))
        case .interface: network.upkeep(InterfaceID(rawValue: owner.number))
        case .reassembly: network.reassemblyTimer(owner.index)
        case .request: tcp.requestTimer(owner.index, &network)
        }
    }

    // MARK: - Readiness

    /// What happened to an endpoint.
    public struct Ready: Sendable {
        public let endpoint: EndpointID
        public let events: Readiness
    }

    /// Takes the next endpoint to which something happened since it was last taken.
    public mutating func nextReady() -> Ready? {
        collectEvents()
        while let id = ready.popFirst() {
            guard endpoints.contains(id) else { continue }
            let events = endpoints[id].events
            endpoints[id].events = []
            return Ready(endpoint: EndpointID(id), events: events)
        }
        return nil
    }

    mutating func collectEvents() {
        while let event = tcp.raised.popFirst() { note(event) }
        while let event = udp.raised.popFirst() { note(event) }
        while let event = raw.raised.popFirst() { note(event) }
        while let event = network.taps.raised.popFirst() { note(event) }
        while let event = local.raised.popFirst() { note(event) }
        if !network.addressChanges.isEmpty { announceAddresses() }
        while let event = netlink.raised.popFirst() { note(event) }
    }

    mutating func note(_ event: RaisedEvent) {
        guard endpoints.contains(event.endpoint), !event.events.isEmpty else { return }
        if endpoints[event.endpoint].events.isEmpty { ready.append(event.endpoint) }
        endpoints[event.endpoint].events.formUnion(event.events)
    }

    // MARK: - Statistics

    /// What was dropped and what happened, by reason.
    public var counters: Counters { network.counters }

    /// Why the host dropped something last, since this was asked before; nil where it did not.
    public mutating func takeLatestDrop() -> DropReason? { network.counters.latestDrop.take() }

    /// What passed through an interface.
    public func counters(of interface: InterfaceID) -> InterfaceCounters {
        guard network.isValid(interface) else { return InterfaceCounters() }
        return network.interfaces[interface.rawValue].counters
    }
}
