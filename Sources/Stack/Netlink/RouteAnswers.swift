import Memory
import Wire

/// What is told of routes.
extension Host {
    private static var mainTable: UInt32 { 254 }
    private static var localTable: UInt32 { 255 }

    /// Writes the next route of a dump; false when there is none. First come the routes of the main
    /// table, then what is the host's own, by interface.
    func writeRoute(
        _ dump: inout NetlinkDump, _ header: NetlinkHeader, _ writer: inout NetlinkWriter
    ) -> Bool {
        var header = header
        header.type = .newRoute
        guard dump.stage > 0 else {
            guard dump.place < network.routes.routes.count else {
                dump.nextStage()
                return true
            }
            let route = network.routes.routes[dump.place]
            dump.place &+= 1
            let isWanted =
                route.interface != NetworkLayer.loopbackID
                && dump.wants(route.destination.address, on: route.interface, Self.mainTable)
            if isWanted { writeRoute(route, header, &writer) }
            return true
        }
        let number = dump.stage &- 1
        guard number < network.interfaces.count else { return false }
        guard dump.place < network.interfaces[number].addresses.count else {
            dump.nextStage()
            return true
        }
        let address = network.interfaces[number].addresses[dump.place]
        dump.place &+= 1
        let id = InterfaceID(rawValue: number)
        if address.isUsable, dump.wants(address.prefix.address, on: id, Self.localTable) {
            writeLocalRoutes(address, on: id, header, &writer)
        }
        return true
    }

    private func writeRoute(
        _ route: Route, _ header: NetlinkHeader, _ writer: inout NetlinkWriter
    ) {
        let isIPv4 = route.destination.address.isIPv4
        let own = ownAddress(in: route)
        var information = RouteMessageHeader()
        information.family = NetlinkFamily.of(route.destination.address)
        information.destinationLength = route.destination.length
        information.table = UInt8(Self.mainTable)
        // Made with an address, or by the user.
        information.origin = own != nil ? 2 : 3
        information.scope = isIPv4 && route.gateway == nil ? 253 : 0
        information.type = 1
        writer.message(header) { writer in
            information.write(to: &writer)
            writer.attribute(RouteAttribute.table, Self.mainTable)
            if route.destination.length > 0 {
                writer.attribute(RouteAttribute.destination, route.destination.masked.address)
            }
            if isIPv4, let own { writer.attribute(RouteAttribute.preferredSource, own) }
            if let gateway = route.gateway { writer.attribute(RouteAttribute.gateway, gateway) }
            writer.attribute(RouteAttribute.outputInterface, UInt32(route.interface.zone))
            let metric = isIPv4 || route.metric > 0 ? route.metric : own != nil ? 256 : 1024
            if metric > 0 { writer.attribute(RouteAttribute.priority, metric) }
        }
    }

    /// The host's address on the network that a route leads to; nil for other routes.
    private func ownAddress(in route: Route) -> IPAddress? {
        guard route.gateway == nil else { return nil }
        let number = route.interface.rawValue
        for place in 0..<network.interfaces[number].addresses.count {
            let address = network.interfaces[number].addresses[place]
            if address.namesNetwork, address.prefix.masked == route.destination.masked {
                return address.prefix.address
            }
        }
        return nil
    }

    /// An address is the host's own, and with it everybody's on its network.
    private func writeLocalRoutes(
        _ address: InterfaceAddress, on id: InterfaceID, _ header: NetlinkHeader,
        _ writer: inout NetlinkWriter
    ) {
        let own = address.prefix.address
        let link = network.interfaces[id.rawValue].configuration.link
        if own.isIPv4, id == NetworkLayer.loopbackID {
            writeLocalRoute(.loopbackNetwork, type: 2, from: own, on: id, header, &writer)
        }
        writeLocalRoute(IPPrefix(host: own), type: 2, from: own, on: id, header, &writer)
        if let everybody = address.prefix.broadcast(on: link) {
            writeLocalRoute(
                IPPrefix(host: everybody), type: 3, from: own, on: id, header, &writer)
        }
    }

    private func writeLocalRoute(
        _ destination: IPPrefix, type: UInt8, from own: IPAddress, on id: InterfaceID,
        _ header: NetlinkHeader, _ writer: inout NetlinkWriter
    ) {
        var information = RouteMessageHeader()
        information.family = NetlinkFamily.of(own)
        information.destinationLength = destination.length
        information.table = UInt8(Self.localTable)
        information.origin = 2
        information.scope = !own.isIPv4 ? 0 : type == 2 ? 254 : 253
        information.type = type
        writer.message(header) { writer in
            information.write(to: &writer)
            writer.attribute(RouteAttribute.table, Self.localTable)
            writer.attribute(RouteAttribute.destination, destination.address)
            if own.isIPv4 { writer.attribute(RouteAttribute.preferredSource, own) }
            writer.attribute(RouteAttribute.outputInterface, UInt32(id.zone))
        }
    }

    // MARK: - The way to one destination

    /// Answers `ip route get`.
    mutating func answerLookup(
        _ message: NetlinkMessage, _ key: SlabIndex
    ) throws(NetlinkError) {
        let payload = message.payload
        let asked = try Self.read(payload, RouteMessageHeader.init)
        guard asked.family == NetlinkFamily.inet || asked.family == NetlinkFamily.inet6 else {
            throw .notSupported
        }
        var destination: IPAddress =
            asked.family == NetlinkFamily.inet ? .unspecifiedV4 : .unspecifiedV6
        var source: IPAddress?
        var interface: UInt32 = 0
        try forEachAttribute(payload.extracting(droppingFirst: RouteMessageHeader.byteCount)) {
            switch $0 {
            case RouteAttribute.destination:
                if let address = NetlinkFamily.address($1) { destination = address }
            case RouteAttribute.source: source = NetlinkFamily.address($1)
            case RouteAttribute.outputInterface:
                if $1.count == 4 { interface = $1.littleUInt32(at: 0) }
            default: break
            }
        }
        let link = InterfaceID(zone: UInt16(clamping: interface))
        if let link, !network.isValid(link) { throw .noSuchDevice }
        guard let path = network.path(to: destination, from: source, on: link) else {
            throw .networkUnreachable
        }
        var writer = NetlinkWriter()
        write(path, to: destination, reply(to: message, .newRoute, key), &writer)
        netlink.deliver(NetlinkDatagram(bytes: writer.bytes), to: key)
    }

    private func write(
        _ path: NetworkLayer.Path, to destination: IPAddress, _ header: NetlinkHeader,
        _ writer: inout NetlinkWriter
    ) {
        let isLocal = path.interface == NetworkLayer.loopbackID
        var information = RouteMessageHeader()
        information.family = NetlinkFamily.of(destination)
        information.destinationLength = UInt8(destination.bitCount)
        information.table = UInt8(isLocal && !destination.isIPv4 ? Self.localTable : Self.mainTable)
        information.type =
            isLocal
            ? 2
            : destination.isMulticast
                ? 5 : network.isBroadcast(destination, on: path.interface) ? 3 : 1
        // A copy made for the question.
        information.flags = isLocal ? 0x8000_0200 : 0x200
        let isNarrow = path.mtu < network.interfaces[path.interface.rawValue].mtu
        writer.message(header) { writer in
            information.write(to: &writer)
            writer.attribute(RouteAttribute.table, UInt32(information.table))
            writer.attribute(RouteAttribute.destination, destination)
            writer.attribute(RouteAttribute.outputInterface, UInt32(path.interface.zone))
            writer.attribute(RouteAttribute.preferredSource, path.source)
            if path.nextHop != destination {
                writer.attribute(RouteAttribute.gateway, path.nextHop)
            }
            if isNarrow {
                writer.attribute(RouteAttribute.metrics) { writer in
                    writer.attribute(RouteAttribute.metricMTU, UInt32(path.mtu))
                }
            }
            writer.attribute(RouteAttribute.user, UInt32(0))
            // Counts of its use, none of which is kept.
            writer.attribute(RouteAttribute.cacheInformation) { $0.append(zeros: 32) }
        }
    }
}

extension NetlinkDump {
    /// Whether a route to `address` is among those that are asked for.
    fileprivate func wants(
        _ address: IPAddress, on id: InterfaceID, _ routes: UInt32
    ) -> Bool {
        if interface != 0, interface != UInt32(id.zone) { return false }
        if table != 0, table != routes { return false }
        let isOne = family == NetlinkFamily.inet || family == NetlinkFamily.inet6
        return !isOne || family == NetlinkFamily.of(address)
    }
}

extension IPPrefix {
    /// 127.0.0.0/8.
    fileprivate static var loopbackNetwork: IPPrefix {
        let address = IPAddress.v4(127, 0, 0, 0)
        return IPPrefix(address: address, length: 8) ?? IPPrefix(host: address)
    }
}
