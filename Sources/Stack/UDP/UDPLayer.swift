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
    /// The only peer, once connected.
    var remote: SocketAddress?
    var queue = Ring<QueuedDatagram>()
    /// What an ICMP error told of an earlier datagram.
    var error: StackError?

    /// Datagrams that may wait; more are dropped and counted.
    static var queueLimit: Int { 128 }
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

    /// Whether a socket bound to `local` would take what another one is to get.
    func isTaken(_ local: SocketAddress, _ hash: KeyedHash) -> Bool {
        var probe = table.probe(Self.place(local.port, hash))
        while let place = table.next(&probe) {
            guard let id = sockets.index(at: Int(place)) else { continue }
            let other = sockets[id].local
            if other.port == local.port,
                other.address == local.address || other.address.isUnspecified
                    || local.address.isUnspecified
            {
                return true
            }
        }
        return false
    }

    /// The socket that a datagram is for: the one whose ends match most closely.
    func find(
        local: SocketAddress, remote: SocketAddress, _ hash: KeyedHash
    ) -> SlabIndex? {
        var best: (id: SlabIndex, score: Int)?
        var probe = table.probe(Self.place(local.port, hash))
        while let place = table.next(&probe) {
            guard let id = sockets.index(at: Int(place)), sockets[id].local.port == local.port
            else { continue }
            var score = 1
            let bound = sockets[id].local.address
            if bound == local.address {
                score += 1
            } else if !bound.isUnspecified {
                continue
            }
            if let peer = sockets[id].remote {
                guard peer == remote else { continue }
                score += 2
            }
            if score > best?.score ?? 0 { best = (id, score) }
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
        guard let id = find(local: destination, remote: source, network.hash) else {
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
        guard let id = find(local: error.local, remote: error.remote, network.hash),
            sockets[id].remote == error.remote
        else { return }
        sockets[id].error = error.kind.reason
        raised.append(
            RaisedEvent(endpoint: sockets[id].endpoint, events: [.readable, .writable, .error]))
    }
}
