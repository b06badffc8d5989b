import Stack
import Wire

// Keys of options of IPv4, which sockets of IPv6 have too. ip(7).

extension SocketOption where Value == Int {
    /// Hops that packets may take: 1 to 255, or -1 for the host's number. `IP_TTL`.
    public static var timeToLive: Self { .int(OptionLevel.ip, IPLevel.ttl) }

    /// DSCP and ECN of packets. `IP_TOS`.
    public static var typeOfService: Self { .int(OptionLevel.ip, IPLevel.tos) }

    /// The largest packet to the peer, in bytes; read only. `IP_MTU`.
    public static var pathMTU: Self { .int(OptionLevel.ip, IPLevel.mtu) }

    /// Hops that packets to groups may take: 0 to 255. `IP_MULTICAST_TTL`.
    public static var multicastTimeToLive: Self { .int(OptionLevel.ip, IPLevel.multicastTTL) }
}

extension SocketOption where Value == Bool {
    /// Whether what is sent begins with an IP header; of raw sockets. `IP_HDRINCL`.
    public static var includesHeader: Self { .flag(OptionLevel.ip, IPLevel.headerIncluded) }

    /// Whether datagrams come with their destination and interface. `IP_PKTINFO`.
    public static var receivesPacketInfo: Self { .flag(OptionLevel.ip, IPLevel.packetInfo) }

    /// Whether datagrams come with the hops that they had left. `IP_RECVTTL`.
    public static var receivesTimeToLive: Self { .flag(OptionLevel.ip, IPLevel.receiveTTL) }

    /// Whether datagrams come with their DSCP and ECN. `IP_RECVTOS`.
    public static var receivesTypeOfService: Self { .flag(OptionLevel.ip, IPLevel.receiveTOS) }

    /// Whether datagrams come with the options of their header. `IP_RECVOPTS`.
    public static var receivesIPOptions: Self { .flag(OptionLevel.ip, IPLevel.receiveOptions) }

    /// Whether datagrams come with the address and port that they were sent to.
    /// `IP_RECVORIGDSTADDR`.
    public static var receivesDestination: Self {
        .flag(OptionLevel.ip, IPLevel.receiveDestination)
    }

    /// Whether each ICMP error is kept for `MessageFlags.errorQueue`. `IP_RECVERR`.
    public static var receivesErrors: Self { .flag(OptionLevel.ip, IPLevel.receiveErrors) }

    /// Whether `bind` takes addresses that are not the host's. `IP_FREEBIND`.
    public static var bindsAnywhere: Self { .flag(OptionLevel.ip, IPLevel.freeBind) }

    /// Whether it may speak from addresses that are not the host's. `IP_TRANSPARENT`.
    public static var isTransparent: Self { .flag(OptionLevel.ip, IPLevel.transparent) }

    /// Whether `bind` to port 0 leaves the choice to `connect`. `IP_BIND_ADDRESS_NO_PORT`.
    public static var defersPort: Self { .flag(OptionLevel.ip, IPLevel.bindNoPort) }

    /// Whether the host hears itself what it sends to groups. `IP_MULTICAST_LOOP`.
    public static var loopsMulticast: Self { .flag(OptionLevel.ip, IPLevel.multicastLoop) }

    /// Whether groups are heard that only others listen to. `IP_MULTICAST_ALL`.
    public static var hearsAllGroups: Self { .flag(OptionLevel.ip, IPLevel.multicastAll) }
}

extension SocketOption where Value == EndpointOptions.MTUDiscovery {
    /// Whether packets may be fragmented. `IP_MTU_DISCOVER`.
    public static var mtuDiscovery: Self { .discovery(OptionLevel.ip, IPLevel.mtuDiscover) }
}

extension SocketOption where Value == [UInt8] {
    /// Options that stand in the header of each packet, up to 40 bytes. `IP_OPTIONS`.
    public static var ipOptions: Self { .bytes(OptionLevel.ip, IPLevel.options, 40) }
}

extension SocketOption where Value == IPAddress {
    /// The address of the interface that packets to groups leave through; unspecified for the
    /// route's. `IP_MULTICAST_IF`.
    public static var multicastInterface: Self { .v4(OptionLevel.ip, IPLevel.multicastInterface) }
}
