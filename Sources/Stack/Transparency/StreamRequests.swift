import Memory
import Wire

/// Somebody who wants to connect to an address that the host stands in for.
public struct StreamRequest: Equatable, Sendable {
    /// The name of a request on its host. It outlives the request harmlessly.
    public struct ID: Hashable, Sendable {
        let index: SlabIndex
    }

    public let id: ID
    public let source: SocketAddress
    public let destination: SocketAddress
    /// Where it came in.
    public let interface: InterfaceID
    /// The hops that the SYN had left.
    public let timeToLive: UInt8
}

/// A SYN that waits for the owner's answer.
struct PendingStream: Sendable {
    let tuple: FourTuple
    let interface: InterfaceID
    let timeToLive: UInt8
    /// SEG.SEQ, SEG.WND and the options of the SYN that came last.
    var sequence: SequenceNumber
    var window: UInt16
    var options: TCPOptions
    var timer: TimerID?
}

/// Requests by the ends of the connection that they ask for, and those that nobody has taken yet.
struct StreamRequestTable: ~Copyable {
    var pending = Slab<PendingStream>()
    var fresh = Ring<SlabIndex>()
    private var table = HashIndex()

    /// Requests that may wait for their answers.
    static var limit: Int { 4096 }
    /// How long the owner may take: longer than Linux tries to connect (`tcp_syn_retries`).
    static var patience: Interval { .seconds(180) }

    func find(_ tuple: FourTuple, _ hash: KeyedHash) -> SlabIndex? {
        guard pending.count > 0 else { return nil }
        var probe = table.probe(tuple.place(hash))
        while let place = table.next(&probe) {
            if let id = pending.index(at: Int(place)), pending[id].tuple == tuple { return id }
        }
        return nil
    }

    mutating func add(_ request: PendingStream, _ hash: KeyedHash) -> SlabIndex {
        let id = pending.insert(request)
        table.insert(id.place, hash: request.tuple.place(hash))
        fresh.append(id)
        return id
    }

    mutating func remove(_ id: SlabIndex, _ hash: KeyedHash) -> PendingStream {
        let gone = pending.remove(id)
        table.remove(id.place, hash: gone.tuple.place(hash))
        return gone
    }
}

extension TCPLayer {
    /// A segment of no connection, for somebody whom the host stands in for: a SYN becomes a
    /// request, once, anything else is out of place.
    mutating func arrive(
        forOthers segment: ArrivingSegment, _ tuple: FourTuple, on interface: InterfaceID,
        timeToLive: UInt8, _ network: inout NetworkLayer
    ) {
        let known = requests.find(tuple, network.hash)
        if segment.flags.contains(.rst) {
            guard let known, segment.sequence == requests.pending[known].sequence + 1 else {
                network.counters.count(.tcpBadReset)
                return
            }
            network.counters.count(.tcpResetsReceived)
            drop(request: known, &network)
            return
        }
        guard segment.flags.contains(.syn), segment.flags.isDisjoint(with: [.ack, .fin]),
            tuple.remotePort != 0, tuple.localPort != 0
        else {
            network.counters.count(.tcpNoListener)
            answerWithReset(segment, tuple, &network)
            return
        }
        if let known {
            // The same again, or what took its place.
            requests.pending[known].sequence = segment.sequence
            requests.pending[known].window = segment.window
            requests.pending[known].options = segment.options
            return
        }
        guard requests.pending.count < StreamRequestTable.limit else {
            network.counters.count(.tcpBacklogFull)
            return
        }
        let id = requests.add(
            PendingStream(
                tuple: tuple, interface: interface, timeToLive: timeToLive,
                sequence: segment.sequence, window: segment.window, options: segment.options),
            network.hash)
        requests.pending[id].timer = network.timers.schedule(
            TimerOwner(kind: .request, index: id), at: network.now + StreamRequestTable.patience)
    }

    /// Forgets a request, whose owner is told when it answers.
    mutating func drop(request id: SlabIndex, _ network: inout NetworkLayer) {
        guard requests.pending.contains(id) else { return }
        let gone = requests.remove(id, network.hash)
        if let timer = gone.timer { network.timers.cancel(timer) }
    }

    mutating func requestTimer(_ id: SlabIndex, _ network: inout NetworkLayer) {
        guard requests.pending.contains(id) else { return }
        requests.pending[id].timer = nil
        network.counters.count(.tcpFailedAttempts)
        drop(request: id, &network)
    }

    /// The connection that a request asks for, in SYN-RECEIVED, nil where no way leads back.
    func connection(
        for request: PendingStream, _ network: borrowing NetworkLayer
    ) -> Connection? {
        let tuple = request.tuple
        guard
            let path = network.path(
                to: tuple.remoteAddress, from: tuple.localAddress, on: tuple.link)
        else { return nil }
        var connection = Connection(
            tuple: tuple, state: .synReceived, iss: initialSequence(tuple, network.now),
            irs: request.sequence, timestampOffset: timestampOffset(tuple),
            maximumSegmentSize: Self.segmentSize(for: path, tuple),
            initialWindow: network.tcp.initialWindow, pools: network.pools)
        connection.receive.nxt += 1
        connection.receive.edge = connection.receive.nxt
        connection.receive.acknowledged = connection.receive.nxt
        if network.tcp.windowScaling { connection.receiveScale = Self.windowScale(network.tcp) }
        connection.agreeOptions(request.options, network.tcp)
        connection.send.wnd = UInt32(request.window)
        connection.send.largestWindow = connection.send.wnd
        connection.send.wl1 = request.sequence
        connection.lastHeard = network.now
        if path.segments { connection.flags.insert(.mergesSegments) }
        connection.flags.insert(.portChosen)
        return connection
    }
}
