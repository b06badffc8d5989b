import Memory
import Wire

/// What all transports of a host share: time, randomness, memory, interfaces, routes, neighbours,
/// timers and counters.
///
/// Packets come in through `accept` and go out through `send`; the transports work on it through
/// `inout`, each beside it and none above another.
struct NetworkLayer: ~Copyable {
    let pools: BufferPools
    let tcp: TCPConfiguration
    let timeToLive: UInt8
    /// Places keys in tables.
    let hash: KeyedHash
    /// The time that was last handed in.
    var now = Instant.zero
    var random: RandomSource
    var counters = Counters()
    var timers = TimerWheel()
    var interfaces = Ring<Interface>()
    var routes = RouteTable()
    var neighbours = NeighbourTable()
    var icmpLimit = RateLimit(perSecond: 1000, burst: 50)
    /// Acknowledgments for connections that are half open or over: those two hosts could otherwise
    /// send each other for ever.
    private var challengeLimit = RateLimit(perSecond: 1000, burst: 50)
    /// Packets from the host to itself, which come in again at the next turn.
    var loopback = Ring<Packet>()
    /// Errors that packets of ours met, for the transports to take up.
    var errors = Ring<TransportError>()
    private var identification: UInt16

    init(_ configuration: HostConfiguration, pools: BufferPools) {
        self.pools = pools
        tcp = configuration.tcp
        timeToLive = configuration.timeToLive
        var random = RandomSource(seed: configuration.seed.0, configuration.seed.1)
        hash = KeyedHash(key: random.next(), random.next())
        identification = UInt16(truncatingIfNeeded: random.next())
        self.random = random
        interfaces.append(
            Interface(
                InterfaceConfiguration(
                    name: "lo", link: .loopback, mtu: 65535,
                    addresses: [IPPrefix(host: .v4(127, 0, 0, 1))], offloadsChecksums: true,
                    segments: true)))
    }

    /// Whether memory is left for bytes to send. The last quarter is kept for what comes in:
    /// senders that hold everything would wait for ever for readers that find nothing.
    var hasMemoryToSend: Bool { pools.available.chunks > pools.capacity.chunks / 4 }

    /// Whether memory is left for text out of order: the last eighth is kept for text in order.
    var hasMemoryToReorder: Bool { pools.available.chunks > pools.capacity.chunks / 8 }

    static var loopbackID: InterfaceID { InterfaceID(rawValue: 0) }

    /// Room in front of what a transport writes: Ethernet and the longest IP header, rounded up.
    static var headroom: Int { 80 }

    // MARK: - Interfaces and routes

    mutating func addInterface(_ configuration: InterfaceConfiguration) -> InterfaceID {
        let id = InterfaceID(rawValue: interfaces.count)
        interfaces.append(Interface(configuration))
        for prefix in configuration.addresses {
            routes.add(Route(to: prefix.masked, on: id))
        }
        return id
    }

    func isValid(_ id: InterfaceID) -> Bool { id.rawValue >= 0 && id.rawValue < interfaces.count }

    /// The interface that has `address`, nil when it is not ours. All of 127/8 is.
    func interface(owning address: IPAddress) -> InterfaceID? {
        if address.isLoopback { return Self.loopbackID }
        for number in 0..<interfaces.count where interfaces[number].owns(address) {
            return InterfaceID(rawValue: number)
        }
        return nil
    }

    /// Whether `address` reaches every host of a network that `interface` is on.
    func isBroadcast(_ address: IPAddress, on interface: InterfaceID) -> Bool {
        guard let v4 = address.v4 else { return false }
        if v4.isBroadcast { return true }
        return interfaces[interface.rawValue].isBroadcast(address)
    }

    /// Whether an acknowledgment may be sent for a connection that has no limit of its own.
    mutating func takeChallenge() -> Bool {
        let isAllowed = challengeLimit.take(at: now)
        if isAllowed {
            counters.count(.tcpChallengeAcks)
        } else {
            counters.count(.tcpChallengeLimited)
        }
        return isAllowed
    }

    // MARK: - Paths

    /// How packets reach a destination.
    struct Path {
        var interface: InterfaceID
        var nextHop: IPAddress
        /// The address that the host speaks from on this path.
        var source: IPAddress
        var mtu: Int
        /// Whether merged packets of up to 64 KB may be sent.
        var segments: Bool
    }

    /// The path to `destination`, nil where no route leads.
    func path(to destination: IPAddress, from source: IPAddress? = nil) -> Path? {
        if interface(owning: destination) != nil {
            return path(
                through: Self.loopbackID, nextHop: destination, source: source ?? destination)
        }
        guard let route = routes.lookup(destination) else { return nil }
        let nextHop = route.gateway ?? destination
        let number = route.interface.rawValue
        guard let source = source ?? interfaces[number].address(facing: nextHop) else { return nil }
        return path(through: route.interface, nextHop: nextHop, source: source)
    }

    private func path(
        through id: InterfaceID, nextHop: IPAddress, source: IPAddress
    ) -> Path {
        Path(
            interface: id, nextHop: nextHop, source: source,
            mtu: interfaces[id.rawValue].configuration.mtu,
            segments: interfaces[id.rawValue].configuration.segments)
    }

    // MARK: - Output

    /// How an IP packet is sent, besides where to.
    struct SendOptions {
        var proto: IPProtocol
        var timeToLive: UInt8?
        var trafficClass: UInt8 = 0
        var dontFragment = true
    }

    /// Sends `packet`, whose head begins with the transport header, as one IP packet.
    mutating func send(
        _ packet: consuming Packet, from source: IPAddress, to destination: IPAddress,
        _ options: SendOptions
    ) {
        guard let path = path(to: destination, from: source) else {
            counters.count(.ipNoRoute)
            return
        }
        send(packet, along: path, from: source, to: destination, options)
    }

    mutating func send(
        _ packet: consuming Packet, along path: Path, from source: IPAddress,
        to destination: IPAddress, _ options: SendOptions
    ) {
        guard let source = source.v4, let target = destination.v4 else {
            counters.count(.ipNoRoute)
            return
        }
        // What counts against the MTU is the segment, not the merged packet (RFC 9293 §3.7.1).
        let isMerged = packet.metadata.segmentSize != 0
        guard isMerged || packet.count &+ IPv4Header.byteCount <= path.mtu else {
            counters.count(.packetTooBig)
            return
        }
        identification &+= 1
        packet.prepend(IPv4Header.byteCount)
        let header = IPv4Header(
            trafficClass: options.trafficClass,
            totalCount: UInt16(truncatingIfNeeded: packet.count), identification: identification,
            dontFragment: options.dontFragment, timeToLive: options.timeToLive ?? timeToLive,
            proto: options.proto, source: source, destination: target)
        if isMerged {
            // The link numbers the segments from here on.
            let segments = packet.count / Int(packet.metadata.segmentSize)
            identification &+= UInt16(truncatingIfNeeded: segments)
        }
        if case .partial(let start, let offset) = packet.metadata.checksum {
            packet.metadata.checksum = .partial(
                start: start &+ UInt16(truncatingIfNeeded: IPv4Header.byteCount), offset: offset)
        }
        var head = packet.mutableHead
        header.write(to: &head)
        transmit(packet, on: path.interface, to: path.nextHop)
    }

    /// Hands an IP packet to the link, with the neighbour's address in front where it needs one.
    mutating func transmit(
        _ packet: consuming Packet, on id: InterfaceID, to nextHop: IPAddress
    ) {
        switch interfaces[id.rawValue].configuration.link {
        case .loopback:
            guard loopback.count < Interface.outputLimit else {
                counters.count(.outputQueueFull)
                return
            }
            loopback.append(packet)
        case .ip:
            enqueue(packet, on: id)
        case .ethernet(let own):
            if isBroadcast(nextHop, on: id) {
                enqueue(packet, from: own, to: .broadcast, type: .ipv4, on: id)
            } else {
                resolve(nextHop, on: id, for: packet)
            }
        }
    }

    /// Puts an Ethernet header in front of `packet` and queues it.
    mutating func enqueue(
        _ packet: consuming Packet, from source: MACAddress, to destination: MACAddress,
        type: EtherType, on id: InterfaceID
    ) {
        guard packet.headroom >= EthernetHeader.byteCount else {
            counters.count(.noBuffer)
            return
        }
        packet.prepend(EthernetHeader.byteCount)
        if case .partial(let start, let offset) = packet.metadata.checksum {
            packet.metadata.checksum = .partial(
                start: start &+ UInt16(truncatingIfNeeded: EthernetHeader.byteCount),
                offset: offset)
        }
        var head = packet.mutableHead
        EthernetHeader(destination: destination, source: source, etherType: type).write(to: &head)
        enqueue(packet, on: id)
    }

    /// Queues a packet for the link, cut and summed as far as the link does not do it itself.
    private mutating func enqueue(_ packet: consuming Packet, on id: InterfaceID) {
        let isCut = interfaces[id.rawValue].configuration.segments
        guard packet.metadata.segmentSize != 0, !isCut else {
            append(packet, on: id)
            return
        }
        let isEthernet = interfaces[id.rawValue].configuration.link != .ip
        var segmenter = Segmenter(
            packet, networkOffset: isEthernet ? EthernetHeader.byteCount : 0)
        while let segment = segmenter.next(from: pools) { append(segment, on: id) }
    }

    private mutating func append(_ packet: consuming Packet, on id: InterfaceID) {
        guard interfaces[id.rawValue].output.count < Interface.outputLimit else {
            interfaces[id.rawValue].counters.drops &+= 1
            counters.count(.outputQueueFull)
            return
        }
        if !interfaces[id.rawValue].configuration.offloadsChecksums {
            completeChecksum(of: &packet)
        }
        counters.count(.packetsSent)
        interfaces[id.rawValue].counters.sentPackets &+= 1
        interfaces[id.rawValue].counters.sentBytes &+= UInt64(packet.count)
        interfaces[id.rawValue].output.append(packet)
    }
}

/// A bucket of tokens: so many at once, and so many a second after that.
struct RateLimit: Sendable {
    private let interval: Interval
    private let burst: Int
    /// When the bucket would be full again.
    private var full = Instant.zero

    init(perSecond: Int, burst: Int) {
        interval = Interval.seconds(1) / perSecond
        self.burst = burst
    }

    /// Takes a token; whether there was one.
    mutating func take(at now: Instant) -> Bool {
        if full < now { full = now }
        guard full - now < interval * burst else { return false }
        full = full + interval
        return true
    }
}
