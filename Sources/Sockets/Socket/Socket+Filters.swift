import Stack

/// What a socket hears at all: of the link, of ICMP, of anything.
extension Socket {
    /// Has the socket hear only what a program of the packet filter lets through, and as much of it
    /// as that says: frames of a socket of the link, IPv4 packets of a raw socket with their header,
    /// datagrams with that of UDP. `SO_ATTACH_FILTER`.
    ///
    ///     try socket.attachFilter(PacketFilter("tcp port 80"))
    ///
    /// - Throws: `EINVAL` for streams of a Sockeye host.
    public func attachFilter(_ filter: PacketFilter) throws(SocketError) {
        try setOption(
            level: OptionLevel.socket, name: SocketLevel.attachFilter, filter.bytes.span)
    }

    /// Has the socket hear everything again. `SO_DETACH_FILTER`.
    ///
    /// - Throws: `ENOENT` when it has no filter.
    public func detachFilter() throws(SocketError) {
        try setOption(
            level: OptionLevel.socket, name: SocketLevel.detachFilter, OptionBytes.int(0).span)
    }

    /// Says which messages of ICMP a raw socket is to see. `ICMP_FILTER`, of the first 32 types;
    /// `ICMP6_FILTER`.
    ///
    /// - Throws: `ENOPROTOOPT` for sockets of other kinds.
    public func setFilter(_ filter: ICMPFilter) throws(SocketError) {
        let isIPv4 = family == .inet
        try setOption(
            level: isIPv4 ? OptionLevel.raw : OptionLevel.icmpv6, name: RawLevel.icmpFilter,
            filter.bytes(ofTypes: isIPv4 ? 32 : 256).span)
    }

    /// Has a socket of the link hear frames for other hosts too, or no longer.
    /// `PACKET_ADD_MEMBERSHIP` with `PACKET_MR_PROMISC`.
    ///
    /// - Throws: `ENODEV` when there is no such interface.
    public func setPromiscuous(
        _ isOn: Bool, on interface: InterfaceID
    ) throws(SocketError) {
        // `struct packet_mreq`.
        let request =
            OptionBytes.word(UInt32(interface.zone)) + OptionBytes.half(1)
            + [UInt8](repeating: 0, count: 10)
        try setOption(
            level: OptionLevel.packet,
            name: isOn ? PacketLevel.addMembership : PacketLevel.dropMembership, request.span)
    }

    /// What became of the frames since the last call. `PACKET_STATISTICS`.
    public func takePacketStatistics() throws(SocketError) -> PacketStatistics {
        try option(.packetStatistics)
    }
}

extension ICMPFilter {
    /// A bit for each type that is not wanted.
    func bytes(ofTypes count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count / 8)
        for type in 0..<count where !self[UInt8(type)] { bytes[type / 8] |= 1 << (type % 8) }
        return bytes
    }
}
