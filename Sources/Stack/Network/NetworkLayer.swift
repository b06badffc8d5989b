import Memory
import Wire

/// What all transports of a host share: time, randomness, memory, interfaces, routes, neighbours,
/// timers and counters.
///
/// Packets come in through `accept` and go out through `send`; the transports work on it through
/// `inout`, each beside it and none above another. Its files by concern: `PacketArrival`,
/// `IPv4Arrival`, `IPv6Arrival`, `Forwarding` (in), `Paths`, `SourceSelection`, `IPOutput`,
/// `LinkOutput` (out), `ICMP…` (errors and echoes).
struct NetworkLayer: ~Copyable {
    let pools: BufferPools
    let tcp: TCPConfiguration
    let timeToLive: UInt8
    /// Whether packets for others are passed on (RFC 1812).
    var forwards: Bool
    /// Places keys in tables.
    let hash: KeyedHash
    /// The time that was last handed in.
    var now = Instant.zero
    var random: RandomSource
    var counters = Counters()
    var timers = TimerWheel()
    var interfaces = Ring<Interface>()
    var routes = RouteTable()
    var redirects = RedirectTable()
    var neighbours = NeighbourTable()
    var groups = GroupTable()
    var proxies = ProxyTable()
    /// Packets whose next hop did not answer; their senders are to be told.
    var unresolved = Ring<LoopedPacket>()
    /// What neighbours see of chance: delays, numbers, temporary addresses.
    var neighbourRandom: RandomSource
    /// Makes stable addresses (RFC 7217).
    let addressKey: KeyedHash
    var reassembly = ReassemblyTable()
    var pathMTUs = PathMTUTable()
    var identifications: IdentificationSource
    var icmpLimit = RateLimit(perSecond: 1000, burst: 50)
    /// Datagrams and echo requests to others, for the owner.
    var foreign = ForeignTraffic()
    /// Packet endpoints, which see frames as they come and go.
    var taps = PacketLayer()
    /// Addresses that came and went, where somebody wants to know.
    var addressChanges = Ring<AddressChange>()
    var tellsAddresses = false
    /// Packets from the host to itself, which come in again at the next turn.
    var loopback = Ring<LoopedPacket>()
    /// Errors that packets of ours met, for the transports to take up.
    var errors = Ring<TransportError>()

    init(_ configuration: HostConfiguration, pools: BufferPools) {
        self.pools = pools
        tcp = configuration.tcp
        timeToLive = configuration.timeToLive
        forwards = configuration.forwards
        var random = RandomSource(seed: configuration.seed.0, configuration.seed.1)
        hash = KeyedHash(key: random.next(), random.next())
        identifications = IdentificationSource(&random)
        self.random = random
        neighbourRandom = RandomSource(seed: hash.secret(1), hash.secret(2))
        addressKey = KeyedHash(key: hash.secret(3), hash.secret(4))
        _ = addInterface(
            InterfaceConfiguration(
                name: "lo", link: .loopback, mtu: 65535,
                addresses: [
                    IPPrefix(host: .v4(127, 0, 0, 1)),
                    IPPrefix(host: IPAddress(IPv6Address.loopback)),
                ], offloadsChecksums: true, segments: true))
    }

    /// Whether memory is left for bytes to send. The last quarter is kept for what comes in:
    /// senders that hold everything would wait for ever for readers that find nothing.
    var hasMemoryToSend: Bool { pools.available.chunks > pools.capacity.chunks / 4 }

    /// Whether memory is left for text out of order: the last eighth is kept for text in order.
    var hasMemoryToReorder: Bool { pools.available.chunks > pools.capacity.chunks / 8 }

    static var loopbackID: InterfaceID { InterfaceID(rawValue: 0) }

    /// Room in front of what a transport writes: Ethernet and the longest IP header, rounded up.
    static var headroom: Int { 80 }

    mutating func addInterface(_ configuration: InterfaceConfiguration) -> InterfaceID {
        let id = InterfaceID(rawValue: interfaces.count)
        interfaces.append(Interface(configuration, NeighbourTimes(&neighbourRandom)))
        prepareGroups(on: id)
        for prefix in configuration.addresses {
            addManualAddress(
                prefix, on: id, announces: configuration.announcesAddresses)
        }
        startAutoconfiguration(on: id)
        return id
    }

    func isValid(_ id: InterfaceID) -> Bool { id.rawValue >= 0 && id.rawValue < interfaces.count }
}

/// A packet from the host to itself, and the link it is heard on: loopback, or the link of a group
/// that the host is a member of.
struct LoopedPacket: ~Copyable {
    var packet: Packet
    let interface: InterfaceID
}
