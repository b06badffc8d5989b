import Memory
import Wire

/// What an endpoint is to be told.
struct RaisedEvent: Sendable {
    let endpoint: SlabIndex
    let events: Readiness
}

/// TCP of a host: every connection in the form that its state needs, and one table to find them.
struct TCPLayer: ~Copyable {
    /// The forms a connection takes in the table.
    enum Form: UInt32 {
        case connection
        case halfOpen
        case timeWait
    }

    var connections = Slab<Connection>()
    var halfOpens = Slab<HalfOpen>()
    var timeWaits = Slab<TimeWait>()
    var listeners = Slab<Listener>()
    /// Connections that have something to send at the next flush.
    var pending = Ring<SlabIndex>()
    /// Connections that could not take a byte for lack of memory, and have none out whose
    /// acknowledgment would bring some back.
    var starved = Ring<SlabIndex>()
    /// What happened to endpoints since the host last looked.
    var raised = Ring<RaisedEvent>()
    /// Connections that their applications have closed and that are not over.
    var orphans = 0
    /// Who has which port.
    var ports = PortTable()
    /// What is known of connections that are over.
    var ended = EndedConnections()
    /// Listeners by port.
    var listenerTable = HashIndex()
    /// SYNs to others, for the owner.
    var requests = StreamRequestTable()
    private var table = HashIndex()
    private let secret: KeyedHash

    init(_ random: inout RandomSource) {
        secret = KeyedHash(key: random.next(), random.next())
    }

    // MARK: - The table

    /// A place in a slab and the slab's form, as the table holds them.
    private static func value(_ place: UInt32, _ form: Form) -> UInt32 {
        form.rawValue << 30 | place
    }

    mutating func file(_ place: UInt32, _ form: Form, _ tuple: FourTuple, _ hash: KeyedHash) {
        table.insert(Self.value(place, form), hash: tuple.place(hash))
    }

    mutating func unfile(_ place: UInt32, _ form: Form, _ tuple: FourTuple, _ hash: KeyedHash) {
        table.remove(Self.value(place, form), hash: tuple.place(hash))
    }

    /// The form and name of the connection between these ends.
    func find(_ tuple: FourTuple, _ hash: KeyedHash) -> (form: Form, id: SlabIndex)? {
        var probe = table.probe(tuple.place(hash))
        while let value = table.next(&probe) {
            let place = Int(value & (1 << 30 &- 1))
            switch Form(rawValue: value >> 30) {
            case .connection:
                if let id = connections.index(at: place), connections[id].tuple == tuple {
                    return (.connection, id)
                }
            case .halfOpen:
                if let id = halfOpens.index(at: place), halfOpens[id].tuple == tuple {
                    return (.halfOpen, id)
                }
            case .timeWait:
                if let id = timeWaits.index(at: place), timeWaits[id].tuple == tuple {
                    return (.timeWait, id)
                }
            case nil:
                continue
            }
        }
        return nil
    }

    // MARK: - Numbers

    /// An initial sequence number: a clock of 4 µs plus a keyed hash of the ends (RFC 6528 §3).
    func initialSequence(_ tuple: FourTuple, _ now: Instant) -> SequenceNumber {
        let clock = UInt32(truncatingIfNeeded: now.nanoseconds / 4000)
        return SequenceNumber(clock &+ UInt32(truncatingIfNeeded: tuple.secret(secret)))
    }

    /// Where the timestamp clock of a connection starts (RFC 7323 §5.4).
    func timestampOffset(_ tuple: FourTuple) -> UInt32 {
        UInt32(truncatingIfNeeded: tuple.secret(secret) >> 32)
    }

    /// The largest segment that arrives whole over `path` (RFC 9293 §3.7.1).
    static func segmentSize(for path: NetworkLayer.Path, _ tuple: FourTuple) -> UInt16 {
        UInt16(clamping: path.mtu &- tuple.headerCount)
    }

    /// The shift that lets 16 bits announce the whole receive buffer (RFC 7323 §2.3).
    static func windowScale(_ configuration: TCPConfiguration) -> UInt8 {
        var scale: UInt8 = 0
        while scale < 14, 65535 << Int(scale) < configuration.receiveBuffer { scale += 1 }
        return scale
    }

    // MARK: - Segments

    /// Takes in what IP delivered.
    mutating func receive(_ delivery: consuming Delivery, _ network: inout NetworkLayer) {
        network.counters.count(.tcpSegmentsReceived)
        let segment: ArrivingSegment
        let tuple: FourTuple
        do throws(WireError) {
            let view = try TCPSegment(
                delivery.packet.head, beyond: delivery.packet.countBehindHead)
            tuple = FourTuple(
                local: SocketAddress(address: delivery.destination, port: view.destinationPort),
                remote: SocketAddress(
                    address: delivery.source, port: view.sourcePort,
                    zone: delivery.zone != 0
                        ? delivery.zone
                        : network.crossing(
                            delivery.source, delivery.destination, delivery.interface)))
            segment = ArrivingSegment(view)
        } catch {
            network.counters.count(.tcpMalformed)
            return
        }
        guard delivery.checksumIsValid else {
            network.counters.count(.tcpBadChecksum)
            return
        }
        guard let found = find(tuple, network.hash) else {
            arriveUnknown(segment, tuple, delivery, &network)
            return
        }
        switch found.form {
        case .connection:
            connections[found.id].arrive(segment, of: delivery.packet, &network)
            settle(found.id, &network)
        case .halfOpen:
            arrive(atHalfOpen: found.id, segment, of: delivery.packet, &network)
        case .timeWait:
            if arrive(atTimeWait: found.id, segment, &network) {
                arriveUnknown(segment, tuple, delivery, &network)
            }
        }
    }

    /// A segment for nothing we know: for a listener, for others whom the host stands in for, or for
    /// nobody (RFC 9293 §3.10.7.1).
    private mutating func arriveUnknown(
        _ segment: ArrivingSegment, _ tuple: FourTuple, _ delivery: borrowing Delivery,
        _ network: inout NetworkLayer
    ) {
        let (interface, isBroadcast) = (delivery.interface, delivery.isBroadcast)
        if !isBroadcast, network.intercepts(tuple.localAddress, on: interface) {
            let hops = delivery.timeToLive
            arrive(forOthers: segment, tuple, on: interface, timeToLive: hops, &network)
            return
        }
        if let key = listener(for: tuple, on: interface, network.hash) {
            arrive(at: key, segment, tuple, isBroadcast: isBroadcast, &network)
            return
        }
        network.counters.count(.tcpNoListener)
        guard !isBroadcast, !segment.flags.contains(.rst) else { return }
        answerWithReset(segment, tuple, &network)
    }

    /// The reset that a segment out of place provokes (RFC 9293 §3.10.7.1).
    func answerWithReset(
        _ segment: ArrivingSegment, _ tuple: FourTuple, _ network: inout NetworkLayer
    ) {
        let hasAck = segment.flags.contains(.ack)
        sendReset(
            TCPHeader(
                sourcePort: tuple.localPort, destinationPort: tuple.remotePort,
                sequence: hasAck ? segment.acknowledgment : SequenceNumber(0),
                acknowledgment: hasAck ? SequenceNumber(0) : segment.end,
                flags: hasAck ? [.rst] : [.rst, .ack], window: 0),
            tuple, &network)
    }

    /// Sends a reset of no connection, with `header` but for its checksum.
    func sendReset(
        _ header: TCPHeader, _ tuple: FourTuple, _ network: inout NetworkLayer
    ) {
        guard var packet = network.pools.control(headroom: NetworkLayer.headroom) else {
            network.counters.count(.noBuffer)
            return
        }
        let pseudo = InternetChecksum.pseudoHeader(
            source: tuple.localAddress, destination: tuple.remoteAddress, proto: .tcp,
            length: UInt32(TCPHeader.byteCount))
        packet.extend(TCPHeader.byteCount)
        var header = header
        header.checksum = pseudo.partial
        var head = packet.mutableHead
        header.write(to: &head)
        packet.metadata.checksum = .partial(start: 0, offset: UInt16(TCPHeader.checksumOffset))
        network.counters.count(.tcpResetsSent)
        network.send(
            packet, from: tuple.localAddress, to: tuple.remoteAddress,
            NetworkLayer.SendOptions(proto: .tcp, interface: tuple.link))
    }

    // MARK: - After each step

    /// Takes in a new connection and files it.
    mutating func add(
        _ connection: consuming Connection, _ network: inout NetworkLayer
    ) -> SlabIndex {
        let tuple = connection.tuple
        connection.flags.formUnion([.filed, .holdsPort])
        connection.opened = network.now
        ports.take(connection.claim, network.hash)
        let id = connections.insert(connection)
        file(id.place, .connection, tuple, network.hash)
        return id
    }

    /// Acts on what a step left in a connection: its timer, its events, its end.
    mutating func settle(_ id: SlabIndex, _ network: inout NetworkLayer) {
        let state = connections[id].state
        if state == .closed || state == .timeWait, connections[id].flags.contains(.filed) {
            // The last acknowledgment of the peer's FIN leaves before the small form takes over.
            if state == .timeWait, connections[id].flags.contains(.ackNow) {
                connections[id].sendAck(&network)
            }
            ended.append(connections[id].record(ended: network.now))
            connections[id].flags.remove(.filed)
            unfile(id.place, .connection, connections[id].tuple, network.hash)
            if state == .timeWait {
                let kept = TimeWait(connections[id], at: network.now)
                keep(kept, &network)
            }
            connections[id].state = .closed
            let isKept = connections[id].endpoint != nil
            if !isKept || !connections[id].flags.contains(.portNamed) {
                dropPort(id, network.hash)
            }
        }
        setTimer(id, &network)
        raise(id)
        if connections[id].state == .closed {
            // What the application still holds or may still accept, it lets go of itself.
            guard connections[id].endpoint == nil,
                !connections[id].flags.contains(.awaitingAccept)
            else { return }
            if let timer = connections[id].timer { network.timers.cancel(timer) }
            if connections[id].flags.contains(.orphan) { orphans &-= 1 }
            dropPort(id, network.hash)
            connections.remove(id)
        } else if connections[id].flags.contains(.needsFlush) {
            connections[id].flags.remove(.needsFlush)
            pending.append(id)
        }
    }

    private mutating func raise(_ id: SlabIndex) {
        guard let endpoint = connections[id].endpoint, !connections[id].events.isEmpty else {
            return
        }
        raised.append(RaisedEvent(endpoint: endpoint, events: connections[id].events))
        connections[id].events = []
    }

    /// The wheel's entry moves only when a timer becomes due earlier; one that fires too early
    /// sets the next.
    private mutating func setTimer(_ id: SlabIndex, _ network: inout NetworkLayer) {
        let earliest = connections[id].earliestTimer
        guard earliest < connections[id].timerAt else { return }
        if let timer = connections[id].timer { network.timers.cancel(timer) }
        connections[id].timer = network.timers.schedule(
            TimerOwner(kind: .connection, index: id), at: earliest)
        connections[id].timerAt = earliest
    }

    mutating func connectionTimer(_ id: SlabIndex, _ network: inout NetworkLayer) {
        guard connections.contains(id) else { return }
        connections[id].timer = nil
        connections[id].timerAt = .never
        connections[id].runTimers(&network)
        settle(id, &network)
    }

    /// Sends what the segments of a batch called for: text first, which carries acknowledgments
    /// along, then the acknowledgments that found no text.
    mutating func flush(_ network: inout NetworkLayer) {
        while let id = pending.popFirst() {
            guard connections.contains(id) else { continue }
            connections[id].output(&network)
            connections[id].tellOfRoom(network.tcp)
            if connections[id].flags.contains(.ackNow) { connections[id].sendAck(&network) }
            settle(id, &network)
        }
    }

    /// Puts a connection that could take nothing on the list, unless acknowledgments will wake it.
    mutating func waitForMemory(_ id: SlabIndex) {
        guard connections[id].sendQueue.isEmpty, !connections[id].flags.contains(.starved)
        else { return }
        connections[id].flags.insert(.starved)
        starved.append(id)
    }

    /// Has those who waited for memory try again, once there is some.
    mutating func feed(_ network: borrowing NetworkLayer) {
        guard !starved.isEmpty, network.hasMemoryToSend else { return }
        while let id = starved.popFirst() {
            guard connections.contains(id) else { continue }
            connections[id].flags.remove(.starved)
            connections[id].events.insert(.writable)
            raise(id)
        }
    }

    // MARK: - Errors from below

    /// An ICMP error about a segment of ours (RFC 1122 §4.2.3.9, RFC 5927 §4).
    mutating func takeUp(_ error: TransportError, _ network: inout NetworkLayer) {
        let tuple = FourTuple(local: error.local, remote: error.remote)
        guard let (form, id) = find(tuple, network.hash), form == .connection else { return }
        let (una, max) = (connections[id].send.una, connections[id].send.max)
        // Only who saw the segment can quote a number that is out.
        guard error.sequence >= una, error.sequence < max else { return }
        switch error.kind {
        case .packetTooBig(let mtu):
            network.notePathMTU(mtu, from: error.local.address, to: error.remote.address)
            connections[id].pathShrank(to: mtu, &network)
        case _ where connections[id].state == .synSent:
            network.counters.count(.tcpFailedAttempts)
            connections[id].end(error.kind.reason)
        default:
            // A soft error: it is the reason if the connection fails in the end.
            connections[id].error = error.kind.reason
        }
        settle(id, &network)
    }
}

extension TransportError.Kind {
    /// What an application is told.
    var reason: StackError {
        switch self {
        case .networkUnreachable: .networkUnreachable
        case .portUnreachable, .protocolUnreachable: .connectionRefused
        case .packetTooBig: .messageTooLong
        case .accessDenied: .accessDenied
        case .hostUnreachable, .prohibited, .timeExceeded, .parameterProblem: .hostUnreachable
        }
    }
}

extension Connection {
    /// A hop carries no more than `mtu` bytes (RFC 1191 §3, RFC 8201 §4); what was too big is sent again.
    mutating func pathShrank(to mtu: Int, _ network: inout NetworkLayer) {
        let least = tuple.localAddress.isIPv4 ? 552 : 1280
        let size = UInt16(clamping: max(mtu, least) &- tuple.headerCount)
        guard size < maximumSegmentSize else { return }
        maximumSegmentSize = size
        agreeSegmentSize(size)
        send.nxt = send.una
        flags.insert(.needsFlush)
    }
}
