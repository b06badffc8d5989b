import Memory
import Wire

/// What the header of an IPv4 packet says.
struct ArrivedIPv4 {
    let source: IPv4Address
    let destination: IPv4Address
    let headerCount: Int
    let totalCount: Int
    let proto: IPProtocol
    let timeToLive: UInt8
    let trafficClass: UInt8
    let dontFragment: Bool
    let identification: UInt16
    let moreFragments: Bool
    /// In bytes.
    let fragmentOffset: Int
    let checksumIsValid: Bool

    init(_ packet: borrowing Packet) throws(WireError) {
        let header = try IPv4Packet(packet.head, beyond: packet.countBehindHead)
        (source, destination) = (header.source, header.destination)
        (headerCount, totalCount) = (header.headerCount, header.totalCount)
        (proto, timeToLive) = (header.proto, header.timeToLive)
        trafficClass = header.trafficClass
        dontFragment = header.dontFragment
        identification = header.identification
        (moreFragments, fragmentOffset) = (header.moreFragments, header.fragmentOffset)
        // The kernel or the memory behind a verified or partial packet has not touched it.
        checksumIsValid = packet.metadata.checksum != .unknown || header.checksumIsValid
    }

    var isFragment: Bool { moreFragments || fragmentOffset != 0 }
    var hasOptions: Bool { headerCount > IPv4Header.byteCount }
}

/// IPv4 packets on their way in (RFC 791, RFC 1122 §3.2.1, RFC 1812 §5.2).
extension NetworkLayer {
    /// - Parameters:
    ///   - linkCast: Whom the frame was addressed to.
    ///   - isOwn: Whether this host sent it.
    mutating func acceptIPv4(
        _ packet: consuming Packet, on id: InterfaceID, linkCast: Delivery.Cast, isOwn: Bool
    ) -> Delivery? {
        let header: ArrivedIPv4
        do throws(WireError) {
            header = try ArrivedIPv4(packet)
        } catch {
            counters.count(.ipMalformed)
            return nil
        }
        guard header.checksumIsValid else {
            counters.count(.ipBadChecksum)
            return nil
        }
        packet.truncate(to: header.totalCount)
        guard isOwn || isPlausible(header, on: id) else {
            counters.count(.ipBadSource)
            return nil
        }
        guard !header.hasOptions || mayPass(optionsOf: packet, header, on: id) else { return nil }
        let isForeign = !isOwn && isForeign(header.destination, on: id)
        guard let cast = isForeign ? .unicast : cast(of: header.destination, on: id, isOwn: isOwn)
        else {
            forwardIPv4(packet, header, on: id, linkCast: linkCast)
            return nil
        }
        // A frame to everybody with a packet for one host is an attack (RFC 1122 §3.3.6).
        guard linkCast == .unicast || cast != .unicast else {
            counters.count(.ipNotForUs)
            return nil
        }
        // The hops end here as they would at a router.
        guard !isForeign || header.timeToLive > 1 else {
            counters.count(.ipTimeExceeded)
            sendError(.hopLimitExceeded, about: packet, on: id)
            return nil
        }
        guard header.isFragment else {
            return deliverIPv4(packet, header, cast, on: id, isForeign: isForeign)
        }
        guard let whole = reassembleIPv4(packet, header, on: id),
            let header = try? ArrivedIPv4(whole)
        else { return nil }
        return deliverIPv4(whole, header, cast, on: id, wasFragmented: true, isForeign: isForeign)
    }

    private func deliverIPv4(
        _ packet: consuming Packet, _ header: ArrivedIPv4, _ cast: Delivery.Cast,
        on id: InterfaceID, wasFragmented: Bool = false, isForeign: Bool
    ) -> Delivery? {
        let asksRouters = header.hasOptions && options(of: packet, header).hasRouterAlert
        packet.removeFirst(header.headerCount)
        moveChecksum(of: &packet, by: header.headerCount)
        return Delivery(
            packet: packet, source: IPAddress(header.source),
            destination: IPAddress(header.destination), proto: header.proto, interface: id,
            timeToLive: header.timeToLive, trafficClass: header.trafficClass, cast: cast,
            networkHeaderCount: header.headerCount, protocolOffset: 9,
            wasFragmented: wasFragmented, isForeign: isForeign, hasRouterAlert: asksRouters)
    }

    /// Whether a destination is somebody whom the host stands in for.
    private func isForeign(_ destination: IPv4Address, on id: InterfaceID) -> Bool {
        guard interfaces[id.rawValue].configuration.transparency.isOn else { return false }
        let address = IPAddress(destination)
        guard !isBroadcast(address, on: id), standsIn(for: address, on: id) else { return false }
        return destination.isLoopback || !isOurs(address, on: id)
    }

    /// Whom of this host's a destination names; nil when it is somebody else's.
    private func cast(
        of destination: IPv4Address, on id: InterfaceID, isOwn: Bool
    ) -> Delivery.Cast? {
        let address = IPAddress(destination)
        if destination.isMulticast { return isMember(of: address, on: id) ? .multicast : nil }
        if isBroadcast(address, on: id) { return .broadcast }
        // What comes from outside for 127/8 was forged (RFC 1122 §3.2.1.3).
        if destination.isLoopback, !isOwn, id != Self.loopbackID, !crosses(address, id) {
            return nil
        }
        return isOurs(address, on: id) ? .unicast : nil
    }

    /// Whether a packet from outside may claim to come from its source (RFC 1122 §3.2.1.3,
    /// RFC 1812 §5.3.7).
    private func isPlausible(_ header: ArrivedIPv4, on id: InterfaceID) -> Bool {
        if id == Self.loopbackID { return true }
        let source = header.source
        // A host that has no address yet speaks to everybody or to a group.
        if source.isUnspecified {
            return header.destination.isBroadcast || header.destination.isMulticast
        }
        let address = IPAddress(source)
        if source.isLoopback { return crosses(address, id) }
        if source.isThisNetwork || source.isMulticast || source.rawValue >> 28 == 15 {
            return false
        }
        return interface(owning: address) == nil && !isBroadcast(address, on: id)
    }
}
