import Wire

/// Options that few endpoints have set, kept apart from those that many have.
public struct RareOptions: Equatable, Sendable {
    /// What packets of IPv4 are like, where the endpoint is of IPv6.
    public var mapped = InternetOptions.mapped
    /// Where raw endpoints of IPv6 compute and verify a checksum; nil for none (`IPV6_CHECKSUM`).
    public var checksumOffset: UInt16?
    /// Options of IPv4 that stand in each packet, up to 40 bytes (`IP_OPTIONS`).
    public var ipv4Options: [UInt8] = []
    /// Which packets the endpoint hears at all (`SO_ATTACH_FILTER`).
    public var filter: PacketFilter?
    /// Bytes after which datagrams are cut into several; nil for not at all (`UDP_SEGMENT`).
    public var segmentSize: UInt16?
    /// Bytes that fragments over IPv6 have at most, 1,280 and more (`IPV6_MTU`).
    public var fragmentLimit: UInt16?
    /// One of the host's addresses that datagrams over IPv6 come from, and the interface that they
    /// leave through, unless they say otherwise (`IPV6_PKTINFO`).
    public var v6Source: IPAddress?
    public var v6Interface: InterfaceID?
    /// What queues and routers of the host would go by: kept, and given back (`SO_PRIORITY`,
    /// `SO_MARK`).
    public var priority: Int32 = 0
    public var mark: UInt32 = 0
    /// Bytes that make an endpoint readable (`SO_RCVLOWAT`).
    public var receiveLowWater: Int32 = 1
    /// Whether `close` waits and how long, in seconds: streams have it in `StreamOptions.linger`
    /// too, others only keep it (`SO_LINGER`).
    public var lingers = false
    public var lingerSeconds: UInt32 = 0
    /// What streams have in `StreamOptions`: others only keep it (`SO_OOBINLINE`).
    public var urgentInline = false
    /// The host's address that datagrams to groups come from; nil for the interface's
    /// (`IP_MULTICAST_IF`).
    public var multicastSource: IPAddress?
    /// Whether datagrams over IPv6 go, and may come, without a checksum (`UDP_NO_CHECK6_TX`,
    /// `UDP_NO_CHECK6_RX`).
    public var omitsV6Checksum = false
    public var acceptsNoV6Checksum = false

    public init() {}
}

/// What is told beside a datagram that is received, as options ask for it: one bit an option.
public struct ReceivedDetails: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The local address and the interface (`IP_PKTINFO`).
    public static let packetInfo = ReceivedDetails(rawValue: 1 << 0)
    /// The hops left (`IP_RECVTTL`).
    public static let timeToLive = ReceivedDetails(rawValue: 1 << 1)
    /// DSCP and ECN (`IP_RECVTOS`).
    public static let trafficClass = ReceivedDetails(rawValue: 1 << 2)
    /// The options of the IPv4 packet (`IP_RECVOPTS`).
    public static let ipOptions = ReceivedDetails(rawValue: 1 << 3)
    /// The same, for an answer (`IP_RETOPTS`).
    public static let returnOptions = ReceivedDetails(rawValue: 1 << 4)
    /// Address and port that it was sent to (`IP_RECVORIGDSTADDR`).
    public static let destination = ReceivedDetails(rawValue: 1 << 5)
    /// The local address and the interface (`IPV6_RECVPKTINFO`).
    public static let v6PacketInfo = ReceivedDetails(rawValue: 1 << 6)
    /// The hops left (`IPV6_RECVHOPLIMIT`).
    public static let v6HopLimit = ReceivedDetails(rawValue: 1 << 7)
    /// DSCP and ECN (`IPV6_RECVTCLASS`).
    public static let v6TrafficClass = ReceivedDetails(rawValue: 1 << 8)
    /// Address and port that it was sent to (`IPV6_RECVORIGDSTADDR`).
    public static let v6Destination = ReceivedDetails(rawValue: 1 << 9)
    /// When it arrived, in microseconds (`SO_TIMESTAMP`).
    public static let timestamp = ReceivedDetails(rawValue: 1 << 10)
    /// When it arrived, in nanoseconds (`SO_TIMESTAMPNS`).
    public static let nanoseconds = ReceivedDetails(rawValue: 1 << 11)
    /// The same as `SO_TIMESTAMP_NEW` and `SO_TIMESTAMPNS_NEW` lay it out.
    public static let newTimestamp = ReceivedDetails(rawValue: 1 << 12)
    public static let newNanoseconds = ReceivedDetails(rawValue: 1 << 13)
    /// How many datagrams were dropped (`SO_RXQ_OVFL`).
    public static let drops = ReceivedDetails(rawValue: 1 << 14)

    /// All that ask for the time of arrival.
    public static let times: ReceivedDetails = [
        .timestamp, .nanoseconds, .newTimestamp, .newNanoseconds,
    ]
}
