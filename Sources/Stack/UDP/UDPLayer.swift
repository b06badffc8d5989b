import Memory
import Wire

/// UDP of a host (RFC 768): its sockets and the table to find them.
struct UDPLayer: ~Copyable {
    var sockets = Slab<DatagramSocket>()
    var raised = Ring<RaisedEvent>()
    /// Sockets by local port.
    private var table = HashIndex()
    private var serial: UInt64 = 0

    private static func place(_ port: UInt16, _ hash: KeyedHash) -> UInt64 {
        hash.place(UInt64(port), 0, 0, 0, 0)
    }

    /// Makes the socket of an endpoint.
    mutating func add(
        _ endpoint: SlabIndex, family: AddressFamily, local: SocketAddress,
        _ options: EndpointOptions, _ hash: KeyedHash
    ) -> SlabIndex {
        serial &+= 1
        let id = sockets.insert(
            DatagramSocket(
                endpoint: endpoint, proto: .udp, family: family, local: local, options: options,
                serial: serial))
        table.insert(id.place, hash: Self.place(local.port, hash))
        return id
    }

    mutating func remove(_ id: SlabIndex, _ hash: KeyedHash) {
        table.remove(id.place, hash: Self.place(sockets[id].local.port, hash))
        sockets.remove(id)
    }

    /// Gives a socket another name; one with port 0 gets nothing.
    mutating func rename(_ id: SlabIndex, to local: SocketAddress, _ hash: KeyedHash) {
        let old = sockets[id].local.port
        if old != 0 { table.remove(id.place, hash: Self.place(old, hash)) }
        sockets[id].bind(to: local)
        if local.port != 0 { table.insert(id.place, hash: Self.place(local.port, hash)) }
    }

    /// Whether a socket has the port on one of the addresses of `scope` and does not share it.
    func isTaken(
        _ port: UInt16, _ scope: LocalScope, _ options: EndpointOptions, _ hash: KeyedHash
    ) -> Bool {
        var probe = table.probe(Self.place(port, hash))
        while let place = table.next(&probe) {
            guard let id = sockets.index(at: Int(place)), sockets[id].local.port == port,
                sockets[id].scope.overlaps(scope)
            else { continue }
            let other = sockets[id].options
            if options.sharesAddress, other.sharesAddress { continue }
            if options.sharesPort, other.sharesPort { continue }
            // Two interfaces are two worlds.
            if let own = options.boundInterface, let its = other.boundInterface, own != its {
                continue
            }
            return true
        }
        return false
    }

    /// The socket that a datagram is for: the one that describes it most closely. Of equals it
    /// is the latest, or where they share the port the one that the flow's hash says.
    ///
    /// - Parameter interface: Where it came in; nil when that is not known.
    func find(
        local: SocketAddress, remote: SocketAddress, on interface: InterfaceID?, _ hash: KeyedHash
    ) -> SlabIndex? {
        var best: (id: SlabIndex, score: Int, serial: UInt64)?
        var count: UInt64 = 0
        var probe = table.probe(Self.place(local.port, hash))
        while let place = table.next(&probe) {
            guard let id = sockets.index(at: Int(place)) else { continue }
            let score = sockets[id].score(local, from: remote, on: interface)
            guard score > 0 else { continue }
            count = score == best?.score ? count &+ 1 : score > best?.score ?? 0 ? 1 : count
            let serial = sockets[id].serial
            if let known = best, (known.score, known.serial) > (score, serial) { continue }
            best = (id, score, serial)
        }
        guard let best, count > 1, sockets[best.id].options.sharesPort,
            sockets[best.id].remote == nil
        else { return best?.id }
        let flow = FourTuple(local: local, remote: remote).secret(hash)
        return spread(flow, count, local, remote, interface, best.score, hash) ?? best.id
    }

    /// The one of `count` equals that a flow is for (`SO_REUSEPORT`), as an outsider cannot foresee.
    private func spread(
        _ flow: UInt64, _ count: UInt64, _ local: SocketAddress, _ remote: SocketAddress,
        _ interface: InterfaceID?, _ score: Int, _ hash: KeyedHash
    ) -> SlabIndex? {
        var turn = ((flow >> 32) &* count) >> 32
        var probe = table.probe(Self.place(local.port, hash))
        while let place = table.next(&probe) {
            guard let id = sockets.index(at: Int(place)),
                sockets[id].score(local, from: remote, on: interface) == score
            else { continue }
            if turn == 0 { return id }
            turn &-= 1
        }
        return nil
    }

    /// Whether a socket takes what comes to `local` from `remote`, or where that is nil from
    /// somebody.
    func hasSocket(
        at local: SocketAddress, from remote: SocketAddress?, on interface: InterfaceID,
        _ hash: KeyedHash
    ) -> Bool {
        var probe = table.probe(Self.place(local.port, hash))
        while let place = table.next(&probe) {
            guard let id = sockets.index(at: Int(place)), sockets[id].local.port == local.port
            else { continue }
            let sender = remote ?? sockets[id].remote ?? local
            if sockets[id].score(local, from: sender, on: interface) > 0 { return true }
        }
        return false
    }

    /// A walk over the sockets that a datagram to a group or to everybody is for: all of them.
    struct Walk {
        fileprivate var probe: HashIndex.Probe
    }

    func walk(_ port: UInt16, _ hash: KeyedHash) -> Walk {
        Walk(probe: table.probe(Self.place(port, hash)))
    }

    /// The next socket that takes a datagram, nil after the last.
    func next(
        _ walk: inout Walk, local: SocketAddress, remote: SocketAddress, on interface: InterfaceID
    ) -> SlabIndex? {
        while let place = table.next(&walk.probe) {
            guard let id = sockets.index(at: Int(place)) else { continue }
            if sockets[id].score(local, from: remote, on: interface) > 0 { return id }
        }
        return nil
    }

    /// An ICMP error about a datagram of ours.
    mutating func takeUp(_ error: TransportError, _ network: borrowing NetworkLayer) {
        guard
            let id = find(local: error.local, remote: error.remote, on: nil, network.hash),
            sockets[id].takeUp(error, at: network.now)
        else { return }
        raised.append(
            RaisedEvent(endpoint: sockets[id].endpoint, events: [.readable, .writable, .error]))
    }
}
