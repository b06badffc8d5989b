import Memory
import Wire

/// Requests for links, addresses, routes and neighbours: rtnetlink(7). Nothing is changed through
/// them.
extension Host {
    mutating func answerRoute(
        _ message: NetlinkMessage, _ key: SlabIndex
    ) throws(NetlinkError) {
        let payload = message.payload
        // Less than a family asks for nothing.
        guard payload.count > 0 else { return }
        let isStrict = netlink.sockets[key].options.contains(.filtersDumps)
        switch message.type {
        case .getLink where message.flags.asksForAll:
            try begin(NetlinkDump(.links, sequence: message.sequence), key)
        case .getLink: try answerLink(message, key)
        case .getAddress where message.flags.asksForAll:
            var dump = NetlinkDump(.addresses, sequence: message.sequence)
            dump.family = payload[0]
            if isStrict {
                dump.interface = try Self.read(payload, AddressMessageHeader.init).index
            }
            try begin(dump, key)
        case .getRoute where message.flags.asksForAll:
            try begin(try Self.routeDump(message, isStrict), key)
        case .getRoute: try answerLookup(message, key)
        case .getNeighbour where message.flags.asksForAll:
            try begin(try Self.neighbourDump(message, isStrict), key)
        default: throw .notSupported
        }
    }

    /// The fixed part of a request.
    static func read<Part>(
        _ bytes: Span<UInt8>, _ make: (Span<UInt8>) throws(WireError) -> Part
    ) throws(NetlinkError) -> Part {
        do throws(WireError) {
            return try make(bytes)
        } catch {
            throw .invalid
        }
    }

    private static func routeDump(
        _ message: NetlinkMessage, _ isStrict: Bool
    ) throws(NetlinkError) -> NetlinkDump {
        let payload = message.payload
        var dump = NetlinkDump(.routes, sequence: message.sequence)
        dump.family = payload[0]
        guard isStrict else { return dump }
        dump.table = UInt32(try read(payload, RouteMessageHeader.init).table)
        try forEachAttribute(payload.extracting(droppingFirst: RouteMessageHeader.byteCount)) {
            guard $1.count == 4 else { return }
            if $0 == RouteAttribute.table { dump.table = $1.littleUInt32(at: 0) }
            if $0 == RouteAttribute.outputInterface { dump.interface = $1.littleUInt32(at: 0) }
        }
        return dump
    }

    private static func neighbourDump(
        _ message: NetlinkMessage, _ isStrict: Bool
    ) throws(NetlinkError) -> NetlinkDump {
        let payload = message.payload
        var dump = NetlinkDump(.neighbours, sequence: message.sequence)
        dump.family = payload[0]
        guard payload.count >= NeighbourMessageHeader.byteCount else { return dump }
        // Proxies are another table, of which nothing is told.
        if try read(payload, NeighbourMessageHeader.init).flags & 8 != 0 { dump.stage = 1 }
        try forEachAttribute(payload.extracting(droppingFirst: NeighbourMessageHeader.byteCount)) {
            if $0 == NeighbourAttribute.interface, $1.count == 4 {
                dump.interface = $1.littleUInt32(at: 0)
            }
        }
        return dump
    }

    // MARK: - Links

    /// One link, by its number or its name.
    private mutating func answerLink(
        _ message: NetlinkMessage, _ key: SlabIndex
    ) throws(NetlinkError) {
        let payload = message.payload
        var index = try Self.read(payload, LinkMessageHeader.init).index
        var name: [UInt8] = []
        try forEachAttribute(payload.extracting(droppingFirst: LinkMessageHeader.byteCount)) {
            guard $0 == LinkAttribute.name else { return }
            for place in 0..<$1.count where $1[place] != 0 { name.append($1[place]) }
        }
        guard index != 0 || !name.isEmpty else { throw .invalid }
        if index == 0 { index = UInt32(interface(named: name)?.zone ?? 0) }
        guard let id = InterfaceID(zone: UInt16(clamping: index)), network.isValid(id) else {
            throw .noSuchDevice
        }
        var writer = NetlinkWriter()
        writeLink(id, reply(to: message, .newLink, key), &writer)
        netlink.deliver(NetlinkDatagram(bytes: writer.bytes), to: key)
    }

    func reply(
        to message: NetlinkMessage, _ type: NetlinkType, _ key: SlabIndex
    ) -> NetlinkHeader {
        NetlinkHeader(
            type: type, sequence: message.sequence, portID: netlink.sockets[key].portID)
    }

    private func interface(named name: [UInt8]) -> InterfaceID? {
        for number in 0..<network.interfaces.count
        where name.elementsEqual(network.interfaces[number].configuration.name.utf8) {
            return InterfaceID(rawValue: number)
        }
        return nil
    }

    func writeLink(
        _ dump: inout NetlinkDump, _ header: NetlinkHeader, _ writer: inout NetlinkWriter
    ) -> Bool {
        guard dump.place < network.interfaces.count else { return false }
        var header = header
        header.type = .newLink
        writeLink(InterfaceID(rawValue: dump.place), header, &writer)
        dump.place &+= 1
        return true
    }
}
