import Memory
import Wire

/// A packet for one of the host's transports: its head begins with the transport header.
struct Delivery: ~Copyable {
    var packet: Packet
    let source: IPAddress
    let destination: IPAddress
    let proto: IPProtocol
    let interface: InterfaceID
    let timeToLive: UInt8
    let trafficClass: UInt8
    /// Whether it went to everyone on the link: no error answers that (RFC 1122 §3.2.2).
    let isBroadcast: Bool
    /// Bytes of IP header in front of the head.
    let networkHeaderCount: Int

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
        switch interfaces[id.rawValue].configuration.link {
        case .ip, .loopback:
            return acceptIPv4(packet, on: id, toAll: false)
        case .ethernet(let own):
            return acceptFrame(packet, on: id, own: own)
        }
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
        switch header.type {
        case .ipv4:
            return acceptIPv4(packet, on: id, toAll: header.destination.isMulticast)
        case .arp:
            acceptARP(packet, on: id, own: own)
            return nil
        default:
            counters.count(.unknownEtherType)
            return nil
        }
    }

    private mutating func acceptIPv4(
        _ packet: consuming Packet, on id: InterfaceID, toAll: Bool
    ) -> Delivery? {
        let source: IPv4Address
        let destination: IPv4Address
        let (headerCount, totalCount): (Int, Int)
        let (proto, timeToLive, trafficClass): (IPProtocol, UInt8, UInt8)
        let (sumIsValid, isFragment): (Bool, Bool)
        do throws(WireError) {
            let header = try IPv4Packet(packet.head, beyond: packet.countBehindHead)
            (source, destination) = (header.source, header.destination)
            (headerCount, totalCount) = (header.headerCount, header.totalCount)
            (proto, timeToLive) = (header.proto, header.timeToLive)
            trafficClass = header.trafficClass
            // The kernel or the memory behind a verified or partial packet has not touched it.
            sumIsValid = packet.metadata.checksum != .unknown || header.checksumIsValid
            isFragment = header.moreFragments || header.fragmentOffset != 0
        } catch {
            counters.count(.ipMalformed)
            return nil
        }
        guard sumIsValid else {
            counters.count(.ipBadChecksum)
            return nil
        }
        packet.truncate(to: totalCount)
        let from = IPAddress(source)
        let to = IPAddress(destination)
        guard isPlausible(source: from, on: id) else {
            counters.count(.ipBadSource)
            return nil
        }
        let isBroadcast = isBroadcast(to, on: id)
        guard isBroadcast || interface(owning: to) != nil,
            !to.isLoopback || id == Self.loopbackID
        else {
            counters.count(.ipNotForUs)
            return nil
        }
        guard !isFragment else {
            counters.count(.ipFragment)
            return nil
        }
        packet.removeFirst(headerCount)
        if case .partial(let start, let offset) = packet.metadata.checksum,
            Int(start) >= headerCount
        {
            packet.metadata.checksum = .partial(
                start: start &- UInt16(truncatingIfNeeded: headerCount), offset: offset)
        }
        let delivery = Delivery(
            packet: packet, source: from, destination: to, proto: proto, interface: id,
            timeToLive: timeToLive, trafficClass: trafficClass, isBroadcast: isBroadcast || toAll,
            networkHeaderCount: headerCount)
        guard proto == .icmp else { return delivery }
        acceptICMP(delivery)
        return nil
    }

    /// Whether a packet may claim to come from `source` (RFC 1122 §3.2.1.3, RFC 1812 §5.3.7).
    private func isPlausible(source: IPAddress, on id: InterfaceID) -> Bool {
        if id == Self.loopbackID { return true }
        guard let v4 = source.v4 else { return false }
        if v4.rawValue >> 24 == 0 || v4.isLoopback || v4.isMulticast || v4.rawValue >> 28 == 15 {
            return false
        }
        return interface(owning: source) == nil && !isBroadcast(source, on: id)
    }
}
