import Memory
import Wire

/// Raw endpoints, which see all of a protocol's packets, and endpoints for echoes of ICMP.
///
/// Where a host has none, a packet costs it one comparison.
struct RawLayer: ~Copyable {
    var sockets = Slab<DatagramSocket>()
    var raised = Ring<RaisedEvent>()
    private var serial: UInt64 = 0

    /// Whether anybody listens.
    var isInUse: Bool { sockets.count > 0 }

    /// Makes the socket of a raw endpoint, or with `isEcho` one for echoes, which gets answers
    /// once it has an identifier.
    mutating func add(
        _ endpoint: SlabIndex, _ kind: EndpointKind, family: AddressFamily,
        _ options: EndpointOptions
    ) -> SlabIndex {
        serial &+= 1
        var proto: IPProtocol = family == .inet ? .icmp : .icmpv6
        if case .raw(let number) = kind { proto = number }
        return sockets.insert(
            DatagramSocket(
                endpoint: endpoint, proto: proto, family: family,
                local: SocketAddress(address: family.unspecified, port: 0), options: options,
                serial: serial, isEcho: kind == .icmp))
    }

    /// Whether no other endpoint for echoes has the identifier `local.port` on the address.
    func isFree(_ local: SocketAddress, for id: SlabIndex) -> Bool {
        let scope = LocalScope(local.address, allowsDual: false)
        for place in 0..<sockets.placeCount {
            guard let other = sockets.index(at: place), other != id, sockets[other].isEcho,
                sockets[other].local.port == local.port
            else { continue }
            if sockets[other].scope.overlaps(scope) { return false }
        }
        return true
    }

    /// Gives every endpoint that wants it a copy of what IP delivered, before its protocol sees it;
    /// whether one took it for its protocol.
    mutating func receive(
        _ delivery: inout Delivery, _ network: inout NetworkLayer
    ) -> Bool {
        let echo = EchoReply(delivery)
        var isTaken = false
        for place in 0..<sockets.placeCount {
            guard let id = sockets.index(at: place) else { continue }
            if delivery.cast == .multicast,
                !network.listens(
                    sockets[id].endpoint, to: delivery.source, in: delivery.destination,
                    on: delivery.interface, hearsAll: sockets[id].options.hearsAllGroups)
            {
                continue
            }
            if sockets[id].isEcho {
                guard let echo, sockets[id].wants(echo, delivery) else { continue }
                isTaken = true
                deliver(&delivery, to: id, showingHeader: false, &network)
            } else {
                guard sockets[id].wants(delivery) else { continue }
                isTaken = true
                guard sockets[id].checksumIsValid(delivery) else {
                    network.counters.count(.rawBadChecksum)
                    continue
                }
                // Of IPv4 the reader sees the header too, of IPv6 only what it carries
                // (RFC 3542 §3).
                deliver(&delivery, to: id, showingHeader: delivery.source.isIPv4, &network)
            }
        }
        return isTaken
    }

    private mutating func deliver(
        _ delivery: inout Delivery, to id: SlabIndex, showingHeader: Bool,
        _ network: inout NetworkLayer
    ) {
        let header = delivery.networkHeaderCount
        delivery.packet.prepend(header)
        let copied = network.hasMemoryToQueue ? network.pools.copy(delivery.packet) : nil
        delivery.packet.removeFirst(header)
        guard var packet = copied else {
            network.counters.count(.noBuffer)
            return
        }
        packet.removeFirst(header)
        completeChecksum(of: &packet)
        if showingHeader { packet.prepend(header) }
        let kept = sockets[id].admittedCount(
            of: packet, networkOffset: showingHeader ? 0 : -header, on: delivery.interface)
        guard kept > 0 || packet.count == 0 else {
            network.counters.count(.filteredByEndpoint)
            return
        }
        packet.truncate(to: kept)
        let isEcho = sockets[id].isEcho
        let datagram = QueuedDatagram(
            packet: packet,
            source: SocketAddress(address: delivery.source, port: 0, zone: delivery.zone),
            destination: SocketAddress(
                address: delivery.destination, port: isEcho ? sockets[id].local.port : 0),
            interface: delivery.interface, timeToLive: delivery.timeToLive,
            trafficClass: delivery.trafficClass, arrival: network.now,
            ipOptions: sockets[id].ipOptions(of: &delivery))
        guard sockets[id].deliver(datagram, counting: .rawQueueFull, &network) else { return }
        network.counters.count(.rawPacketsReceived)
        raised.append(RaisedEvent(endpoint: sockets[id].endpoint, events: .readable))
    }

    /// An ICMP error about a packet of ours: every endpoint that may have sent it learns of it.
    mutating func takeUp(_ error: TransportError, at now: Instant) {
        let identifier = UInt16(truncatingIfNeeded: error.sequence.rawValue >> 16)
        for place in 0..<sockets.placeCount {
            guard let id = sockets.index(at: place),
                sockets[id].proto == error.proto,
                sockets[id].takes(error.local, from: error.remote, on: nil),
                !sockets[id].isEcho || sockets[id].local.port == identifier,
                sockets[id].takeUp(error, at: now)
            else { continue }
            raised.append(
                RaisedEvent(
                    endpoint: sockets[id].endpoint, events: [.readable, .writable, .error]))
        }
    }
}

/// What tells whose echo a reply answers (RFC 792, RFC 4443 §4.2).
private struct EchoReply {
    let identifier: UInt16

    init?(_ delivery: borrowing Delivery) {
        let head = delivery.packet.head
        guard head.count >= ICMPHeader.byteCount else { return nil }
        switch delivery.proto {
        case .icmp where delivery.source.isIPv4:
            guard ICMPType(rawValue: head[0]) == .echoReply else { return nil }
        case .icmpv6 where !delivery.source.isIPv4:
            guard ICMPv6Type(rawValue: head[0]) == .echoReply else { return nil }
        default:
            return nil
        }
        identifier = head.uint16(at: 4)
    }
}

extension DatagramSocket {
    /// Whether a raw endpoint is to see a packet.
    fileprivate func wants(_ delivery: borrowing Delivery) -> Bool {
        // Endpoints of protocol 255 only send, as on Linux.
        guard proto == delivery.proto, proto != .raw, takesAddresses(of: delivery) else {
            return false
        }
        let head = delivery.packet.head
        guard proto == .icmp || proto == .icmpv6, head.count > 0 else { return true }
        return filter[head[0]]
    }

    /// Whether a reply answers an echo of this endpoint.
    fileprivate func wants(_ echo: EchoReply, _ delivery: borrowing Delivery) -> Bool {
        proto == delivery.proto && local.port == echo.identifier && local.port != 0
            && takesAddresses(of: delivery) && delivery.icmpChecksumIsValid
    }

    private func takesAddresses(of delivery: borrowing Delivery) -> Bool {
        guard family == AddressFamily(of: delivery.source) else { return false }
        return takes(
            SocketAddress(address: delivery.destination, port: 0),
            from: SocketAddress(address: delivery.source, port: 0, zone: delivery.zone),
            on: delivery.interface)
    }

    /// Whether the checksum that the endpoint asked to have verified is right; true where it asked
    /// for none (RFC 3542 §3.1).
    fileprivate func checksumIsValid(_ delivery: borrowing Delivery) -> Bool {
        guard family == .inet6, let offset = checksumOffset else { return true }
        guard Int(offset) &+ 2 <= delivery.packet.count else { return false }
        return delivery.checksumIsValid
    }

    /// Where the host computes a checksum for the endpoint: of ICMPv6 always (RFC 3542 §3.1).
    var checksumOffset: UInt16? {
        proto == .icmpv6 ? UInt16(ICMPv6Header.checksumOffset) : options.checksumOffset
    }
}

extension Delivery {
    /// Whether an ICMP message of either family sums up to its checksum.
    fileprivate var icmpChecksumIsValid: Bool {
        guard source.isIPv4 else { return checksumIsValid }
        guard packet.metadata.checksum == .unknown else { return true }
        var sum = InternetChecksum()
        sum.add(packet.head)
        for index in 0..<packet.sliceCount { sum.add(packet.slice(index)) }
        return sum.value == 0
    }
}
