import Wire

/// What an application may choose for one stream; what it does not, the host's configuration says.
///
/// A listener hands its choices to the streams that it accepts, as Linux does.
public struct StreamOptions: Equatable, Sendable {
    /// How long bytes may go without acknowledgment, or wait for a shut window, before the
    /// connection fails; nil for as long as the retransmissions last (RFC 5482, `TCP_USER_TIMEOUT`).
    public var userTimeout: Interval?
    /// How long a stream with keep-alive is silent before it is probed: 1 to 32,767 s
    /// (`TCP_KEEPIDLE`).
    public var keepaliveIdle: Interval
    /// How long between probes: 1 to 32,767 s (`TCP_KEEPINTVL`).
    public var keepaliveInterval: Interval
    /// How many probes go unanswered before the connection fails: 1 to 127 (`TCP_KEEPCNT`).
    public var keepaliveProbes: Int
    /// How often a SYN is sent again: 1 to 127 (`TCP_SYNCNT`).
    public var synRetries: Int
    /// How long a closed stream waits for the peer's FIN; nil for not at all (`TCP_LINGER2`).
    public var finTimeout: Interval?
    /// The most text of a segment in either direction, options included, in bytes: 88 to 32,767;
    /// nil for what the path carries (`TCP_MAXSEG`). It counts for SYNs that are yet to leave.
    public var maximumSegmentSize: Int?
    /// How long `close` waits until all has been acknowledged; zero resets the connection, nil
    /// leaves the rest to the host (`SO_LINGER`). The host itself never waits: who may, asks for
    /// `Readiness.drained`.
    public var linger: Interval?
    /// Whether less than a full segment waits, for 200 ms or so at most (`TCP_CORK`).
    public var isCorked = false
    /// Whether urgent bytes stay in the stream (`SO_OOBINLINE`).
    public var isUrgentInline = false
    /// Whether segments are acknowledged at once until the peer's way of sending is known
    /// (`TCP_QUICKACK`).
    public var acknowledgesAtOnce = true
    /// Whether `connect` is to wait for the first bytes (`TCP_FASTOPEN_CONNECT`): kept, and given
    /// back.
    public var defersConnect = false
    /// Bytes not yet sent beyond which no more are taken; 0 for as many as the buffer has room for
    /// (`TCP_NOTSENT_LOWAT`).
    public var notSentLowWater: UInt32 = 0
    /// The largest window that the peer is offered, in bytes; 0 for what the buffer has room for
    /// (`TCP_WINDOW_CLAMP`).
    public var windowClamp: UInt32 = 0
    /// How long a listener waits for a connection's first bytes before it tells of it; nil for not
    /// at all (`TCP_DEFER_ACCEPT`).
    public var deferAccept: Interval?
    /// Handshakes with data that may wait (`TCP_FASTOPEN`): kept, and given back.
    public var fastOpenBacklog: UInt32 = 0

    /// What a host's configuration says.
    init(_ configuration: TCPConfiguration) {
        userTimeout = nil
        keepaliveIdle = configuration.keepaliveIdle
        keepaliveInterval = configuration.keepaliveInterval
        keepaliveProbes = configuration.keepaliveProbes
        synRetries = configuration.synRetries
        finTimeout = configuration.finTimeout
        maximumSegmentSize = nil
        linger = nil
    }

    /// Whether every value lies within its range.
    var isValid: Bool {
        let times = Interval.seconds(1)...Interval.seconds(32_767)
        return (userTimeout ?? .zero) >= .zero && times.contains(keepaliveIdle)
            && times.contains(keepaliveInterval) && (1...127).contains(keepaliveProbes)
            && (1...127).contains(synRetries) && (finTimeout ?? .zero) >= .zero
            && (88...32_767).contains(maximumSegmentSize ?? 88)
            && (linger ?? .zero) >= .zero
    }
}

/// What only few connections have, kept apart from those that have not: options that an application
/// chose, urgent data, the clock of the user timeout.
struct Peculiarities: Sendable {
    var options: StreamOptions
    var urgent = UrgentData()
    /// The most bytes held for the reader and for the peer; 0 where the host decides.
    var receiveBuffer: UInt32 = 0
    var sendBuffer: UInt32 = 0
    /// Since when nothing was acknowledged although the timer expired.
    var stalledSince = Instant.never
    /// Options of IPv4 that stand in each packet; empty for none.
    var ipv4Options: [UInt8] = []

    init(_ options: StreamOptions) { self.options = options }
}

extension Connection {
    /// Makes the connection one that has peculiarities.
    mutating func becomePeculiar(_ configuration: TCPConfiguration) {
        if peculiar.isEmpty { peculiar.append(Peculiarities(StreamOptions(configuration))) }
    }

    /// Takes over what the application chose.
    mutating func adopt(_ options: StreamOptions, _ configuration: TCPConfiguration) {
        becomePeculiar(configuration)
        peculiar[0].options = options
        if !options.acknowledgesAtOnce { quickAcks = 0 }
        if options.isCorked { flags.insert(.corked) } else { flags.remove(.corked) }
        if options.isUrgentInline {
            flags.insert(.urgentInline)
        } else {
            flags.remove(.urgentInline)
        }
    }

    /// Takes over what the application chose for the IP header. The bits of ECN are TCP's.
    ///
    /// - Parameter family: The endpoint's: one of IPv6 has values of their own for IPv4.
    mutating func adopt(_ options: EndpointOptions, of family: AddressFamily) {
        let internet = options.internet(toIPv4: tuple.localAddress.isIPv4, of: family)
        hops = internet.timeToLive ?? 0
        trafficClass = internet.trafficClass & ~3
        switch internet.mtuDiscovery {
        case .fragment, .interface, .omitted: flags.insert(.mayBeFragmented)
        case .wanted, .required, .probe: flags.remove(.mayBeFragmented)
        }
        if tuple.zone == 0 { link = options.boundInterface?.zone ?? 0 }
        flags.subtract([.sharesAddress, .sharesPort])
        if options.sharesAddress { flags.insert(.sharesAddress) }
        if options.sharesPort { flags.insert(.sharesPort) }
    }

    /// Takes over which options of IPv4 stand in each packet. They take their place from the text of
    /// segments; of a connection only as long as it has sent none.
    mutating func adopt(ipv4Options options: [UInt8], _ configuration: TCPConfiguration) {
        guard tuple.localAddress.isIPv4, !options.isEmpty || !peculiar.isEmpty else { return }
        becomePeculiar(configuration)
        let before = UInt16(clamping: peculiar[0].ipv4Options.count &+ 3) & ~3
        let after = UInt16(clamping: options.count &+ 3) & ~3
        peculiar[0].ipv4Options = options
        maximumSegmentSize = maximumSegmentSize &+ before &- after
        segmentSize = segmentSize &+ before &- after
    }

    /// The options of IPv4 that stand in each packet; nil for none.
    var ipv4OptionList: IPv4OptionList? {
        guard let options = peculiar.first?.ipv4Options, !options.isEmpty else { return nil }
        return IPv4OptionList(options.span)
    }

    /// No segment is to be larger than the application says, in either direction.
    mutating func clampSegmentSize(_ options: StreamOptions) {
        guard let most = options.maximumSegmentSize else { return }
        announcedSegmentSize = min(announcedSegmentSize, UInt16(clamping: most))
        maximumSegmentSize = min(maximumSegmentSize, UInt16(clamping: most))
        segmentSize = maximumSegmentSize
    }

    /// What holds for this connection.
    func options(_ configuration: TCPConfiguration) -> StreamOptions {
        peculiar.isEmpty ? StreamOptions(configuration) : peculiar[0].options
    }

    /// Whether nobody holds the connection, nor will.
    var isOrphan: Bool { endpoint == nil && !flags.contains(.awaitingAccept) }
}
