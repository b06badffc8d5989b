import Stack

// Keys of options of datagrams and of sockets of the link. udp(7), packet(7).

extension SocketOption where Value == Bool {
    /// Whether what is sent is collected into one datagram until this is turned off. `UDP_CORK`.
    public static var corksDatagrams: Self { .flag(OptionLevel.udp, UDPLevel.cork) }

    /// Whether the reader can take several datagrams at once. `UDP_GRO`.
    public static var mergesDatagrams: Self { .flag(OptionLevel.udp, UDPLevel.merge) }

    /// Whether datagrams of IPv6 go without a checksum, as tunnels may (RFC 6935).
    /// `UDP_NO_CHECK6_TX`.
    public static var omitsV6Checksum: Self { .flag(OptionLevel.udp, UDPLevel.noV6ChecksumOut) }

    /// Whether datagrams of IPv6 may come without a checksum. `UDP_NO_CHECK6_RX`.
    public static var acceptsNoV6Checksum: Self { .flag(OptionLevel.udp, UDPLevel.noV6ChecksumIn) }
}

extension SocketOption where Value == Int {
    /// Bytes after which what is sent is cut into a datagram each; 0 for not at all.
    /// `UDP_SEGMENT`.
    public static var segmentSize: Self { .int(OptionLevel.udp, UDPLevel.segment) }
}

extension SocketOption where Value == PacketStatistics {
    /// What became of the frames since this was read last; read only. `PACKET_STATISTICS`.
    public static var packetStatistics: Self {
        .statistics(OptionLevel.packet, PacketLevel.statistics)
    }
}
