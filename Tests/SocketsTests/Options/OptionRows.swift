import Glibc

/// The options of four bytes, level by level.
extension OptionRow {
    static let all = socket + tcp + udp + ip + ipv6

    private static let every = TriedSocket.allCases

    private static let socket: [OptionRow] = [
        .flag("SO_DEBUG", 1, 1, on: every),
        .flag("SO_REUSEADDR", 1, 2, on: TriedSocket.streams + TriedSocket.datagrams),
        .flag("SO_DONTROUTE", 1, 5, on: every),
        .flag("SO_BROADCAST", 1, 6, on: every),
        OptionRow(
            "SO_SNDBUF", 1, 7, on: TriedSocket.datagrams, initial: 212_992,
            [(0, 4608), (1000, 4608), (100_000, 200_000), (-1, 8_388_608)]),
        OptionRow(
            "SO_RCVBUF", 1, 8, on: TriedSocket.datagrams + [.raw4, .packet], initial: 212_992,
            [(0, 2304), (1000, 2304), (100_000, 200_000), (-1, 8_388_608)]),
        .flag("SO_KEEPALIVE", 1, 9, on: every),
        .flag("SO_OOBINLINE", 1, 10, on: every),
        .flag("SO_NO_CHECK", 1, 11, on: every),
        OptionRow("SO_PRIORITY", 1, 12, on: every, [(5, 5), (6, 6), (1000, 1000), (-1, -1)]),
        OptionRow("SO_BSDCOMPAT", 1, 14, on: every, [(1, 0)]),
        .flag("SO_REUSEPORT", 1, 15, on: TriedSocket.streams + TriedSocket.datagrams),
        OptionRow(
            "SO_RCVLOWAT", 1, 18, on: TriedSocket.streams, initial: 1,
            [(0, 1), (64, 64), (-1, 16 << 20)]),
        OptionRow(
            "SO_RCVLOWAT", 1, 18, on: TriedSocket.datagrams, initial: 1,
            [(0, 1), (64, 64), (-1, .max)]),
        .flag("SO_TIMESTAMP", 1, 29, on: every),
        .flag("SO_TIMESTAMPNS", 1, 35, on: every),
        OptionRow("SO_MARK", 1, 36, on: every, [(1, 1), (-1, -1)]),
        .flag("SO_RXQ_OVFL", 1, 40, on: every),
        OptionRow(
            "SO_BINDTOIFINDEX", 1, 62, on: every, [(1, 1), (2, 2), (0, 0)],
            refused: [(-1, EINVAL), (77, ENODEV)]),
        .flag("SO_TIMESTAMP_NEW", 1, 63, on: every),
        .flag("SO_TIMESTAMPNS_NEW", 1, 64, on: every),
    ]

    private static let tcp: [OptionRow] = [
        .flag("TCP_NODELAY", 6, 1, on: TriedSocket.streams),
        OptionRow(
            "TCP_MAXSEG", 6, 2, on: TriedSocket.streams, initial: 536,
            [(255, 255), (1000, 1000), (0, 536)], refused: [(87, EINVAL), (32_768, EINVAL)]),
        .flag("TCP_CORK", 6, 3, on: TriedSocket.streams),
        OptionRow(
            "TCP_KEEPIDLE", 6, 4, on: TriedSocket.streams, initial: 7200,
            [(1, 1), (32_767, 32_767)], refused: [(0, EINVAL), (-1, EINVAL), (32_768, EINVAL)]),
        OptionRow(
            "TCP_KEEPINTVL", 6, 5, on: TriedSocket.streams, initial: 75,
            [(1, 1), (32_767, 32_767)], refused: [(0, EINVAL), (32_768, EINVAL)]),
        OptionRow(
            "TCP_KEEPCNT", 6, 6, on: TriedSocket.streams, initial: 9, [(1, 1), (127, 127)],
            refused: [(0, EINVAL), (128, EINVAL)]),
        OptionRow(
            "TCP_SYNCNT", 6, 7, on: TriedSocket.streams, initial: 6, [(1, 1), (127, 127)],
            refused: [(0, EINVAL), (128, EINVAL)]),
        OptionRow(
            "TCP_LINGER2", 6, 8, on: TriedSocket.streams, initial: 60,
            [(5, 5), (0, 60), (-2, -1), (1000, 120)]),
        OptionRow(
            "TCP_DEFER_ACCEPT", 6, 9, on: TriedSocket.streams,
            [(1, 1), (2, 3), (5, 7), (64, 127), (255, 367), (100_000, 29_887), (0, 0), (-1, 0)]),
        OptionRow(
            "TCP_WINDOW_CLAMP", 6, 10, on: TriedSocket.streams,
            [(1, 1152), (100_000, 100_000), (0, 0)]),
        .flag("TCP_QUICKACK", 6, 12, on: TriedSocket.streams, initial: 1),
        OptionRow(
            "TCP_USER_TIMEOUT", 6, 18, on: TriedSocket.streams, [(1000, 1000), (0, 0)],
            refused: [(-1, EINVAL)]),
        OptionRow(
            "TCP_FASTOPEN", 6, 23, on: TriedSocket.streams, [(5, 5), (100_000, 4096)],
            refused: [(-1, EINVAL)]),
        OptionRow(
            "TCP_NOTSENT_LOWAT", 6, 25, on: TriedSocket.streams, [(1000, 1000), (-1, -1)]),
        OptionRow(
            "TCP_FASTOPEN_CONNECT", 6, 30, on: TriedSocket.streams, [(1, 1), (0, 0)],
            refused: [(2, EINVAL), (-1, EINVAL)]),
    ]

    private static let udp: [OptionRow] = [
        .flag("UDP_CORK", 17, 1, on: TriedSocket.datagrams),
        .flag("UDP_NO_CHECK6_TX", 17, 101, on: TriedSocket.datagrams),
        .flag("UDP_NO_CHECK6_RX", 17, 102, on: TriedSocket.datagrams),
        OptionRow(
            "UDP_SEGMENT", 17, 103, on: TriedSocket.datagrams, [(1000, 1000), (0, 0)],
            refused: [(-1, EINVAL), (65_536, EINVAL)]),
        .flag("UDP_GRO", 17, 104, on: TriedSocket.datagrams),
    ]

    private static let ip: [OptionRow] = [
        OptionRow(
            "IP_TOS", 0, 1, on: TriedSocket.streams, [(64, 64), (255, 252), (256, 0)],
            shortest: 0),
        OptionRow(
            "IP_TOS", 0, 1, on: TriedSocket.ipGroups, [(64, 64), (255, 255), (1000, 232)],
            shortest: 0),
        OptionRow(
            "IP_TTL", 0, 2, on: TriedSocket.ip, initial: 64, [(1, 1), (255, 255), (-1, 64)],
            refused: [(0, EINVAL), (256, EINVAL), (-2, EINVAL)], shortest: 1),
        .flag("IP_HDRINCL", 0, 3, on: [.raw4], shortest: 0),
        .flag("IP_RECVOPTS", 0, 6, on: TriedSocket.ip, shortest: 0),
        .flag("IP_PKTINFO", 0, 8, on: TriedSocket.ip, shortest: 0),
        OptionRow(
            "IP_MTU_DISCOVER", 0, 10, on: TriedSocket.ip, initial: 1,
            [(0, 0), (2, 2), (3, 3), (4, 4), (5, 5)], refused: [(6, EINVAL), (-1, EINVAL)],
            shortest: 0),
        .flag("IP_RECVERR", 0, 11, on: TriedSocket.ip, shortest: 0),
        .flag("IP_RECVTTL", 0, 12, on: TriedSocket.ip, shortest: 0),
        .flag("IP_RECVTOS", 0, 13, on: TriedSocket.ip, shortest: 0),
        .flag("IP_FREEBIND", 0, 15, on: TriedSocket.ip, shortest: 1),
        .flag("IP_TRANSPARENT", 0, 19, on: TriedSocket.ip, shortest: 1),
        .flag("IP_RECVORIGDSTADDR", 0, 20, on: TriedSocket.ip, shortest: 0),
        .flag("IP_BIND_ADDRESS_NO_PORT", 0, 24, on: TriedSocket.ip, shortest: 0),
        OptionRow(
            "IP_MULTICAST_TTL", 0, 33, on: TriedSocket.ipGroups, initial: 1,
            [(0, 0), (255, 255), (-1, 1)], refused: [(256, EINVAL), (-2, EINVAL)], shortest: 1),
        .flag("IP_MULTICAST_LOOP", 0, 34, on: TriedSocket.ip, initial: 1, shortest: 1),
        OptionRow(
            "IP_MULTICAST_ALL", 0, 49, on: [.tcp4, .udp4, .raw4], initial: 1, [(0, 0), (1, 1)],
            refused: [(2, EINVAL), (-1, EINVAL)], shortest: 1),
        OptionRow(
            "IP_MULTICAST_ALL", 0, 49, on: [.tcp6, .udp6], [(1, 1), (0, 0)],
            refused: [(2, EINVAL)], shortest: 1),
    ]

    private static let ipv6: [OptionRow] = [
        OptionRow(
            "IPV6_UNICAST_HOPS", 41, 16, on: TriedSocket.v6, initial: 64,
            [(0, 0), (255, 255), (-1, 64)], refused: [(256, EINVAL), (-2, EINVAL)]),
        OptionRow(
            "IPV6_MULTICAST_IF", 41, 17, on: [.udp6, .raw6], [(1, 1), (0, 0)],
            refused: [(77, ENODEV), (-1, ENODEV)]),
        OptionRow(
            "IPV6_MULTICAST_HOPS", 41, 18, on: [.udp6, .raw6], initial: 1,
            [(0, 0), (255, 255), (-1, 1)], refused: [(256, EINVAL)]),
        OptionRow(
            "IPV6_MULTICAST_LOOP", 41, 19, on: TriedSocket.v6, initial: 1, [(0, 0), (1, 1)],
            refused: [(2, EINVAL)]),
        OptionRow(
            "IPV6_MTU_DISCOVER", 41, 23, on: TriedSocket.v6, initial: 1, [(0, 0), (5, 5)],
            refused: [(6, EINVAL), (-1, EINVAL)]),
        .flag("IPV6_RECVERR", 41, 25, on: TriedSocket.v6),
        .flag("IPV6_V6ONLY", 41, 26, on: [.tcp6, .udp6]),
        .flag("IPV6_MULTICAST_ALL", 41, 29, on: TriedSocket.v6, initial: 1),
        .flag("IPV6_HDRINCL", 41, 36, on: [.raw6]),
        .flag("IPV6_RECVPKTINFO", 41, 49, on: TriedSocket.v6),
        .flag("IPV6_RECVHOPLIMIT", 41, 51, on: TriedSocket.v6),
        .flag("IPV6_DONTFRAG", 41, 62, on: TriedSocket.v6, shortest: 0),
        .flag("IPV6_RECVTCLASS", 41, 66, on: TriedSocket.v6),
        OptionRow(
            "IPV6_TCLASS", 41, 67, on: [.udp6, .raw6], [(255, 255), (-1, 0)],
            refused: [(256, EINVAL), (-2, EINVAL)]),
        OptionRow("IPV6_TCLASS", 41, 67, on: [.tcp6], [(255, 252), (-1, 0)]),
        .flag("IPV6_RECVORIGDSTADDR", 41, 74, on: TriedSocket.v6),
        .flag("IPV6_TRANSPARENT", 41, 75, on: TriedSocket.v6),
        .flag("IPV6_FREEBIND", 41, 78, on: TriedSocket.v6),
    ]
}
