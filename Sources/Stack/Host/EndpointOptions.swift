import Memory

/// What may be set at an endpoint, as a whole: read it, change it, set it.
///
/// The comments name the option of Linux that each stands for. Small types keep an idle endpoint
/// small.
public struct EndpointOptions: Equatable, Sendable {
    /// Whether packets may be fragmented, and whether the path's MTU is obeyed.
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
    }

    /// Hops that packets may take, 1 to 255; nil for the host's default (`IP_TTL`,
    /// `IPV6_UNICAST_HOPS`).
    public var timeToLive: UInt8?
    /// DSCP and ECN (`IP_TOS`, `IPV6_TCLASS`). TCP sets the two bits of ECN itself.
    public var trafficClass: UInt8 = 0
    /// `IP_MTU_DISCOVER`, `IPV6_MTU_DISCOVER`.
    public var mtuDiscovery = MTUDiscovery.wanted
    /// Hops that packets to groups may take, 0 to 255; 0 keeps them on the host
    /// (`IP_MULTICAST_TTL`, `IPV6_MULTICAST_HOPS`).
    public var multicastTimeToLive: UInt8 = 1
    /// Whether the host's own members of a group hear what is sent to it (`IP_MULTICAST_LOOP`).
    public var loopsMulticast = true
    /// Whether groups are heard that only others of the host listen to (`IP_MULTICAST_ALL`,
    /// `IPV6_MULTICAST_ALL`).
    public var hearsAllGroups = true
    /// Whether datagrams may be sent to broadcast addresses (`SO_BROADCAST`).
    public var allowsBroadcast = false
    /// Whether an endpoint of IPv6 leaves IPv4 alone (`IPV6_V6ONLY`). Set before `bind`.
    public var isV6Only = false
    /// Whether others that allow it too may have the same local name: a datagram to a group then
    /// reaches all of them, another one the latest (`SO_REUSEADDR`).
    public var sharesAddress = false
    /// Whether what is sent begins with an IP header (`IP_HDRINCL`); for raw endpoints.
    public var includesHeader = false
    /// Whether each ICMP error is kept for `nextError`, connected or not (`IP_RECVERR`).
    public var keepsErrors = false
    /// Whether IPv4 datagrams are sent without a checksum (`SO_NO_CHECK`).
    public var omitsChecksum = false
    /// Bytes that may wait for the reader, each datagram counted with what it occupies: 2,304 to
    /// 16 MiB (`SO_RCVBUF`).
    public var receiveBuffer: UInt32 = 212_992
    /// Where raw endpoints of IPv6 compute and verify a checksum, an even number of bytes from the
    /// start of the payload; nil for none (`IPV6_CHECKSUM`).
    public var checksumOffset: UInt16?
    private var boundNumber: UInt16 = 0
    private var multicastNumber: UInt16 = 0

    public init() {}

    /// The only interface that packets come in and go out on (`SO_BINDTODEVICE`).
    public var boundInterface: InterfaceID? {
        get { Self.interface(boundNumber) }
        set { boundNumber = Self.number(newValue) }
    }

    /// Where packets to groups leave (`IP_MULTICAST_IF`, `IPV6_MULTICAST_IF`); nil for the route's.
    public var multicastInterface: InterfaceID? {
        get { Self.interface(multicastNumber) }
        set { multicastNumber = Self.number(newValue) }
    }

    // Numbers from 1, as in zones: 0 is none.

    private static func interface(_ number: UInt16) -> InterfaceID? {
        number == 0 ? nil : InterfaceID(rawValue: Int(number) &- 1)
    }

    private static func number(_ interface: InterfaceID?) -> UInt16 {
        guard let interface else { return 0 }
        return UInt16(clamping: interface.rawValue &+ 1)
    }

    static var smallestReceiveBuffer: UInt32 { 2304 }
    static var largestReceiveBuffer: UInt32 { 16 << 20 }
}

/// Options of endpoints: `getsockopt` and `setsockopt`.
extension Host {
    /// The options of an endpoint.
    public func options(of id: EndpointID) throws(StackError) -> EndpointOptions {
        try check(id)
        return endpoints[id.index].options
    }

    /// Changes the options of an endpoint. The receive buffer is brought into its range, as Linux
    /// does.
    ///
    /// - Throws: `.invalidArgument` for a time to live of 0, an interface that the host has not,
    ///   an odd checksum offset, or `isV6Only` changed after `bind`; `.badDescriptor`.
    public mutating func setOptions(
        _ options: EndpointOptions, of id: EndpointID
    ) throws(StackError) {
        try check(id)
        let old = endpoints[id.index].options
        var options = options
        guard options.timeToLive != 0, (options.checksumOffset ?? 0) & 1 == 0 else {
            throw .invalidArgument
        }
        if let bound = options.boundInterface {
            guard network.isValid(bound) else { throw .invalidArgument }
        }
        if let multicast = options.multicastInterface {
            guard network.isValid(multicast) else { throw .invalidArgument }
        }
        if options.isV6Only != old.isV6Only {
            guard case .unbound = endpoints[id.index].role else { throw .invalidArgument }
        }
        options.receiveBuffer = min(
            max(options.receiveBuffer, EndpointOptions.smallestReceiveBuffer),
            EndpointOptions.largestReceiveBuffer)
        endpoints[id.index].options = options
        switch endpoints[id.index].role {
        case .datagram(let key): udp.sockets[key].options = options
        case .connection(let key): tcp.connections[key].adopt(options)
        case .listening(let key): tcp.listeners[key].options = options
        case .raw(let key): raw.sockets[key].options = options
        case .packet(let key):
            network.taps.sockets[key].receiveBuffer = options.receiveBuffer
        default: break
        }
    }
}
