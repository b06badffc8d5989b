import Memory
import Wire

typealias ListenerKey = SlabIndex

/// A socket that waits for connections: LISTEN.
struct Listener: ~Copyable {
    let local: SocketAddress
    /// Whether `::` means IPv4 too.
    let allowsDual: Bool
    /// The only interface that it listens on.
    var boundInterface: InterfaceID? { options.boundInterface }
    /// What the endpoint's packets are like, SYN-ACKs too.
    var options: EndpointOptions
    /// Whose addresses its endpoint speaks.
    var family: AddressFamily { allowsDual || !local.address.isIPv4 ? .inet6 : .inet }
    let endpoint: SlabIndex
    /// How many established connections may wait for the application; as on Linux, one more does.
    var backlog: Int
    /// Established, and not yet accepted.
    var accepted = Ring<SlabIndex>()
    var halfOpen = 0
    /// What the application chose: the most text of a segment, `.max` where the path decides, and
    /// how often a SYN-ACK is sent again, nil where the host decides.
    private(set) var maximumSegmentSize = UInt16.max
    private(set) var retries: Int?
    /// How many times the timer of a handshake expires before a connection without data is told of
    /// (`TCP_DEFER_ACCEPT`); 0 where it does not matter.
    private(set) var deferral: UInt8 = 0

    init(
        local: SocketAddress, allowsDual: Bool, options: EndpointOptions,
        endpoint: SlabIndex, backlog: Int
    ) {
        self.local = local
        self.allowsDual = allowsDual
        self.options = options
        self.endpoint = endpoint
        self.backlog = backlog
    }

    /// How often a handshake's timer, which doubles each time, has expired after `wait`: Linux's
    /// `secs_to_retrans`.
    private static func timeouts(in wait: Interval?) -> UInt8 {
        guard let wait, wait > .zero else { return 0 }
        var (count, step, passed) = (1 as UInt8, Interval.seconds(1), Interval.seconds(1))
        while wait > passed, count < .max {
            count += 1
            step = min(step * 2, .seconds(120))
            passed = passed + step
        }
        return count
    }

    var isFull: Bool { accepted.count > backlog }

    /// Takes over what concerns handshakes.
    mutating func adopt(_ options: StreamOptions) {
        maximumSegmentSize = UInt16(clamping: options.maximumSegmentSize ?? .max)
        retries = options.synRetries
        deferral = Self.timeouts(in: options.deferAccept)
    }
}

/// Passive opens: a SYN makes a `HalfOpen`, its acknowledgment a `Connection`.
extension TCPLayer {
    /// A segment for a listener (RFC 9293 §3.10.7.2).
    mutating func arrive(
        at key: ListenerKey, _ segment: ArrivingSegment, _ tuple: FourTuple,
        isBroadcast: Bool, _ network: inout NetworkLayer
    ) {
        if segment.flags.contains(.rst) {
            network.counters.count(.tcpBadReset)
            return
        }
        if segment.flags.contains(.ack) {
            network.counters.count(.tcpUnacceptableAck)
            answerWithReset(segment, tuple, &network)
            return
        }
        guard segment.flags.contains(.syn), !segment.flags.contains(.fin), !isBroadcast,
            tuple.remotePort != 0
        else {
            network.counters.count(.tcpBadFlags)
            return
        }
        guard !listeners[key].isFull, halfOpens.count < network.tcp.halfOpenLimit else {
            network.counters.count(.tcpBacklogFull)
            return
        }
        open(segment, tuple, for: key, &network)
    }

    private mutating func open(
        _ segment: ArrivingSegment, _ tuple: FourTuple, for key: ListenerKey,
        _ network: inout NetworkLayer
    ) {
        guard
            let path = network.path(
                to: tuple.remoteAddress, from: tuple.localAddress,
                on: tuple.link ?? listeners[key].boundInterface)
        else {
            network.counters.count(.ipNoRoute)
            return
        }
        let configuration = network.tcp
        let options = segment.options
        var agreed: Connection.Flags = []
        if options.timestamps != nil, configuration.timestamps { agreed.insert(.timestamps) }
        if options.sackPermitted, configuration.selectiveAcks { agreed.insert(.selectiveAcks) }
        if options.windowScale != nil, configuration.windowScaling {
            agreed.insert(.windowScaling)
        }
        let own = min(Self.segmentSize(for: path, tuple), listeners[key].maximumSegmentSize)
        let half = HalfOpen(
            tuple: tuple, listener: key, iss: initialSequence(tuple, network.now),
            irs: segment.sequence, recentTimestamp: options.timestamps?.value ?? 0,
            timestampOffset: timestampOffset(tuple),
            maximumSegmentSize: options.maximumSegmentSize ?? tuple.defaultSegmentSize,
            ownSegmentSize: own,
            window: segment.window, sendScale: options.windowScale ?? 0,
            receiveScale: agreed.contains(.windowScaling)
                ? Self.windowScale(configuration) : 0,
            agreed: agreed, since: network.now)
        network.counters.count(.tcpPassiveOpens)
        let id = halfOpens.insert(half)
        listeners[key].halfOpen &+= 1
        file(id.place, .halfOpen, tuple, network.hash)
        sendSynAck(id, &network)
    }

    mutating func sendSynAck(_ id: SlabIndex, _ network: inout NetworkLayer) {
        let half = halfOpens[id]
        var shadow = connection(from: half, &network)
        shadow.sendSyn(&network)
        waitForAnswer(id, &network)
    }

    private mutating func waitForAnswer(_ id: SlabIndex, _ network: inout NetworkLayer) {
        let wait = network.tcp.initialTimeout * (1 << Int(min(halfOpens[id].attempts, 6)))
        halfOpens[id].attempts &+= 1
        halfOpens[id].timer = network.timers.schedule(
            TimerOwner(kind: .halfOpen, index: id), at: network.now + wait)
    }

    /// Asks a peer that opens once more whether it has forgotten (RFC 5961 §4): its reset then
    /// makes room.
    private mutating func challenge(_ id: SlabIndex, _ network: inout NetworkLayer) {
        guard halfOpens[id].challenges.take(&network) else { return }
        var shadow = connection(from: halfOpens[id], &network)
        shadow.send.una = shadow.send.max
        shadow.sendAck(&network)
    }

    mutating func halfOpenTimer(_ id: SlabIndex, _ network: inout NetworkLayer) {
        guard halfOpens.contains(id) else { return }
        halfOpens[id].timer = nil
        let listener = halfOpens[id].listener
        let chosen = listeners.contains(listener) ? listeners[listener].retries : nil
        let deferral = listeners.contains(listener) ? listeners[listener].deferral : 0
        let isDeferred = halfOpens[id].isAcknowledged && halfOpens[id].attempts < deferral
        if isDeferred {
            // The last time asks once more: an acknowledgment is then enough.
            waitForAnswer(id, &network)
            return
        }
        let isLast = halfOpens[id].isAcknowledged && halfOpens[id].attempts == deferral
        guard isLast || Int(halfOpens[id].attempts) <= chosen ?? network.tcp.synAckRetries else {
            network.counters.count(.tcpFailedAttempts)
            remove(halfOpen: id, &network)
            return
        }
        sendSynAck(id, &network)
    }

    mutating func remove(halfOpen id: SlabIndex, _ network: inout NetworkLayer) {
        let half = halfOpens.remove(id)
        if let timer = half.timer { network.timers.cancel(timer) }
        if listeners.contains(half.listener) { listeners[half.listener].halfOpen &-= 1 }
        unfile(id.place, .halfOpen, half.tuple, network.hash)
    }

    /// A segment for a half-open connection (RFC 9293 §3.10.7.4 in SYN-RECEIVED).
    mutating func arrive(
        atHalfOpen id: SlabIndex, _ segment: ArrivingSegment,
        of packet: borrowing Packet, _ network: inout NetworkLayer
    ) {
        let half = halfOpens[id]
        let isSynAgain =
            segment.sequence == half.irs && segment.flags.contains(.syn)
            && segment.flags.isDisjoint(with: [.ack, .rst])
        if isSynAgain {
            // The peer did not get our SYN-ACK.
            if let timer = half.timer { network.timers.cancel(timer) }
            sendSynAck(id, &network)
            return
        }
        guard isAcceptable(segment, half, &network) else {
            if !segment.flags.contains(.rst) { challenge(id, &network) }
            return
        }
        if segment.flags.contains(.rst) {
            guard segment.sequence == half.irs + 1 else {
                network.counters.count(.tcpBadReset)
                challenge(id, &network)
                return
            }
            // Back to LISTEN, which it has never left.
            network.counters.count(.tcpResetsReceived)
            remove(halfOpen: id, &network)
            return
        }
        guard !segment.flags.contains(.syn), segment.flags.contains(.ack) else {
            network.counters.count(.tcpBadFlags)
            if segment.flags.contains(.syn) { challenge(id, &network) }
            return
        }
        guard segment.acknowledgment == half.iss + 1 else {
            network.counters.count(.tcpUnacceptableAck)
            answerWithReset(segment, half.tuple, &network)
            return
        }
        if half.attempts <= listeners[half.listener].deferral, segment.textCount == 0,
            !segment.flags.contains(.fin)
        {
            // The application wants to hear of it with the first bytes.
            halfOpens[id].isAcknowledged = true
            return
        }
        guard !listeners[half.listener].isFull else {
            // The peer believes that it is connected; what it sends will be sent again.
            network.counters.count(.tcpBacklogFull)
            return
        }
        establish(id, half, segment, of: packet, &network)
    }

    /// The tests of timestamp and sequence number (first; RFC 7323 §5.3).
    private func isAcceptable(
        _ segment: ArrivingSegment, _ half: HalfOpen, _ network: inout NetworkLayer
    ) -> Bool {
        if half.agreed.contains(.timestamps), let timestamps = segment.options.timestamps,
            Int32(bitPattern: timestamps.value &- half.recentTimestamp) < 0,
            !segment.flags.contains(.rst)
        {
            network.counters.count(.tcpOldTimestamp)
            return false
        }
        let next = half.irs + 1
        let window = min(network.tcp.receiveBuffer, 65535)
        guard segment.sequence >= next, segment.sequence <= next.advanced(by: window) else {
            network.counters.count(.tcpOutOfWindow)
            return false
        }
        return true
    }

    private mutating func establish(
        _ id: SlabIndex, _ half: HalfOpen, _ segment: ArrivingSegment,
        of packet: borrowing Packet, _ network: inout NetworkLayer
    ) {
        var connection = connection(from: half, &network)
        remove(halfOpen: id, &network)
        connection.receiveScale = half.receiveScale
        connection.send.max = half.iss + 1
        connection.send.nxt = half.iss + 1
        connection.send.una = half.iss + 1
        connection.send.wl1 = segment.sequence
        connection.send.wl2 = segment.acknowledgment
        connection.send.wnd = UInt32(segment.window) << UInt32(connection.sendScale)
        connection.send.largestWindow = connection.send.wnd
        connection.lastHeard = network.now
        if half.attempts == 1 { connection.roundTrip.measure(network.now - half.since) }
        connection.enterEstablished(&network)
        connection.flags.insert(.awaitingAccept)
        let added = add(connection, &network)
        listeners[half.listener].accepted.append(added)
        raised.append(RaisedEvent(endpoint: listeners[half.listener].endpoint, events: .readable))
        let again = segment
        connections[added].arrive(again, of: packet, &network)
        settle(added, &network)
    }

    /// A connection with what was agreed in the SYNs.
    private func connection(
        from half: HalfOpen, _ network: inout NetworkLayer
    ) -> Connection {
        var connection = Connection(
            tuple: half.tuple, state: .synReceived, iss: half.iss, irs: half.irs,
            timestampOffset: half.timestampOffset, maximumSegmentSize: half.ownSegmentSize,
            initialWindow: network.tcp.initialWindow, pools: network.pools)
        if listeners.contains(half.listener) {
            let listener = half.listener
            connection.adopt(listeners[listener].options, of: listeners[listener].family)
            connection.adoptBuffers(listeners[listener].options, network.tcp)
        }
        connection.flags.formUnion(half.agreed)
        connection.receive.nxt = half.irs + 1
        connection.receive.edge = connection.receive.nxt
        connection.receive.acknowledged = connection.receive.nxt
        if half.attempts > 0 { connection.noteSynWindow(network.tcp) }
        connection.recentTimestamp = half.recentTimestamp
        connection.sendScale = half.agreed.contains(.windowScaling) ? half.sendScale : 0
        connection.receiveScale = half.receiveScale
        if half.attempts > 0 { connection.send.max = half.iss + 1 }
        connection.agreeSegmentSize(half.maximumSegmentSize)
        if let path = network.path(
            to: half.tuple.remoteAddress, from: half.tuple.localAddress, on: half.tuple.link),
            path.segments
        {
            connection.flags.insert(.mergesSegments)
        }
        return connection
    }
}
