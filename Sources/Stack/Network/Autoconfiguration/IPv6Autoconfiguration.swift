import Wire

/// How an interface comes to IPv6 addresses by itself (RFC 4862): it forms a link-local one, looks
/// for routers, and makes addresses of the prefixes that they tell.
public struct IPv6Autoconfiguration: Sendable {
    /// Whether routers are looked for and believed: addresses, routes, the link's MTU
    /// (RFC 4861 §6.3). Otherwise the link-local address is all.
    public var acceptsRouterAdvertisements = true
    /// Whether addresses that change are formed beside the stable ones, and preferred for
    /// connections that the host opens (RFC 8981).
    public var temporaryAddresses = false
    /// How long a temporary address is preferred at most (RFC 8981 §3.8).
    public var temporaryPreferredLifetime = Interval.seconds(86_400)
    /// How long a temporary address is valid at most (RFC 8981 §3.8).
    public var temporaryValidLifetime = Interval.seconds(172_800)
    /// How often it is asked whether somebody else has an address before it is used, 0 to 16;
    /// 0: not at all (RFC 4862 §5.1, DupAddrDetectTransmits).
    public var detectionTransmits = 1
    /// The secret from which stable addresses are made (RFC 7217 §5): with the same one a host has
    /// the same addresses on the same network again. By default it comes from the host's seed.
    public var stableSecret: (UInt64, UInt64)?

    public init() {}
}

/// What a router tells the hosts on a link, so that they configure themselves
/// (RFC 4861 §6.2). The host should forward packets.
public struct RouterAdvertising: Sendable {
    /// A prefix of 64 bits makes addresses; all are on the link. At most eight.
    public var prefixes: [PrefixInformation]
    /// How long the host serves as a default router, in seconds; 0: it does not.
    public var lifetime: UInt16 = 1800
    /// The MTU that is told, 1,280 to that of the interface; nil for none.
    public var mtu: UInt32?
    /// The hop limit that is told; 0 for none.
    public var hopLimit: UInt8 = 64
    /// Between two advertisements that nobody asked for, at most: 4 to 1,800 seconds.
    public var interval = Interval.seconds(600)

    public init(prefixes: [PrefixInformation]) { self.prefixes = prefixes }
}

extension RouterAdvertising {
    static var prefixLimit: Int { 8 }
}
