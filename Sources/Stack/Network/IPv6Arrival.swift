import Memory
import Wire

/// What the fixed header of an IPv6 packet says.
struct ArrivedIPv6 {
    let source: IPv6Address
    let destination: IPv6Address
    let totalCount: Int
    let nextHeader: IPProtocol
    let hopLimit: UInt8
    let trafficClass: UInt8

    init(_ packet: borrowing Packet) throws(WireError) {
        let header = try IPv6Packet(packet.head, beyond: packet.countBehindHead)
        (source, destination) = (header.source, header.destination)
        totalCount = header.totalCount
        (nextHeader, hopLimit) = (header.nextHeader, header.hopLimit)
        trafficClass = header.trafficClass
    }
}

/// IPv6 packets on their way in (RFC 8200 §3, §4; RFC 4291 §2).
extension NetworkLayer {
    /// - Parameters:
    ///   - linkCast: Whom the frame was addressed to.
    ///   - isOwn: Whether this host sent it.
    mutating func acceptIPv6(
        _ packet: consuming Packet, on id: InterfaceID, linkCast: Delivery.Cast, isOwn: Bool
    ) -> Delivery? {
        let header: ArrivedIPv6
        do throws(WireError) {
            header = try ArrivedIPv6(packet)
        } catch {
            counters.count(.ipMalformed)
            return nil
        }
        packet.truncate(to: header.totalCount)
        guard isOwn || isPlausible(header, on: id) else {
            counters.count(.ipBadSource)
            return nil
        }
        let isForeign = !isOwn && isForeign(header.destination, on: id)
        guard let cast = isForeign ? .unicast : cast(of: header.destination, on: id, isOwn: isOwn)
        else {
            if isTentative(header.destination, on: id) {
                counters.count(.ipTentative)
            } else {
                forwardIPv6(packet, header, on: id, linkCast: linkCast)
            }
            return nil
        }
        guard linkCast == .unicast || !isForeign else {
            counters.count(.ipNotForUs)
            return nil
        }
        // The hops end here as they would at a router.
        guard !isForeign || header.hopLimit > 1 else {
            counters.count(.ipTimeExceeded)
            sendError(.hopLimitExceeded, about: packet, on: id)
            return nil
        }
        guard let headers = readExtensions(of: packet, on: id) else { return nil }
        guard headers.isFragment else {
            return deliverIPv6(packet, header, headers, cast, on: id, isForeign: isForeign)
        }
        guard let whole = reassembleIPv6(packet, header, headers, on: id) else { return nil }
        return deliverReassembledIPv6(whole, cast, on: id, isForeign)
    }

    private mutating func deliverReassembledIPv6(
        _ packet: consuming Packet, _ cast: Delivery.Cast, on id: InterfaceID, _ isForeign: Bool
    ) -> Delivery? {
        guard let header = try? ArrivedIPv6(packet),
            let headers = readExtensions(of: packet, on: id)
        else { return nil }
        // Fragments of fragments: nobody who is honest sends them.
        guard !headers.isFragment else {
            counters.count(.fragmentMalformed)
            return nil
        }
        return deliverIPv6(
            packet, header, headers, cast, on: id, wasFragmented: true, isForeign: isForeign)
    }

    private mutating func deliverIPv6(
        _ packet: consuming Packet, _ header: ArrivedIPv6, _ headers: IPv6Extensions,
        _ cast: Delivery.Cast, on id: InterfaceID, wasFragmented: Bool = false, isForeign: Bool
    ) -> Delivery? {
        guard headers.proto != .noNextHeader else {
            counters.count(.ipNoNextHeader)
            return nil
        }
        packet.removeFirst(headers.offset)
        moveChecksum(of: &packet, by: headers.offset)
        return Delivery(
            packet: packet, source: IPAddress(header.source),
            destination: IPAddress(header.destination), proto: headers.proto, interface: id,
            timeToLive: header.hopLimit, trafficClass: header.trafficClass, cast: cast,
            networkHeaderCount: headers.offset, protocolOffset: headers.protoOffset,
            wasFragmented: wasFragmented || headers.fragment != nil, isForeign: isForeign,
            hasRouterAlert: headers.routerAlert != nil)
    }

    /// Whether a destination is somebody whom the host stands in for.
    private func isForeign(_ destination: IPv6Address, on id: InterfaceID) -> Bool {
        guard interfaces[id.rawValue].configuration.transparency.isOn else { return false }
        let address = IPAddress(destination)
        guard standsIn(for: address, on: id), !isTentative(destination, on: id) else {
            return false
        }
        return destination.isLoopback || !isOurs(address, on: id)
    }

    /// Whom of this host's a destination names; nil when it is somebody else's.
    private func cast(
        of destination: IPv6Address, on id: InterfaceID, isOwn: Bool
    ) -> Delivery.Cast? {
        let address = IPAddress(destination)
        if destination.isMulticast {
            return isMember(of: address, on: id) || isAskedAfter(in: destination, on: id)
                ? .multicast : nil
        }
        // ::1 never comes from a link (RFC 4291 §2.5.3).
        if destination.isLoopback, !isOwn, id != Self.loopbackID, !crosses(address, id) {
            return nil
        }
        return isOurs(address, on: id) ? .unicast : nil
    }

    /// Whether a destination is an address of ours that is still being checked for uniqueness:
    /// nothing is received on it (RFC 4862 §5.4).
    private func isTentative(_ destination: IPv6Address, on id: InterfaceID) -> Bool {
        interfaces[id.rawValue].place(of: IPAddress(destination)) != nil
    }

    /// Whether a packet from outside may claim to come from its source (RFC 4291 §2.5.2, §2.5.3,
    /// §2.7). IPv4-mapped addresses stand for sockets of IPv4 and on no wire (RFC 4038 §4.2).
    private func isPlausible(_ header: ArrivedIPv6, on id: InterfaceID) -> Bool {
        if id == Self.loopbackID { return true }
        let source = header.source
        if source.isLoopback { return crosses(IPAddress(source), id) }
        if source.isMulticast || source.isIPv4Mapped { return false }
        if header.destination.isIPv4Mapped || header.destination.isUnspecified { return false }
        // The unspecified address speaks for duplicate address detection and router solicitation.
        if source.isUnspecified { return header.destination.isMulticast }
        return interface(owning: IPAddress(source)) == nil
    }
}
