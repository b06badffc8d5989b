import Memory
import Wire

/// A packet for one of the host's transports: its head begins with the transport header, and the
/// IP header stands in front of that.
struct Delivery: ~Copyable {
    /// Whom a packet was sent to.
    enum Cast {
        case unicast
        /// Everybody on a network, by the link's address or by IP's.
        case broadcast
        case multicast
    }

    var packet: Packet
    let source: IPAddress
    let destination: IPAddress
    let proto: IPProtocol
    let interface: InterfaceID
    let timeToLive: UInt8
    let trafficClass: UInt8
    let cast: Cast
    /// Bytes of IP header, with options or extension headers, in front of the head.
    let networkHeaderCount: Int
    /// Where `proto` is named, in bytes from the start of the IP header.
    let protocolOffset: Int
    /// Whether it came in fragments, or with a fragment header (RFC 6980).
    var wasFragmented = false
    /// Whether it was sent to somebody whom the host stands in for.
    var isForeign = false
    /// Whether the sender asked routers to look at it (RFC 2113, RFC 2711).
    var hasRouterAlert = false

    /// Whether more than this host was meant: no error answers that (RFC 1122 §3.2.2).
    var isBroadcast: Bool { cast != .unicast }

    /// The zone of the sender's address: that of the link, for link-local ones.
    var zone: UInt16 { source.isLinkLocal && !source.isIPv4 ? interface.zone : 0 }

    /// The options of an IPv4 packet as they stand in its header; empty without any.
    mutating func ipv4Options() -> [UInt8] {
        let count = networkHeaderCount &- IPv4Header.byteCount
        guard source.isIPv4, count > 0 else { return [] }
        packet.prepend(count)
        var options: [UInt8] = []
        for index in 0..<count { options.append(packet.head[index]) }
        packet.removeFirst(count)
        return options
    }

    /// Whether the sum over pseudo-header and packet comes out, unless somebody vouches for it.
    var checksumIsValid: Bool {
        guard packet.metadata.checksum == .unknown else { return true }
        var sum = InternetChecksum.pseudoHeader(
            source: source, destination: destination, proto: proto,
            length: UInt32(truncatingIfNeeded: packet.count))
        sum.add(packet.head)
        for index in 0..<packet.sliceCount { sum.add(packet.slice(index)) }
        return sum.value == 0
    }
}

extension NetworkLayer {
    /// Takes in a frame, or an IP packet on a link without frames; what is left of it is for a
    /// transport.
    mutating func accept(_ packet: consuming Packet, on id: InterfaceID) -> Delivery? {
        counters.count(.packetsReceived)
        interfaces[id.rawValue].counters.receivedPackets &+= 1
        interfaces[id.rawValue].counters.receivedBytes &+= UInt64(packet.count)
        if taps.isInUse { show(packet, on: id, isOutgoing: false) }
        switch interfaces[id.rawValue].configuration.link {
        case .ip, .loopback:
            return acceptIP(packet, on: id, linkCast: .unicast)
        case .ethernet(let own):
            return acceptFrame(packet, on: id, own: own)
        }
    }

    /// Takes in what the host sent to itself.
    mutating func acceptLooped(_ looped: consuming LoopedPacket) -> Delivery? {
        counters.count(.packetsReceived)
        interfaces[Self.loopbackID.rawValue].counters.receivedPackets &+= 1
        interfaces[Self.loopbackID.rawValue].counters.receivedBytes &+= UInt64(
            looped.packet.count)
        let id = looped.interface
        if taps.isInUse, id == Self.loopbackID { show(looped.packet, on: id, isOutgoing: false) }
        return acceptIP(looped.packet, on: id, linkCast: .unicast, isOwn: true)
    }

    private mutating func acceptFrame(
        _ packet: consuming Packet, on id: InterfaceID, own: MACAddress
    ) -> Delivery? {
        let header: (destination: MACAddress, source: MACAddress, type: EtherType)
        do throws(WireError) {
            let frame = try EthernetFrame(packet.head, beyond: packet.countBehindHead)
            header = (frame.destination, frame.source, frame.etherType)
        } catch {
            counters.count(.frameTruncated)
            return nil
        }
        guard header.destination == own || header.destination.isMulticast else {
            counters.count(.frameForOthers)
            return nil
        }
        packet.removeFirst(EthernetHeader.byteCount)
        moveChecksum(of: &packet, by: EthernetHeader.byteCount)
        let cast: Delivery.Cast =
            header.destination.isBroadcast
            ? .broadcast : header.destination.isMulticast ? .multicast : .unicast
        switch header.type {
        case .ipv4:
            return acceptIPv4(packet, on: id, linkCast: cast, isOwn: false)
        case .ipv6:
            return acceptIPv6(packet, on: id, linkCast: cast, isOwn: false)
        case .arp:
            acceptARP(packet, on: id, own: own)
            return nil
        default:
            counters.count(.unknownEtherType)
            return nil
        }
    }

    /// Tells the families apart by the version (RFC 791 §3.1, RFC 8200 §3).
    private mutating func acceptIP(
        _ packet: consuming Packet, on id: InterfaceID, linkCast: Delivery.Cast,
        isOwn: Bool = false
    ) -> Delivery? {
        let version = packet.head.isEmpty ? 0 : packet.head[0] >> 4
        guard version == 6 else {
            return acceptIPv4(packet, on: id, linkCast: linkCast, isOwn: isOwn)
        }
        return acceptIPv6(packet, on: id, linkCast: linkCast, isOwn: isOwn)
    }

    /// The head begins `count` bytes later: so does what a partial checksum counts from.
    func moveChecksum(of packet: inout Packet, by count: Int) {
        guard case .partial(let start, let offset) = packet.metadata.checksum else { return }
        packet.metadata.checksum = .partial(
            start: start >= count ? start &- UInt16(truncatingIfNeeded: count) : 0, offset: offset)
    }
}
