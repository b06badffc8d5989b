import Devices
public import Memory
public import Names
public import Stack
public import Wire

/// What a gateway is made with. The defaults are the network of `sockeye run`.
public struct GatewayConfiguration: Sendable {
    /// The gateway's own addresses. Who connects to them reaches the machine's loopback, as with
    /// slirp.
    public var addresses: [IPPrefix]
    /// Where it answers for names, over UDP and TCP port 53.
    public var nameServers: [IPAddress]
    /// Addresses of its host that are left to sockets of the owner's: nothing is carried on from
    /// there.
    public var services: [IPAddress]
    /// The host inside, one address a family: where packets for loopback addresses go, and
    /// connections from outside.
    public var inside: [IPAddress]
    /// Whether the host inside takes packets of loopback addresses from the link, as a Sockeye host
    /// with `routesLoopback` does and a kernel does not. Where it does not, who comes from the
    /// machine's loopback is seen as the gateway, and let in at the host's own address.
    public var insideTakesLoopback = true
    /// Names that it answers for itself, all below `sockeye`.
    public var names: [(name: String, address: IPAddress)]
    /// Where the machine says whom it asks for names; read again when it has changed.
    public var resolver = NameFile.path("/etc/resolv.conf")
    /// The port of the machine's name servers.
    public var resolverPort: UInt16 = 53
    /// Whether the machine itself, its loopback and its own addresses, is out of reach.
    public var isIsolated = false
    /// Which destinations are carried on, by kind and address; asked once a flow. What is not is
    /// refused as administratively prohibited.
    public var allows: @Sendable (EndpointKind, SocketAddress) -> Bool = { _, _ in true }
    /// The largest IP packet, 1,280 to 65,535 bytes; at most the device's.
    public var mtu = 65_535
    /// Of the link, where it carries frames.
    public var hardwareAddress = MACAddress(2, 0, 0x0A, 0, 2, 2)
    /// From which everything unpredictable is drawn.
    public var seed = SystemRandom.seed()
    /// The memory of its host; shared with the host inside, bytes pass without being copied.
    public var pools: BufferPools?
    /// Connections and datagram flows that there may be at a time.
    public var flowLimit = 8192
    /// How long a flow of datagrams lives without any: before an answer has come, and after.
    public var datagramPatience = Interval.seconds(30)
    public var datagramIdleTime = Interval.seconds(180)

    public init() {
        addresses = [Self.prefix(.v4(10, 0, 2, 2), 24), Self.prefix(Self.local(2), 64)]
        nameServers = [.v4(10, 0, 2, 3), Self.local(3)]
        services = [.v4(10, 0, 2, 4), Self.local(4)]
        inside = [.v4(10, 0, 2, 15), Self.local(0x15)]
        names = [
            ("services.sockeye", .v4(10, 0, 2, 4)), ("services.sockeye", Self.local(4)),
            ("gateway.sockeye", .v4(10, 0, 2, 2)), ("gateway.sockeye", Self.local(2)),
        ]
    }

    /// `fd00:2::number`.
    private static func local(_ number: UInt64) -> IPAddress {
        IPAddress(high: 0xFD00_0002 << 32, low: number)
    }

    private static func prefix(_ address: IPAddress, _ length: Int) -> IPPrefix {
        IPPrefix(address: address, length: length) ?? IPPrefix(host: address)
    }

    /// All addresses of the gateway's host: on the networks of `addresses`, as far as they lie there.
    var prefixes: [IPPrefix] {
        addresses
            + (nameServers + services).map { address in
                let network = addresses.first { $0.contains(address) }
                return Self.prefix(address, network.map { Int($0.length) } ?? address.bitCount)
            }
    }
}

extension IPAddress {
    fileprivate var bitCount: Int { isIPv4 ? 32 : 128 }
}
