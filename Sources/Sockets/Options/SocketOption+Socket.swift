import Stack

// Keys of options that all sockets have. socket(7).

extension SocketOption where Value == Bool {
    /// Whether the local name may be one that others have, by the rules of `SO_REUSEADDR`.
    public static var reusesAddress: Self { .flag(OptionLevel.socket, SocketLevel.reuseAddress) }

    /// Whether others that say so too may have the same local name, and share what comes in.
    /// `SO_REUSEPORT`.
    public static var reusesPort: Self { .flag(OptionLevel.socket, SocketLevel.reusePort) }

    /// Whether a silent peer is probed. `SO_KEEPALIVE`.
    public static var keepsAlive: Self { .flag(OptionLevel.socket, SocketLevel.keepalive) }

    /// Whether datagrams may go to everybody. `SO_BROADCAST`.
    public static var allowsBroadcast: Self { .flag(OptionLevel.socket, SocketLevel.broadcast) }

    /// Whether packets pass no router. `SO_DONTROUTE`.
    public static var staysOnLink: Self { .flag(OptionLevel.socket, SocketLevel.dontRoute) }

    /// Whether urgent bytes stay in the stream. `SO_OOBINLINE`.
    public static var keepsUrgentInline: Self {
        .flag(OptionLevel.socket, SocketLevel.urgentInline)
    }

    /// Whether datagrams of IPv4 go without a checksum. `SO_NO_CHECK`.
    public static var omitsChecksum: Self { .flag(OptionLevel.socket, SocketLevel.noChecksum) }

    /// Whether messages come with their time of arrival in microseconds. `SO_TIMESTAMP`.
    public static var reportsTime: Self { .flag(OptionLevel.socket, SocketLevel.timestamp) }

    /// Whether messages come with their time of arrival in nanoseconds. `SO_TIMESTAMPNS`.
    public static var reportsNanoseconds: Self {
        .flag(OptionLevel.socket, SocketLevel.timestampNanoseconds)
    }

    /// Whether messages come with the number of those lost before. `SO_RXQ_OVFL`.
    public static var reportsDrops: Self { .flag(OptionLevel.socket, SocketLevel.dropCount) }

    /// Whether messages come with their sender's credentials, on `AF_UNIX`. `SO_PASSCRED`.
    public static var reportsCredentials: Self {
        .flag(OptionLevel.socket, SocketLevel.passCredentials)
    }

    /// Whether peers may connect to it; read only. `SO_ACCEPTCONN`.
    public static var isListening: Self {
        .flag(OptionLevel.socket, SocketLevel.acceptsConnections)
    }
}

extension SocketOption where Value == Int {
    /// Bytes that may wait for the reader; reads as twice what was set, as on Linux. `SO_RCVBUF`.
    public static var receiveBuffer: Self { .int(OptionLevel.socket, SocketLevel.receiveBuffer) }

    /// Bytes that may wait to be sent; reads as twice what was set, as on Linux. `SO_SNDBUF`.
    public static var sendBuffer: Self { .int(OptionLevel.socket, SocketLevel.sendBuffer) }

    /// Bytes that make the socket readable. `SO_RCVLOWAT`.
    public static var receiveLowWater: Self {
        .int(OptionLevel.socket, SocketLevel.receiveLowWater)
    }

    /// What queues go by. `SO_PRIORITY`.
    public static var priority: Self { .int(OptionLevel.socket, SocketLevel.priority) }

    /// What routes and filters go by. `SO_MARK`.
    public static var mark: Self { .int(OptionLevel.socket, SocketLevel.mark) }

    /// The number of the only interface that is used; 0 for all. `SO_BINDTOIFINDEX`.
    public static var boundInterfaceIndex: Self {
        .int(OptionLevel.socket, SocketLevel.bindToInterface)
    }

    /// The number of its type, such as `SOCK_STREAM`; read only. `SO_TYPE`.
    public static var type: Self { .int(OptionLevel.socket, SocketLevel.type) }

    /// The number of its family, such as `AF_INET`; read only. `SO_DOMAIN`.
    public static var domain: Self { .int(OptionLevel.socket, SocketLevel.domain) }

    /// The number of its protocol; read only. `SO_PROTOCOL`.
    public static var protocolNumber: Self { .int(OptionLevel.socket, SocketLevel.proto) }

    /// The number of the pending error, which reading takes; 0 for none. `SO_ERROR`.
    public static var pendingError: Self { .int(OptionLevel.socket, SocketLevel.error) }
}

extension SocketOption where Value == String {
    /// The name of the only interface that is used; empty for all. `SO_BINDTODEVICE`.
    public static var boundDevice: Self { .text(OptionLevel.socket, SocketLevel.bindToDevice, 16) }
}

extension SocketOption where Value == Duration? {
    /// How long `close` waits for the peer to have everything, in whole seconds; zero resets the
    /// connection, nil is for not waiting. `SO_LINGER`.
    public static var lingering: Self { .linger(OptionLevel.socket, SocketLevel.linger) }

    /// How long calls wait to receive; nil for ever. `SO_RCVTIMEO`.
    public static var receiveTimeout: Self {
        .timeval(OptionLevel.socket, SocketLevel.receiveTimeout)
    }

    /// How long calls wait to send; nil for ever. `SO_SNDTIMEO`.
    public static var sendTimeout: Self { .timeval(OptionLevel.socket, SocketLevel.sendTimeout) }
}

extension SocketOption where Value == Credentials {
    /// Whose the peer is, on `AF_UNIX`; read only. `SO_PEERCRED`.
    public static var peerCredentials: Self {
        .credentials(OptionLevel.socket, SocketLevel.peerCredentials)
    }
}
