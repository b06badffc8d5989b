import Stack

// Keys of options of IPv6. ipv6(7), RFC 3493, RFC 3542.

extension SocketOption where Value == Bool {
    /// Whether it leaves IPv4 alone; set before `bind`. `IPV6_V6ONLY`.
    public static var isV6Only: Self { .flag(OptionLevel.ipv6, IPv6Level.v6Only) }

    /// Whether the host hears itself what it sends to groups. `IPV6_MULTICAST_LOOP`.
    public static var loopsV6Multicast: Self { .flag(OptionLevel.ipv6, IPv6Level.multicastLoop) }

    /// Whether groups are heard that only others listen to. `IPV6_MULTICAST_ALL`.
    public static var hearsAllV6Groups: Self { .flag(OptionLevel.ipv6, IPv6Level.multicastAll) }

    /// Whether what is above the path's MTU is refused. `IPV6_DONTFRAG`.
    public static var neverFragments: Self { .flag(OptionLevel.ipv6, IPv6Level.dontFragment) }

    /// Whether datagrams come with their destination and interface. `IPV6_RECVPKTINFO`.
    public static var receivesV6PacketInfo: Self {
        .flag(OptionLevel.ipv6, IPv6Level.receivePacketInfo)
    }

    /// Whether datagrams come with the hops that they had left. `IPV6_RECVHOPLIMIT`.
    public static var receivesHopLimit: Self { .flag(OptionLevel.ipv6, IPv6Level.receiveHopLimit) }

    /// Whether datagrams come with their DSCP and ECN. `IPV6_RECVTCLASS`.
    public static var receivesV6TrafficClass: Self {
        .flag(OptionLevel.ipv6, IPv6Level.receiveTrafficClass)
    }

    /// Whether datagrams come with the address and port that they were sent to.
    /// `IPV6_RECVORIGDSTADDR`.
    public static var receivesV6Destination: Self {
        .flag(OptionLevel.ipv6, IPv6Level.receiveDestination)
    }

    /// Whether each ICMPv6 error is kept for `MessageFlags.errorQueue`. `IPV6_RECVERR`.
    public static var receivesV6Errors: Self { .flag(OptionLevel.ipv6, IPv6Level.receiveErrors) }
}

extension SocketOption where Value == Int {
    /// Hops that packets may take: 0 to 255, or -1 for the host's number. `IPV6_UNICAST_HOPS`.
    public static var unicastHops: Self { .int(OptionLevel.ipv6, IPv6Level.unicastHops) }

    /// Hops that packets to groups may take: 0 to 255, or -1 for 1. `IPV6_MULTICAST_HOPS`.
    public static var multicastHops: Self { .int(OptionLevel.ipv6, IPv6Level.multicastHops) }

    /// The number of the interface that packets to groups leave through; 0 for the route's.
    /// `IPV6_MULTICAST_IF`.
    public static var multicastInterfaceIndex: Self {
        .int(OptionLevel.ipv6, IPv6Level.multicastInterface)
    }

    /// DSCP and ECN of packets: 0 to 255, or -1 for 0. `IPV6_TCLASS`.
    public static var v6TrafficClass: Self { .int(OptionLevel.ipv6, IPv6Level.trafficClass) }

    /// The largest packet to the peer in bytes, when read; when set, the largest fragment: 1,280
    /// and more, or 0 for what the path carries. `IPV6_MTU`.
    public static var v6PathMTU: Self { .int(OptionLevel.ipv6, IPv6Level.mtu) }

    /// Where raw sockets have a checksum computed and verified, an even number of bytes from the
    /// start of the payload; -1 for nowhere. `IPV6_CHECKSUM`.
    public static var checksumOffset: Self { .int(OptionLevel.ipv6, IPv6Level.checksum) }
}

extension SocketOption where Value == EndpointOptions.MTUDiscovery {
    /// Whether packets may be fragmented. `IPV6_MTU_DISCOVER`.
    public static var v6MTUDiscovery: Self { .discovery(OptionLevel.ipv6, IPv6Level.mtuDiscover) }
}
