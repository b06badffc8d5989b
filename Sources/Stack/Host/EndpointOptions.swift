import Memory

/// What may be set at an endpoint, as a whole: read it, change it, set it.
///
/// The comments name the option of Linux that each stands for. Small types keep an idle endpoint
/// small; what few endpoints have is in `rare`.
public struct EndpointOptions: Equatable, Sendable {
    /// Whether packets may be fragmented, and whether the path's MTU is obeyed. Linux's
    /// `IP_PMTUDISC_` values.
    public enum MTUDiscovery: UInt8, Sendable {
        /// Packets are fragmented where the path needs it, here or in IPv4 on the way
        /// (`IP_PMTUDISC_DONT`).
        case fragment
        /// Datagrams above the path's MTU are fragmented here, and IPv4 routers are to report
        /// where the others do not fit (`IP_PMTUDISC_WANT`).
        case wanted
        /// What is above the path's MTU is refused with `.messageTooLong` (`IP_PMTUDISC_DO`).
        case required
        /// As `required`, but only the interface's MTU counts, for programs that probe
        /// (`IP_PMTUDISC_PROBE`).
        case probe
        /// What is above the interface's MTU is refused; routers may fragment
        /// (`IP_PMTUDISC_INTERFACE`).
        case interface
        /// What is above the interface's MTU is fragmented, nothing else counts
        /// (`IP_PMTUDISC_OMIT`).
        case omitted
    }

    /// What packets of the endpoint's own family are like.
    public var internet = InternetOptions()
    private var flags: Flags = [.sendsAnywhere]
    /// What is told beside a datagram that is received.
    public var details: ReceivedDetails = []
    /// Bytes that may wait for the reader, each datagram counted with what it occupies: 2,304 to
    /// 1 GiB (`SO_RCVBUF`, which is set to half of it).
    public var receiveBuffer: UInt32 = 212_992
    /// Bytes that may wait to be sent: 4,608 to 1 GiB (`SO_SNDBUF`, which is set to half of it).
    public var sendBuffer: UInt32 = 212_992
    private var boundNumber: UInt16 = 0
    private var rareOptions: [RareOptions] = []

    public init() {}

    /// Those without which an endpoint gets along.
    public var rare: RareOptions {
        get { rareOptions.first ?? RareOptions() }
        set { rareOptions = newValue == RareOptions() ? [] : [newValue] }
    }

    /// Whether anything of `rare` was set.
    var hasRare: Bool { !rareOptions.isEmpty }

    /// What packets to an address of a family are like: an endpoint of IPv6 has values of their
    /// own for IPv4.
    func internet(toIPv4 isIPv4: Bool, of family: AddressFamily) -> InternetOptions {
        guard isIPv4, family == .inet6 else { return internet }
        return rareOptions.first?.mapped ?? .mapped
    }

    // MARK: - Those of a bit

    struct Flags: OptionSet, Sendable {
        let rawValue: UInt16

        static let allowsBroadcast = Flags(rawValue: 1 << 0)
        static let isV6Only = Flags(rawValue: 1 << 1)
        static let sharesAddress = Flags(rawValue: 1 << 2)
        static let sharesPort = Flags(rawValue: 1 << 3)
        static let includesHeader = Flags(rawValue: 1 << 4)
        static let omitsChecksum = Flags(rawValue: 1 << 5)
        static let isReceiveBufferChosen = Flags(rawValue: 1 << 6)
        static let isSendBufferChosen = Flags(rawValue: 1 << 7)
        static let bindsAnywhere = Flags(rawValue: 1 << 8)
        static let isTransparent = Flags(rawValue: 1 << 9)
        static let defersPort = Flags(rawValue: 1 << 10)
        static let sendsAnywhere = Flags(rawValue: 1 << 11)
        static let isCorked = Flags(rawValue: 1 << 12)
        static let mergesDatagrams = Flags(rawValue: 1 << 13)
        static let neverFragments = Flags(rawValue: 1 << 14)
        static let debugs = Flags(rawValue: 1 << 15)
    }

    private func has(_ flag: Flags) -> Bool { flags.contains(flag) }

    private mutating func set(_ flag: Flags, _ isOn: Bool) {
        if isOn { flags.insert(flag) } else { flags.remove(flag) }
    }

    /// Whether datagrams may be sent to broadcast addresses (`SO_BROADCAST`).
    public var allowsBroadcast: Bool {
        get { has(.allowsBroadcast) }
        set { set(.allowsBroadcast, newValue) }
    }

    /// Whether an endpoint of IPv6 leaves IPv4 alone (`IPV6_V6ONLY`). Set before `bind`.
    public var isV6Only: Bool {
        get { has(.isV6Only) }
        set { set(.isV6Only, newValue) }
    }

    /// Whether others that allow it too may have the same local name: a datagram to a group then
    /// reaches all of them, another one the latest (`SO_REUSEADDR`).
    public var sharesAddress: Bool {
        get { has(.sharesAddress) }
        set { set(.sharesAddress, newValue) }
    }

    /// Whether others that allow it too may have the same local name, and what comes in is spread
    /// over them (`SO_REUSEPORT`).
    public var sharesPort: Bool {
        get { has(.sharesPort) }
        set { set(.sharesPort, newValue) }
    }

    /// Whether what is sent begins with an IP header (`IP_HDRINCL`); for raw endpoints.
    public var includesHeader: Bool {
        get { has(.includesHeader) }
        set { set(.includesHeader, newValue) }
    }

    /// Whether IPv4 datagrams are sent without a checksum (`SO_NO_CHECK`).
    public var omitsChecksum: Bool {
        get { has(.omitsChecksum) }
        set { set(.omitsChecksum, newValue) }
    }

    /// Whether a program has set the size of the receive buffer, so that TCP leaves it alone.
    public var isReceiveBufferChosen: Bool {
        get { has(.isReceiveBufferChosen) }
        set { set(.isReceiveBufferChosen, newValue) }
    }

    /// Whether a program has set the size of the send buffer, so that TCP leaves it alone.
    public var isSendBufferChosen: Bool {
        get { has(.isSendBufferChosen) }
        set { set(.isSendBufferChosen, newValue) }
    }

    /// Whether it may be bound to addresses that are not the host's (`IP_FREEBIND`).
    public var bindsAnywhere: Bool {
        get { has(.bindsAnywhere) }
        set { set(.bindsAnywhere, newValue) }
    }

    /// As `bindsAnywhere`, for proxies (`IP_TRANSPARENT`).
    public var isTransparent: Bool {
        get { has(.isTransparent) }
        set { set(.isTransparent, newValue) }
    }

    /// Whether `bind` to port 0 leaves the choice to `connect` (`IP_BIND_ADDRESS_NO_PORT`).
    public var defersPort: Bool {
        get { has(.defersPort) }
        set { set(.defersPort, newValue) }
    }

    /// Whether packets may pass routers (`SO_DONTROUTE`, the other way round).
    public var sendsAnywhere: Bool {
        get { has(.sendsAnywhere) }
        set { set(.sendsAnywhere, newValue) }
    }

    /// Whether datagrams are collected into one until this is turned off (`UDP_CORK`).
    public var isCorked: Bool {
        get { has(.isCorked) }
        set { set(.isCorked, newValue) }
    }

    /// Whether the reader takes several datagrams at once (`UDP_GRO`).
    public var mergesDatagrams: Bool {
        get { has(.mergesDatagrams) }
        set { set(.mergesDatagrams, newValue) }
    }

    /// Whether datagrams above the path's MTU are refused over IPv6 (`IPV6_DONTFRAG`).
    public var neverFragments: Bool {
        get { has(.neverFragments) }
        set { set(.neverFragments, newValue) }
    }

    /// `SO_DEBUG`, which does nothing.
    public var debugs: Bool {
        get { has(.debugs) }
        set { set(.debugs, newValue) }
    }

    // MARK: - Those of the family

    /// Hops that packets may take, 1 to 255; nil for the host's default (`IP_TTL`,
    /// `IPV6_UNICAST_HOPS`).
    public var timeToLive: UInt8? {
        get { internet.timeToLive }
        set { internet.timeToLive = newValue }
    }

    /// DSCP and ECN (`IP_TOS`, `IPV6_TCLASS`). TCP sets the two bits of ECN itself.
    public var trafficClass: UInt8 {
        get { internet.trafficClass }
        set { internet.trafficClass = newValue }
    }

    /// `IP_MTU_DISCOVER`, `IPV6_MTU_DISCOVER`.
    public var mtuDiscovery: MTUDiscovery {
        get { internet.mtuDiscovery }
        set { internet.mtuDiscovery = newValue }
    }

    /// Hops that packets to groups may take, 0 to 255; 0 keeps them on the host
    /// (`IP_MULTICAST_TTL`, `IPV6_MULTICAST_HOPS`).
    public var multicastTimeToLive: UInt8 {
        get { internet.multicastTimeToLive }
        set { internet.multicastTimeToLive = newValue }
    }

    /// Whether the host's own members of a group hear what is sent to it (`IP_MULTICAST_LOOP`).
    public var loopsMulticast: Bool {
        get { internet.loopsMulticast }
        set { internet.loopsMulticast = newValue }
    }

    /// Whether groups are heard that only others of the host listen to (`IP_MULTICAST_ALL`,
    /// `IPV6_MULTICAST_ALL`).
    public var hearsAllGroups: Bool {
        get { internet.hearsAllGroups }
        set { internet.hearsAllGroups = newValue }
    }

    /// Whether each ICMP error is kept for `nextError`, connected or not (`IP_RECVERR`).
    public var keepsErrors: Bool {
        get { internet.keepsErrors }
        set { internet.keepsErrors = newValue }
    }

    /// Where packets to groups leave (`IP_MULTICAST_IF`, `IPV6_MULTICAST_IF`); nil for the route's.
    public var multicastInterface: InterfaceID? {
        get { internet.multicastInterface }
        set { internet.multicastInterface = newValue }
    }

    /// Where raw endpoints of IPv6 compute and verify a checksum, an even number of bytes from the
    /// start of the payload; nil for none (`IPV6_CHECKSUM`).
    public var checksumOffset: UInt16? {
        get { rareOptions.first?.checksumOffset }
        set { rare.checksumOffset = newValue }
    }

    /// Bytes that make an endpoint readable, at least 1 (`SO_RCVLOWAT`).
    public var receiveLowWater: Int32 {
        get { rareOptions.first?.receiveLowWater ?? 1 }
        set { rare.receiveLowWater = newValue }
    }

    /// The only interface that packets come in and go out on (`SO_BINDTODEVICE`).
    public var boundInterface: InterfaceID? {
        get { InterfaceID(zone: boundNumber) }
        set { boundNumber = newValue?.zone ?? 0 }
    }

    static var smallestReceiveBuffer: UInt32 { 2304 }
    static var smallestSendBuffer: UInt32 { 4608 }
    static var largestBuffer: UInt32 { 1 << 30 }
}
