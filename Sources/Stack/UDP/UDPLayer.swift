import Memory
import Wire

/// A datagram that waits for its reader: the payload is all of the packet.
struct QueuedDatagram: ~Copyable {
    let packet: Packet
    let source: SocketAddress
    let destination: SocketAddress
}

/// A socket that sends and receives datagrams (RFC 768).
struct UDPSocket: ~Copyable {
    let endpoint: SlabIndex
    let local: SocketAddress
    /// Whether `::` means IPv4 too.
    let allowsDual: Bool
    var options: EndpointOptions
    /// The only peer, once connected.
    var remote: SocketAddress?
    var queue = Ring<QueuedDatagram>()
    /// What an ICMP error told of an earlier datagram.
    var error: StackError?

    /// Datagrams that may wait; more are dropped and counted.
    static var queueLimit: Int { 128 }

    init(
        endpoint: SlabIndex, local: SocketAddress, allowsDual: Bool, options: EndpointOptions
    ) {
        self.endpoint = endpoint
        self.local = local
        self.allowsDual = allowsDual
        self.options = options
    }

    var scope: LocalScope { LocalScope(local.address, allowsDual: allowsDual) }

    /// How closely a datagram is described: 0 where it is for another socket.
    func score(
        local destination: SocketAddress, remote source: SocketAddress, on interface: InterfaceID?
    ) -> Int {
        guard local.port == destination.port, scope.takes(destination.address) else { return 0 }
        var score = local.address.isIPv4 == destination.address.isIPv4 ? 2 : 1
        if local.address == destination.address { score += 4 }
        if let remote {
            guard remote == source else { return 0 }
            score += 8
        }
        if let bound = options.boundInterface {
            guard interface == nil || bound == interface else { return 0 }
            score += 4
        }
        return score
    }
}

/// UDP of a host.
struct UDPLayer: ~Copyable {
    var sockets = Slab<UDPSocket>()
    var raised = Ring<RaisedEvent>()
    /// Sockets by local port.
    private var table = HashIndex()

    private static func place(_ port: UInt16, _ hash: KeyedHash) -> UInt64 {
        hash.place(UInt64(port), 0, 0, 0, 0)
    }

    mutating func add(_ socket: consuming UDPSocket, _ hash: KeyedHash) -> SlabIndex {
        let port = socket.local.port
        let id = sockets.insert(socket)
        table.insert(id.place, hash: Self.place(port, hash))
        return id
    }

    mutating func remove(_ id: SlabIndex, _ hash: KeyedHash) {
        table.remove(id.place, hash: Self.place(sockets[id].local.port, hash))
        sockets.remove(id)
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
            // Two interfaces are two worlds.
            if let own = options.boundInterface, let its = other.boundInterface, own != its {
                continue
            }
            return true
        }
        return false
    }

    /// The socket that a datagram is for: the one that describes it most closely, of equals the
    /// latest.
    ///
    /// - Parameter interface: Where it came in; nil for whatever the socket is bound to.
    func find(
        local: SocketAddress, remote: SocketAddress, on interface: InterfaceID?, _ hash: KeyedHash
    ) -> SlabIndex? {
        var best: (id: SlabIndex, score: Int)?
        var probe = table.probe(Self.place(local.port, hash))
        while let place = table.next(&probe) {
            guard let id = sockets.index(at: Int(place)) else { continue }
            let score = sockets[id].score(local: local, remote: remote, on: interface)
            if score > 0, score >= best?.score ?? 0 { best = (id, score) }
        }
        return best?.id
    }

    /// Takes in what IP delivered; gives it back when nobody waits on its port.
    mutating func receive(
        _ delivery: consuming Delivery, _ network: inout NetworkLayer
    ) -> Delivery? {
        let (source, destination): (SocketAddress, SocketAddress)
        let (payloadCount, hasChecksum): (Int, Bool)
        do throws(WireError) {
            let view = try UDPDatagram(
                delivery.packet.head, beyond: delivery.packet.countBehindHead)
            source = SocketAddress(address: delivery.source, port: view.sourcePort)
            destination = SocketAddress(
                address: delivery.destination, port: view.destinationPort)
            payloadCount = view.payloadCount
            hasChecksum = view.checksum != 0
        } catch {
            network.counters.count(.udpMalformed)
            return nil
        }
        delivery.packet.truncate(to: payloadCount &+ UDPHeader.byteCount)
        // No checksum is legal over IPv4 only (RFC 768; RFC 8200 §8.1).
        guard hasChecksum ? delivery.checksumIsValid : delivery.source.isIPv4 else {
            network.counters.count(.udpBadChecksum)
            return nil
        }
        guard
            let id = find(
                local: destination, remote: source, on: delivery.interface, network.hash)
        else {
            network.counters.count(.udpNoPort)
            return delivery
        }
        guard sockets[id].queue.count < UDPSocket.queueLimit else {
            network.counters.count(.udpQueueFull)
            return nil
        }
        var packet = delivery.packet
        packet.removeFirst(UDPHeader.byteCount)
        network.counters.count(.udpDatagramsReceived)
        sockets[id].queue.append(
            QueuedDatagram(packet: packet, source: source, destination: destination))
        raised.append(RaisedEvent(endpoint: sockets[id].endpoint, events: .readable))
        return nil
    }

    /// Sends one datagram.
    mutating func send(
        _ payload: Span<UInt8>, from local: SocketAddress, to remote: SocketAddress,
        _ network: inout NetworkLayer
    ) throws(StackError) {
        let source = local.address.isUnspecified ? nil : local.address
        guard let path = network.path(to: remote.address, from: source) else {
            throw .networkUnreachable
        }
        let count = UDPHeader.byteCount &+ payload.count
        guard count &+ IPv4Header.byteCount <= path.mtu else { throw .messageTooLong }
        guard var packet = network.pools.frame(headroom: NetworkLayer.headroom),
            packet.tailroom >= count
        else {
            network.counters.count(.noBuffer)
            throw .noBufferSpace
        }
        let pseudo = InternetChecksum.pseudoHeader(
            source: path.source, destination: remote.address, proto: .udp,
            length: UInt32(truncatingIfNeeded: count))
        packet.extend(count)
        var head = packet.mutableHead
        UDPHeader(
            sourcePort: local.port, destinationPort: remote.port,
            length: UInt16(truncatingIfNeeded: count), checksum: pseudo.partial
        ).write(to: &head)
        head.write(payload, at: UDPHeader.byteCount)
        packet.metadata.checksum = .partial(start: 0, offset: UInt16(UDPHeader.checksumOffset))
        network.counters.count(.udpDatagramsSent)
        network.send(
            packet, along: path, from: path.source, to: remote.address,
            NetworkLayer.SendOptions(proto: .udp, dontFragment: false))
    }

    /// An ICMP error about a datagram of ours: a connected socket learns of it
    /// (RFC 1122 §4.1.3.3).
    mutating func takeUp(_ error: TransportError, _ network: borrowing NetworkLayer) {
        guard
            let id = find(
                local: error.local, remote: error.remote, on: nil, network.hash),
            sockets[id].remote == error.remote
        else { return }
        sockets[id].error = error.kind.reason
        raised.append(
            RaisedEvent(endpoint: sockets[id].endpoint, events: [.readable, .writable, .error]))
    }
}
