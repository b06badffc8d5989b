import Memory
import Wire

/// A connection that is over, remembered until its last segments must have died (RFC 9293 §3.4.1):
/// a form of its own, since a busy host has many.
struct TimeWait: Sendable {
    let tuple: FourTuple
    /// SND.NXT and RCV.NXT at the end.
    let sequence: SequenceNumber
    let expected: SequenceNumber
    var recentTimestamp: UInt32
    let timestampOffset: UInt32
    let usesTimestamps: Bool
    /// Whose port it keeps.
    let terms: PortTable.Terms
    let link: UInt16
    /// When the connection ended.
    let since: Instant
    var challenges = ChallengeLimit()
    var timer: TimerID?

    init(_ connection: borrowing Connection, at now: Instant) {
        tuple = connection.tuple
        sequence = connection.send.max
        expected = connection.receive.nxt
        recentTimestamp = connection.recentTimestamp
        timestampOffset = connection.timestampOffset
        usesTimestamps = connection.flags.contains(.timestamps)
        let claim = connection.claim
        terms = claim.terms
        link = claim.link
        since = now
    }

    /// What it holds of the port table.
    var claim: PortTable.Claim {
        PortTable.Claim(
            scope: LocalScope(tuple.localAddress, allowsDual: false), port: tuple.localPort,
            link: link, terms: terms)
    }
}

extension TCPLayer {
    /// Gives a connection in TIME-WAIT its small form.
    mutating func keep(_ over: TimeWait, _ network: inout NetworkLayer) {
        guard timeWaits.count < network.tcp.timeWaitLimit else { return }
        network.counters.count(.tcpTimeWaits)
        ports.take(over.claim, network.hash)
        let id = timeWaits.insert(over)
        file(id.place, .timeWait, over.tuple, network.hash)
        restart(id, &network)
    }

    private mutating func restart(_ id: SlabIndex, _ network: inout NetworkLayer) {
        if let timer = timeWaits[id].timer { network.timers.cancel(timer) }
        timeWaits[id].timer = network.timers.schedule(
            TimerOwner(kind: .timeWait, index: id), at: network.now + network.tcp.timeWait)
    }

    mutating func remove(timeWait id: SlabIndex, _ network: inout NetworkLayer) {
        guard timeWaits.contains(id) else { return }
        let gone = timeWaits.remove(id)
        if let timer = gone.timer { network.timers.cancel(timer) }
        unfile(id.place, .timeWait, gone.tuple, network.hash)
        ports.drop(gone.claim, network.hash)
    }

    /// A segment for a connection that is over (RFC 9293 §3.10.7.4 in TIME-WAIT); whether it opens
    /// a new one, which the caller then lets the listener do.
    mutating func arrive(
        atTimeWait id: SlabIndex, _ segment: ArrivingSegment,
        _ network: inout NetworkLayer
    ) -> Bool {
        let old = timeWaits[id]
        // A reset must not cut the wait short (RFC 1337).
        if segment.flags.contains(.rst) {
            network.counters.count(.tcpTimeWait)
            return false
        }
        if segment.flags.contains(.syn), !segment.flags.contains(.ack), opensAnew(segment, old) {
            network.counters.count(.tcpTimeWaitsReused)
            remove(timeWait: id, &network)
            return true
        }
        network.counters.count(.tcpTimeWait)
        // The peer did not get our last acknowledgment.
        guard segment.length > 0 || segment.sequence != old.expected else { return false }
        // The peer's FIN again, and not one that anybody made up: our acknowledgment was lost.
        if segment.flags.contains(.fin), segment.end == old.expected {
            restart(id, &network)
        } else if !timeWaits[id].challenges.take(&network) {
            return false
        }
        answer(old, segment, &network)
        return false
    }

    /// Whether a SYN cannot be an old duplicate (RFC 6191 §2, RFC 1122 §4.2.2.13).
    private func opensAnew(_ segment: ArrivingSegment, _ old: TimeWait) -> Bool {
        if old.usesTimestamps, let timestamps = segment.options.timestamps {
            let age = Int32(bitPattern: timestamps.value &- old.recentTimestamp)
            if age != 0 { return age > 0 }
        }
        return segment.sequence > old.expected
    }

    private func answer(
        _ old: TimeWait, _ segment: ArrivingSegment, _ network: inout NetworkLayer
    ) {
        var shadow = Connection(
            tuple: old.tuple, state: .timeWait, iss: old.sequence, irs: old.expected,
            timestampOffset: old.timestampOffset, maximumSegmentSize: 536, initialWindow: 1,
            pools: network.pools)
        if old.usesTimestamps { shadow.flags.insert(.timestamps) }
        shadow.recentTimestamp = old.recentTimestamp
        shadow.sendAck(&network)
    }
}
