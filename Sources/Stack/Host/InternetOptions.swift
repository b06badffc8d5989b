/// What packets of one family are like that an endpoint sends, and what it hears.
public struct InternetOptions: Equatable, Sendable {
    /// Hops that packets may take, 1 to 255; nil for the host's default (`IP_TTL`,
    /// `IPV6_UNICAST_HOPS`).
    public var timeToLive: UInt8?
    /// DSCP and ECN (`IP_TOS`, `IPV6_TCLASS`).
    public var trafficClass: UInt8 = 0
    /// `IP_MTU_DISCOVER`, `IPV6_MTU_DISCOVER`.
    public var mtuDiscovery = EndpointOptions.MTUDiscovery.wanted
    /// Hops that packets to groups may take, 0 to 255 (`IP_MULTICAST_TTL`, `IPV6_MULTICAST_HOPS`).
    public var multicastTimeToLive: UInt8 = 1
    /// `IP_MULTICAST_LOOP`, `IPV6_MULTICAST_LOOP`.
    public var loopsMulticast = true
    /// `IP_MULTICAST_ALL`, `IPV6_MULTICAST_ALL`.
    public var hearsAllGroups = true
    /// `IP_RECVERR`, `IPV6_RECVERR`.
    public var keepsErrors = false
    private var multicastNumber: UInt16 = 0

    public init() {}

    /// Of IPv4 at an endpoint of IPv6, which as on Linux hears only groups that it joined itself.
    static var mapped: InternetOptions {
        var options = InternetOptions()
        options.hearsAllGroups = false
        return options
    }

    /// Where packets to groups leave (`IP_MULTICAST_IF`, `IPV6_MULTICAST_IF`); nil for the route's.
    public var multicastInterface: InterfaceID? {
        get { InterfaceID(zone: multicastNumber) }
        set { multicastNumber = newValue?.zone ?? 0 }
    }
}
