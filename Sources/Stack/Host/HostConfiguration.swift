import Memory

/// What a host is made with.
public struct HostConfiguration: Sendable {
    /// Bytes for packets and queues: 1 MiB to 32 GiB. The host never takes more.
    public var memoryLimit = 64 << 20
    /// The secret from which everything unpredictable is drawn. The same seed, times and inputs
    /// give the same bytes; in production it is the system's randomness.
    public var seed: (UInt64, UInt64)
    /// Ports given to sockets that ask for none (RFC 6056; IANA's dynamic range).
    public var ephemeralPorts: ClosedRange<UInt16> = 49152...65535
    /// `bind` to a port below this is refused with `.accessDenied`: 0 for none on a host of one's
    /// own, 1024 where privileges matter (Linux's `ip_unprivileged_port_start`).
    public var firstUnprivilegedPort: UInt16 = 0
    public var timeToLive: UInt8 = 64
    /// Whether packets for others are passed on between interfaces: the host is a router
    /// (RFC 1812).
    public var forwards = false
    public var tcp = TCPConfiguration()

    public init(seed: (UInt64, UInt64)) { self.seed = seed }
}

/// The parameters of TCP; the defaults are Linux's.
public struct TCPConfiguration: Sendable {
    /// The most bytes a connection holds for its reader: 2,048 to 16 MiB.
    public var receiveBuffer = 1 << 20
    /// The most bytes a connection holds for its peer: 2,048 to 16 MiB.
    public var sendBuffer = 1 << 20
    /// Segments sent before the first acknowledgment (RFC 6928).
    public var initialWindow = 10
    /// RFC 6298 §2 with Linux's lower bound.
    public var initialTimeout = Interval.seconds(1)
    public var minimumTimeout = Interval.milliseconds(200)
    public var maximumTimeout = Interval.seconds(120)
    /// How long an acknowledgment may wait for company (RFC 9293 §3.8.6.3).
    public var delayedAck = Interval.milliseconds(40)
    /// How long a closed connection's name is kept: 2 × MSL (RFC 9293 §3.4.1).
    public var timeWait = Interval.seconds(60)
    /// The most closed connections that are kept so; beyond it the name is free at once.
    public var timeWaitLimit = 65536
    /// How often a SYN is sent again before the attempt fails.
    public var synRetries = 6
    /// How often a SYN-ACK is sent again.
    public var synAckRetries = 5
    /// How often data is sent again before the connection fails (RFC 1122 §4.2.3.5, R2).
    public var retries = 15
    /// How often the data of an orphan, a connection that its application has closed, is sent again
    /// or its window probed.
    public var orphanRetries = 8
    /// The most orphans; one more is reset when it is closed.
    public var orphanLimit = 16384
    /// How long an orphan waits in FIN-WAIT-2 for the peer's FIN.
    public var finTimeout = Interval.seconds(60)
    /// How long a keep-alive connection is idle before it is probed, then between probes, and how
    /// many go unanswered before it fails (RFC 9293 §3.8.4).
    public var keepaliveIdle = Interval.seconds(7200)
    public var keepaliveInterval = Interval.seconds(75)
    public var keepaliveProbes = 9
    /// The most connections that a listener holds half open, whatever its backlog.
    public var halfOpenLimit = 4096
    public var timestamps = true
    public var windowScaling = true
    public var selectiveAcks = true

    public init() {}
}
