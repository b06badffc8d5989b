import Memory
import Wire

/// What each family asks of a single fragment.
extension NetworkLayer {
    /// Takes in a fragment of an IPv4 datagram; the datagram, if it is whole with it.
    mutating func reassembleIPv4(
        _ packet: consuming Packet, _ header: ArrivedIPv4, on id: InterfaceID
    ) -> Packet? {
        let (offset, count) = (header.fragmentOffset, header.totalCount &- header.headerCount)
        // The last one alone may be odd, none is empty, none ends behind the largest datagram.
        guard count > 0, !header.moreFragments || count & 7 == 0,
            header.headerCount &+ offset &+ count <= 65535
        else {
            counters.count(.fragmentMalformed)
            return nil
        }
        // A TCP header that is cut passes filters which look at its flags (RFC 1858 §3, RFC 3128).
        if header.proto == .tcp, offset == 8 || offset == 0 && count < TCPHeader.byteCount {
            counters.count(.fragmentTiny)
            return nil
        }
        let fragment = ArrivedFragment(
            key: FragmentKey(
                source: IPAddress(header.source), destination: IPAddress(header.destination),
                identification: UInt32(header.identification), proto: header.proto.rawValue,
                zone: 0),
            offset: offset, count: count, hasMore: header.moreFragments,
            headerCount: header.headerCount, dataOffset: header.headerCount,
            nextHeader: header.proto, protoOffset: 9, ecn: ECN(trafficClass: header.trafficClass),
            interface: id)
        return reassemble(packet, fragment)
    }

    /// Takes in a fragment of an IPv6 datagram; the datagram, if it is whole with it.
    mutating func reassembleIPv6(
        _ packet: consuming Packet, _ header: ArrivedIPv6, _ headers: IPv6Extensions,
        on id: InterfaceID
    ) -> Packet? {
        guard let field = headers.fragment else { return nil }
        let count = header.totalCount &- field.dataOffset
        if let problem = problem(of: field, count, packet) {
            counters.count(
                problem.code == .incompleteHeaderChain ? .fragmentTiny : .fragmentMalformed)
            sendError(.headers(problem), about: packet, on: id)
            return nil
        }
        guard count > 0, field.headerOffset <= PartialDatagram.base else {
            counters.count(.fragmentMalformed)
            return nil
        }
        let (source, destination) = (IPAddress(header.source), IPAddress(header.destination))
        let isLocal = source.isLinkLocal || destination.isLinkLocal || destination.isMulticast
        let fragment = ArrivedFragment(
            key: FragmentKey(
                source: source, destination: destination, identification: field.identification,
                proto: 0, zone: isLocal ? id.zone : 0),
            offset: field.offset, count: count, hasMore: field.hasMore,
            headerCount: field.headerOffset, dataOffset: field.dataOffset,
            nextHeader: field.nextHeader, protoOffset: field.protoOffset,
            ecn: ECN(trafficClass: header.trafficClass), interface: id)
        return reassemble(packet, fragment)
    }

    /// What is wrong with a fragment of `count` data that its sender is to be told (RFC 8200 §4.5,
    /// RFC 7112 §5).
    private func problem(
        of field: IPv6Fragment, _ count: Int, _ packet: borrowing Packet
    ) -> IPv6ParameterProblem? {
        if field.hasMore, count & 7 != 0 {
            // The payload length is wrong.
            return IPv6ParameterProblem(.erroneousField, at: 4)
        }
        let unfragmentable = field.headerOffset &- IPv6Header.byteCount
        if unfragmentable &+ field.offset &+ count > 65535 {
            return IPv6ParameterProblem(.erroneousField, at: field.headerOffset &+ 2)
        }
        guard field.offset == 0 else { return nil }
        do throws(WireError) {
            let view = try IPv6Packet(packet.head, beyond: packet.countBehindHead)
            guard !view.holdsHeaderChain else { return nil }
        } catch {}
        return IPv6ParameterProblem(.incompleteHeaderChain, at: 0)
    }
}
