import Memory
import Wire

/// Packets that are larger than the link (RFC 791 §3.2, RFC 8200 §4.5).
extension NetworkLayer {
    /// Sends an IP packet in pieces of at most `mtu` bytes. Either all of them leave or none.
    mutating func sendFragments(
        of packet: consuming Packet, mtu: Int, on id: InterfaceID, to nextHop: IPAddress
    ) {
        // A fragment holds too little to be summed by the link.
        completeChecksum(of: &packet)
        let isIPv6 = packet.head.count > 0 && packet.head[0] >> 4 == 6
        let cut = isIPv6 ? ipv6Cut(packet, mtu: mtu) : IPv4Cut(packet, mtu: mtu).map(Cut.ipv4)
        guard let cut else {
            counters.count(.packetTooBig)
            return
        }
        guard hasRoom(for: cut.pieceCount, on: id) else {
            counters.count(.noBuffer)
            return
        }
        counters.count(.datagramsFragmented)
        var sent = 0
        for number in 0..<cut.pieceCount {
            let count = cut.count(of: number, from: sent)
            guard let fragment = fragment(packet, cut, from: sent, count: count) else {
                counters.count(.noBuffer)
                return
            }
            counters.count(.fragmentsSent)
            transmit(fragment, on: id, to: nextHop)
            sent &+= count
        }
    }

    /// Whether memory and the link's queue hold so many packets more: half a datagram is worth
    /// nothing.
    private func hasRoom(for count: Int, on id: InterfaceID) -> Bool {
        let waiting =
            id == Self.loopbackID ? loopback.count : interfaces[id.rawValue].output.count
        return pools.available.frames >= count && waiting &+ count <= Interface.outputLimit
    }

    private func fragment(
        _ packet: borrowing Packet, _ cut: Cut, from sent: Int, count: Int
    ) -> Packet? {
        let headerCount = cut.headerCount(at: sent)
        let headroom = max(Self.headroom, headerCount &+ EthernetHeader.byteCount)
        guard var fragment = pools.frame(headroom: headroom),
            pools.append(
                packet, from: cut.dataOffset &+ sent, count: count, to: &fragment)
        else { return nil }
        fragment.prepend(headerCount)
        cut.writeHeader(of: &fragment, packet, at: sent)
        return fragment
    }

    private mutating func ipv6Cut(_ packet: borrowing Packet, mtu: Int) -> Cut? {
        guard var cut = IPv6Cut(packet, mtu: mtu) else { return nil }
        cut.identification = identifications.next(
            from: cut.source, to: cut.destination, cut.nextHeader)
        return .ipv6(cut)
    }
}

/// How a packet of either family is cut.
private enum Cut {
    case ipv4(IPv4Cut)
    case ipv6(IPv6Cut)

    /// Where the data begin that are cut.
    var dataOffset: Int {
        switch self {
        case .ipv4(let cut): cut.headerCount
        case .ipv6(let cut): cut.dataOffset
        }
    }

    var pieceCount: Int {
        switch self {
        case .ipv4(let cut): cut.pieceCount
        case .ipv6(let cut): (cut.dataCount &+ cut.room &- 1) / cut.room
        }
    }

    /// How many data piece `number` takes, which begins after `sent` of them.
    func count(of number: Int, from sent: Int) -> Int {
        switch self {
        case .ipv4(let cut): min(number == 0 ? cut.room : cut.laterRoom, cut.dataCount &- sent)
        case .ipv6(let cut): min(cut.room, cut.dataCount &- sent)
        }
    }

    func headerCount(at sent: Int) -> Int {
        switch self {
        case .ipv4(let cut): sent == 0 ? cut.headerCount : cut.laterHeaderCount
        case .ipv6(let cut): cut.dataOffset &+ IPv6FragmentHeader.byteCount
        }
    }

    func writeHeader(of fragment: inout Packet, _ packet: borrowing Packet, at sent: Int) {
        switch self {
        case .ipv4(let cut): cut.writeHeader(of: &fragment, packet, at: sent)
        case .ipv6(let cut): cut.writeHeader(of: &fragment, packet, at: sent)
        }
    }
}

/// The cutting of an IPv4 packet, which may be a fragment itself.
private struct IPv4Cut {
    let header: IPv4Header
    let headerCount: Int
    let dataCount: Int
    /// The options that later fragments carry (RFC 791 §3.1).
    let options: IPv4OptionList
    /// Data in the first fragment and in each later one but the last: multiples of 8.
    let room: Int
    let laterRoom: Int

    init?(_ packet: borrowing Packet, mtu: Int) {
        do throws(WireError) {
            let view = try IPv4Packet(packet.head, beyond: packet.countBehindHead)
            header = IPv4Header(view)
            (headerCount, dataCount) = (view.headerCount, view.payloadCount)
            options = IPv4OptionList(copiedFrom: view.options)
        } catch {
            return nil
        }
        room = (mtu &- headerCount) & ~7
        laterRoom = (mtu &- IPv4Header.byteCount(optionsCount: options.count)) & ~7
        guard room >= 8, laterRoom >= 8 else { return nil }
    }

    var laterHeaderCount: Int { IPv4Header.byteCount(optionsCount: options.count) }

    var pieceCount: Int {
        1 &+ (max(0, dataCount &- room) &+ laterRoom &- 1) / laterRoom
    }

    func writeHeader(of fragment: inout Packet, _ packet: borrowing Packet, at sent: Int) {
        var header = header
        let headerCount = sent == 0 ? headerCount : laterHeaderCount
        header.totalCount = UInt16(truncatingIfNeeded: fragment.count)
        header.fragmentOffset &+= sent
        let end = sent &+ fragment.count &- headerCount
        header.moreFragments = header.moreFragments || end < dataCount
        header.dontFragment = false
        var head = fragment.mutableHead
        if sent == 0 {
            header.write(
                to: &head,
                options: packet.head.extracting(IPv4Header.byteCount..<self.headerCount))
        } else {
            header.write(to: &head, options: options.span)
        }
    }
}

/// The cutting of an IPv6 packet of this host's.
private struct IPv6Cut {
    let source: IPAddress
    let destination: IPAddress
    /// What the data begin with, and where that is named in front of them.
    let nextHeader: IPProtocol
    let protoOffset: Int
    /// Where the data begin: behind the headers that every router may look at (RFC 8200 §4.5).
    let dataOffset: Int
    let dataCount: Int
    /// Data in each fragment but the last: a multiple of 8.
    let room: Int
    var identification: UInt32 = 0

    init?(_ packet: borrowing Packet, mtu: Int) {
        do throws(WireError) {
            let view = try IPv6Packet(packet.head, beyond: packet.countBehindHead)
            (source, destination) = (IPAddress(view.source), IPAddress(view.destination))
            var cursor = IPv6ExtensionCursor(view)
            var split = (cursor.proto, cursor.protoOffset, cursor.offset)
            while let field = try cursor.next() {
                guard field.kind == .hopByHopOptions || field.kind == .routing else { continue }
                split = (cursor.proto, cursor.protoOffset, cursor.offset)
            }
            (nextHeader, protoOffset, dataOffset) = split
            dataCount = view.totalCount &- split.2
        } catch {
            return nil
        }
        room = (mtu &- dataOffset &- IPv6FragmentHeader.byteCount) & ~7
        guard room >= 8, dataOffset <= PartialDatagram.base else { return nil }
    }

    func writeHeader(of fragment: inout Packet, _ packet: borrowing Packet, at sent: Int) {
        let headerCount = dataOffset &+ IPv6FragmentHeader.byteCount
        let count = fragment.count
        var head = fragment.mutableHead
        head.write(packet.head.extracting(first: dataOffset), at: 0)
        head.write(IPProtocol.fragment.rawValue, at: protoOffset)
        head.write(UInt16(truncatingIfNeeded: count &- IPv6Header.byteCount), at: 4)
        IPv6FragmentHeader(
            nextHeader: nextHeader, offset: sent,
            hasMore: sent &+ count &- headerCount < dataCount, identification: identification
        ).write(to: &head, at: dataOffset)
    }
}
