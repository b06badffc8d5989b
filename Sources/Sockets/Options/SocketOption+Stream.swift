import Stack

// Keys of options of streams. tcp(7).

extension SocketOption where Value == Bool {
    /// Whether small segments leave at once. `TCP_NODELAY`.
    public static var noDelay: Self { .flag(OptionLevel.tcp, TCPLevel.noDelay) }

    /// Whether less than a segment waits, for 200 ms at most. `TCP_CORK`.
    public static var isCorked: Self { .flag(OptionLevel.tcp, TCPLevel.cork) }

    /// Whether segments are acknowledged at once. `TCP_QUICKACK`.
    public static var acknowledgesAtOnce: Self { .flag(OptionLevel.tcp, TCPLevel.quickAck) }

    /// Whether `connect` waits for the first bytes. `TCP_FASTOPEN_CONNECT`.
    public static var defersConnect: Self { .flag(OptionLevel.tcp, TCPLevel.fastOpenConnect) }
}

extension SocketOption where Value == Int {
    /// The most text of a segment in bytes: 88 to 32,767, or 0 for what the path carries.
    /// `TCP_MAXSEG`.
    public static var maximumSegmentSize: Self { .int(OptionLevel.tcp, TCPLevel.maximumSegment) }

    /// How many probes may go unanswered: 1 to 127. `TCP_KEEPCNT`.
    public static var keepaliveProbes: Self { .int(OptionLevel.tcp, TCPLevel.keepCount) }

    /// How often a SYN is sent again: 1 to 127. `TCP_SYNCNT`.
    public static var synRetries: Self { .int(OptionLevel.tcp, TCPLevel.synCount) }

    /// Handshakes with data that may wait. `TCP_FASTOPEN`.
    public static var fastOpenBacklog: Self { .int(OptionLevel.tcp, TCPLevel.fastOpen) }

    /// Bytes not yet sent above which no more are taken; 0 for no such bound.
    /// `TCP_NOTSENT_LOWAT`.
    public static var notSentLowWater: Self { .int(OptionLevel.tcp, TCPLevel.notSentLowWater) }

    /// The largest window that the peer is offered; 0 for what the buffer has room for.
    /// `TCP_WINDOW_CLAMP`.
    public static var windowClamp: Self { .int(OptionLevel.tcp, TCPLevel.windowClamp) }
}

extension SocketOption where Value == String {
    /// The name of the congestion control. `TCP_CONGESTION`.
    public static var congestionControl: Self { .text(OptionLevel.tcp, TCPLevel.congestion, 16) }
}

extension SocketOption where Value == Duration {
    /// How long a stream is silent before it is probed, 1 to 32,767 s. `TCP_KEEPIDLE`.
    public static var keepaliveIdle: Self { .seconds(OptionLevel.tcp, TCPLevel.keepIdle) }

    /// How long between probes, 1 to 32,767 s. `TCP_KEEPINTVL`.
    public static var keepaliveInterval: Self { .seconds(OptionLevel.tcp, TCPLevel.keepInterval) }

    /// How long a listener waits for a connection's first bytes; zero for not at all.
    /// `TCP_DEFER_ACCEPT`.
    public static var deferAccept: Self { .seconds(OptionLevel.tcp, TCPLevel.deferAccept) }

    /// How long a closed stream waits for the peer's FIN: 120 s at most, zero for the host's own
    /// time. `TCP_LINGER2`.
    public static var finTimeout: Self { .seconds(OptionLevel.tcp, TCPLevel.linger2) }

    /// How long bytes may go without acknowledgment; zero for as long as the retransmissions last.
    /// `TCP_USER_TIMEOUT`.
    public static var userTimeout: Self { .milliseconds(OptionLevel.tcp, TCPLevel.userTimeout) }
}
