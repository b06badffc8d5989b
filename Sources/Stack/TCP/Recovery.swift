import Wire

/// Loss detection by duplicates and what is sent again (RFC 6675, and RFC 6582 for peers without
/// selective acknowledgments): one mechanism on the estimate of what is in the network.
extension Connection {
    private var mss: UInt32 { UInt32(segmentSize) }

    /// DupThresh.
    private static var duplicateThreshold: UInt32 { 3 }

    /// Every hole before this counts as lost.
    private var lossEdge: SequenceNumber {
        if flags.contains(.selectiveAcks) {
            let edge = scoreboard.lossEdge(
                una: send.una, threshold: (Self.duplicateThreshold &- 1) &* mss &+ 1)
            guard flags.contains(.recovering), edge == send.una else { return edge }
        }
        // What recovery began for, and after a partial acknowledgment the next hole: the first
        // segment out.
        guard flags.contains(.recovering) else { return send.una }
        let first = send.una + mss
        return first < send.max ? first : send.max
    }

    /// What is estimated to be in the network, in bytes (SetPipe of RFC 6675 §4).
    var pipe: UInt32 {
        let flight = send.nxt < send.max ? rewoundFlight : send.flight
        guard !scoreboard.isEmpty || flags.contains(.recovering) || duplicateAcks > 0 else {
            return flight
        }
        if send.nxt < send.max { return flight }
        var pipe = Int(flight) &- Int(scoreboard.count(from: send.una, to: send.max))
        if !flags.contains(.selectiveAcks) { pipe &-= Int(duplicateAcks) &* Int(mss) }
        if flags.contains(.recovering) {
            // Lost and not sent again.
            let edge = lossEdge
            let from = send.retransmitted > send.una ? send.retransmitted : send.una
            if from < edge {
                pipe &-= from.distance(to: edge)
                pipe &+= Int(scoreboard.count(from: from, to: edge))
            }
        }
        return UInt32(clamping: pipe)
    }

    /// After a timeout everything counts as lost, and only what was sent since is in flight.
    private var rewoundFlight: UInt32 {
        let sent = UInt32(clamping: send.una.distance(to: send.nxt))
        return sent &- min(sent, scoreboard.count(from: send.una, to: send.nxt))
    }

    /// Enters recovery when enough has arrived behind the first hole.
    mutating func detectLoss(_ network: inout NetworkLayer) {
        guard send.recover <= send.una else { return }
        let enough =
            flags.contains(.selectiveAcks)
            ? lossEdge > send.una : UInt32(duplicateAcks) >= Self.duplicateThreshold
        guard enough else { return }
        network.counters.count(.tcpFastRetransmits)
        congestion.lost(flight: send.flight, mss: mss)
        flags.insert([.recovering, .needsFlush])
        send.recover = send.max
        send.retransmitted = send.una
        timedSince = .never
    }

    /// An acknowledgment of `bytes` during recovery: the end of it, or of one hole.
    mutating func acceptInRecovery(_ bytes: UInt32, _ network: inout NetworkLayer) {
        if send.una >= send.recover {
            flags.remove(.recovering)
            duplicateAcks = 0
            return
        }
        if send.retransmitted < send.una { send.retransmitted = send.una }
        if !flags.contains(.selectiveAcks) {
            // The hole's segment and those that had arrived behind it left the network.
            let segments = UInt8(clamping: bytes / mss)
            duplicateAcks = duplicateAcks &- min(duplicateAcks, segments)
        }
    }

    /// Sends the lost holes again, the first at once and others as the window allows
    /// (NextSeg, rule 1).
    mutating func retransmitLost(_ network: inout NetworkLayer) {
        while true {
            let start = scoreboard.hole(
                from: send.retransmitted > send.una ? send.retransmitted : send.una)
            guard start < lossEdge, start < send.max else { return }
            let isFirst = start == send.una
            guard isFirst || pipe &+ mss <= congestion.window else { return }
            let end = scoreboard.holeEnd(from: start, limit: lossEdge)
            let count = min(start.distance(to: end), Int(mss))
            let sent = transmit(from: start, count: count, &network)
            guard sent > 0 else { return }
            send.retransmitted = start + sent
        }
    }

    /// The retransmission timer expired: everything is sent again from the start, slowly
    /// (RFC 5681 §3.1, RFC 6298 §5.4–5.6).
    mutating func timedOut(_ network: inout NetworkLayer) {
        network.counters.count(.tcpTimeouts)
        congestion.timedOut(
            flight: send.flight, mss: mss, isFirst: !flags.contains(.timedOut))
        // What the peer holds out of order it may drop again (RFC 2018 §8): what it does not
        // acknowledge although it stands next, and in the end everything, is sent once more.
        if flags.contains(.timedOut) || scoreboard.holds(send.una) {
            scoreboard.removeAll()
        }
        flags.insert(.timedOut)
        flags.remove(.recovering)
        roundTrip.backOff()
        duplicateAcks = 0
        send.recover = send.max
        send.nxt = send.una
        timedSince = .never
        retransmitAt = .never
        output(&network)
        // Even with a window that the peer has shut, the first segment is tried.
        if retransmitAt == .never {
            _ = transmit(from: send.una, count: Int(segmentSize), &network)
            if retransmitAt == .never {
                retransmitAt = network.now + roundTrip.timeout(network.tcp)
            }
        }
    }
}
