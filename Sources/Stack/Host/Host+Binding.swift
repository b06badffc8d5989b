import Memory
import Wire

/// Names of endpoints: POSIX `bind`.
extension Host {
    /// Gives an endpoint its local name; port 0 asks for a free one. An endpoint for echoes has
    /// their identifier for a port, a raw one none. POSIX `bind`.
    ///
    /// An endpoint of IPv6 that is bound to `::` takes IPv4 too, unless it is for IPv6 only. Bound
    /// to an address with a zone, it is bound to that interface.
    ///
    /// - Throws: `.addressInUse`, `.addressNotAvailable` when the address is not the host's,
    ///   `.accessDenied` for a privileged port, `.invalidArgument` when it has a name already or
    ///   its link-local address no zone, `.addressFamilyNotSupported`.
    public mutating func bind(
        _ id: EndpointID, to address: SocketAddress
    ) throws(StackError) {
        try check(id)
        switch endpoints[id.index].kind {
        case .packet, .local, .netlink: throw .addressFamilyNotSupported
        default: break
        }
        var address = address
        // Of an address that means the same on all links, Linux forgets the zone.
        if !address.address.isMulticast, !address.address.needsZone { address.zone = 0 }
        do throws(StackError) {
            try endpoints[id.index].checkFamily(of: address.address)
        } catch {
            throw error == .networkUnreachable ? .invalidArgument : error
        }
        // As on Linux, where the two families look at the address sooner and later.
        if endpoints[id.index].family == .inet {
            try checkIsOurs(address, id)
            try checkPrivilege(address.port, id)
            try checkMayBind(id)
        } else {
            try checkPrivilege(address.port, id)
            try checkMayBind(id)
        }
        let old = endpoints[id.index].options
        try bindZone(id, address)
        do throws(StackError) {
            try checkIsOurs(address, id)
            try name(id, address)
        } catch {
            try setOptions(old, of: id)
            throw error
        }
    }

    private func checkPrivilege(_ port: UInt16, _ id: EndpointID) throws(StackError) {
        switch endpoints[id.index].kind {
        case .stream, .datagram:
            guard port == 0 || port >= firstUnprivilegedPort else { throw .accessDenied }
        default: break
        }
    }

    private func checkMayBind(_ id: EndpointID) throws(StackError) {
        switch endpoints[id.index].role {
        case .unbound: return
        case .raw(let key):
            // Raw endpoints may change their address, others have their name for good.
            guard raw.sockets[key].remote == nil,
                !raw.sockets[key].isEcho || raw.sockets[key].local.port == 0
            else { throw .invalidArgument }
        case .datagram(let key):
            // One that lost its port may have another.
            guard udp.sockets[key].local.port == 0 else { throw .invalidArgument }
        case .connection(let key):
            guard tcp.connections[key].state == .closed,
                !tcp.connections[key].flags.contains(.holdsPort)
            else { throw .invalidArgument }
        default: throw .invalidArgument
        }
    }

    /// An address with a zone means the interface too (RFC 3493 §3.3).
    private mutating func bindZone(
        _ id: EndpointID, _ address: SocketAddress
    ) throws(StackError) {
        guard !address.address.isIPv4,
            address.address.isLinkLocal
                || address.address.isMulticast && AddressScope(address.address) == .linkLocal
        else { return }
        var options = endpoints[id.index].options
        let zone = InterfaceID(zone: address.zone)
        if let zone, let bound = options.boundInterface, zone != bound { throw .invalidArgument }
        guard let interface = zone ?? options.boundInterface else { throw .invalidArgument }
        options.boundInterface = interface
        try setOptions(options, of: id)
    }

    private func checkIsOurs(
        _ address: SocketAddress, _ id: EndpointID
    ) throws(StackError) {
        let name = address.address
        let options = endpoints[id.index].options
        if name.isUnspecified || options.bindsAnywhere || options.isTransparent { return }
        if let bound = endpoints[id.index].options.boundInterface, name.isLinkLocal, !name.isIPv4 {
            guard network.isOurs(name, on: bound) else { throw .addressNotAvailable }
            return
        }
        if network.interface(owning: name) != nil { return }
        if name.isMulticast {
            // No stream of IPv6 has a group's name; one of IPv4 may, and hears nothing.
            guard name.isIPv4 || endpoints[id.index].kind != .stream else {
                throw .invalidArgument
            }
            return
        }
        for number in 0..<network.interfaces.count
        where network.isBroadcast(name, on: InterfaceID(rawValue: number)) {
            return
        }
        throw .addressNotAvailable
    }

    private mutating func name(
        _ id: EndpointID, _ address: SocketAddress
    ) throws(StackError) {
        if address.port == 0, endpoints[id.index].options.defersPort,
            case .unbound = endpoints[id.index].role
        {
            // The port comes with the peer (`IP_BIND_ADDRESS_NO_PORT`).
            noteChosen(id, address)
            endpoints[id.index].name = address
            return
        }
        try assign(id, address)
    }

    /// Gives an endpoint a name that it may have, with a free port for port 0.
    mutating func assign(
        _ id: EndpointID, _ address: SocketAddress
    ) throws(StackError) {
        let kind = endpoints[id.index].kind
        var local = address
        if case .raw = kind {
            local.port = 0
        } else if local.port == 0 {
            let port = ephemeralPort { host, port in
                host.isFree(
                    SocketAddress(address: address.address, port: port), for: id.index,
                    isAny: true)
            }
            guard let port else { throw .addressInUse }
            local.port = port
        } else if !isFree(local, for: id.index, isAny: false) {
            throw .addressInUse
        }
        noteChosen(id, address)
        switch endpoints[id.index].role {
        case .raw(let key):
            raw.sockets[key].bind(to: local)
        case .datagram(let key):
            udp.rename(key, to: local, network.hash)
        case .unbound where kind == .datagram:
            let socket = udp.add(
                id.index, family: endpoints[id.index].family, local: local,
                endpoints[id.index].options, network.hash)
            udp.sockets[socket].shut = endpoints[id.index].shut
            endpoints[id.index].role = .datagram(socket)
        default:
            forgetConnection(id)
            endpoints[id.index].name = local
            endpoints[id.index].role = .bound
            tcp.ports.take(claim(of: id.index), network.hash)
        }
    }

    /// Keeps in mind what of the name the application chose itself.
    private mutating func noteChosen(_ id: EndpointID, _ address: SocketAddress) {
        endpoints[id.index].chosen = []
        if address.port != 0 { endpoints[id.index].chosen.insert(.port) }
        guard !address.address.isUnspecified else { return }
        endpoints[id.index].chosen.insert(.address)
        // An address of IPv6 leaves IPv4 alone, and says so.
        if endpoints[id.index].family == .inet6, !address.address.isIPv4 {
            endpoints[id.index].options.isV6Only = true
        }
    }

    // MARK: - Ports

    /// What a stream that is bound or listens holds of the port table.
    func claim(of id: SlabIndex) -> PortTable.Claim {
        let options = endpoints[id].options
        var terms = PortTable.Terms(options)
        if case .listening = endpoints[id].role { terms.insert(.listens) }
        let name = endpoints[id].name
        return PortTable.Claim(
            scope: LocalScope(name.address, allowsDual: endpoints[id].allowsDual),
            port: name.port, link: options.boundInterface?.zone ?? 0, terms: terms)
    }

    /// Takes what a stream holds out of the port table, for as long as its options change.
    mutating func dropClaim(_ id: EndpointID) {
        switch endpoints[id.index].role {
        case .bound, .listening: tcp.ports.drop(claim(of: id.index), network.hash)
        case .connection(let key) where tcp.connections[key].flags.contains(.holdsPort):
            tcp.ports.drop(tcp.connections[key].claim, network.hash)
        default: break
        }
    }

    mutating func takeClaim(_ id: EndpointID) {
        switch endpoints[id.index].role {
        case .bound, .listening: tcp.ports.take(claim(of: id.index), network.hash)
        case .connection(let key) where tcp.connections[key].flags.contains(.holdsPort):
            tcp.ports.take(tcp.connections[key].claim, network.hash)
        default: break
        }
    }

    /// Whether the endpoint `id` may bind to `local`.
    ///
    /// - Parameter isAny: Whether any other port would do as well.
    func isFree(_ local: SocketAddress, for id: SlabIndex, isAny: Bool) -> Bool {
        if case .raw(let key) = endpoints[id].role { return raw.isFree(local, for: key) }
        let options = endpoints[id].options
        let scope = LocalScope(local.address, allowsDual: endpoints[id].allowsDual)
        if endpoints[id].kind == .datagram {
            return !udp.isTaken(local.port, scope, options, network.hash)
        }
        let claim = PortTable.Claim(
            scope: scope, port: local.port, link: options.boundInterface?.zone ?? 0,
            terms: PortTable.Terms(options))
        return !tcp.ports.isTaken(claim, isAny: isAny, network.hash)
    }

    /// A port that is free, from a random start (RFC 6056 §3.3.1); nil when all are taken.
    mutating func ephemeralPort(where isFree: (borrowing Host, UInt16) -> Bool) -> UInt16? {
        let count = UInt32(ephemeralPorts.count)
        let start = network.random.next(below: count)
        for step in 0..<count {
            let offset = UInt16(truncatingIfNeeded: (start + step) % count)
            let port = ephemeralPorts.lowerBound + offset
            if isFree(self, port) { return port }
        }
        return nil
    }
}
