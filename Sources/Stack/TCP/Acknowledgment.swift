import Memory
import Wire

/// What an acknowledgment tells (RFC 9293 §3.10.7.4, fifth; RFC 5681; RFC 2018).
extension Connection {
    /// Takes in SEG.ACK, which lies between SND.UNA and SND.MAX.
    mutating func acceptAcknowledgment(
        _ segment: ArrivingSegment, _ network: inout NetworkLayer
    ) {
        let ack = segment.acknowledgment
        probes = 0
        let toldMore = acceptSelective(segment)
        let windowBefore = send.wnd
        updateSendWindow(segment)
        if ack > send.una {
            acceptNew(ack, segment, &network)
        } else if isDuplicate(segment, windowBefore, toldMore) {
            acceptDuplicate(&network)
        }
        guard send.wnd > windowBefore else { return }
        flags.insert(.needsFlush)
        // If it is still too small to be used, the flush has it probed again.
        if flags.contains(.persisting) {
            flags.remove(.persisting)
            retransmitAt = .never
            roundTrip.endBackOff()
        }
    }

    private mutating func acceptSelective(_ segment: ArrivingSegment) -> Bool {
        guard flags.contains(.selectiveAcks) else { return false }
        var toldMore = false
        for index in 0..<segment.options.sackBlocks.count {
            let block = segment.options.sackBlocks[index]
            if scoreboard.insert(block, una: send.una, max: send.max) { toldMore = true }
        }
        return toldMore
    }

    /// SND.WND follows the latest segment (SND.WL1, SND.WL2).
    private mutating func updateSendWindow(_ segment: ArrivingSegment) {
        let isNewer =
            send.wl1 < segment.sequence
            || send.wl1 == segment.sequence && send.wl2 <= segment.acknowledgment
        guard isNewer else { return }
        send.wnd = UInt32(segment.window) << UInt32(sendScale)
        send.wl1 = segment.sequence
        send.wl2 = segment.acknowledgment
        send.largestWindow = max(send.largestWindow, send.wnd)
    }

    private mutating func acceptNew(
        _ ack: SequenceNumber, _ segment: ArrivingSegment,
        _ network: inout NetworkLayer
    ) {
        confirmReachability(&network)
        let flightBefore = send.flight
        let fin = finSent && ack > queueEnd
        let start = queueStart
        let text = max(0, start.distance(to: ack) &- (fin ? 1 : 0))
        measureRoundTrip(ack, segment, network.now)
        sendQueue.removeFirst(text)
        carried.bytesAcknowledged &+= UInt64(text)
        let bytes = UInt32(clamping: send.una.distance(to: ack))
        send.una = ack
        if send.nxt < ack { send.nxt = ack }
        scoreboard.acknowledge(ack)
        flags.remove(.timedOut)
        flags.insert(.needsFlush)
        roundTrip.endBackOff()
        if flags.contains(.recovering) {
            acceptInRecovery(bytes, &network)
        } else {
            duplicateAcks = 0
            let isLimited =
                flightBefore &+ 2 &* UInt32(segmentSize) >= congestion.window
                || congestion.window < congestion.slowStartThreshold
                    && flightBefore >= congestion.window / 2
            congestion.acknowledged(bytes, mss: UInt32(segmentSize), isLimited: isLimited)
            if !scoreboard.isEmpty { detectLoss(&network) }
        }
        retransmitAt =
            send.una == send.max ? .never : network.now + roundTrip.timeout(network.tcp)
        tellOfRoom(network.tcp)
        if fin { finAcknowledged(network) }
    }

    /// What we send arrives: the neighbour that it goes through need not be asked (RFC 4861 §7.3.1).
    /// To say so every four seconds is enough, far less than it is believed for.
    private mutating func confirmReachability(_ network: inout NetworkLayer) {
        let span = UInt8(truncatingIfNeeded: network.now.nanoseconds >> 32)
        guard span != confirmed else { return }
        confirmed = span
        let interface = link == 0 ? nil : InterfaceID(rawValue: Int(link) &- 1)
        network.confirmReachability(of: tuple.remoteAddress, on: interface)
    }

    /// RFC 6298 by the segment that was timed, and by the echoed timestamp where it was sent twice
    /// (RFC 7323 §4).
    private mutating func measureRoundTrip(
        _ ack: SequenceNumber, _ segment: ArrivingSegment, _ now: Instant
    ) {
        if timedSince != .never {
            guard ack > timedSequence else { return }
            roundTrip.measure(now - timedSince)
            timedSince = .never
        } else if flags.contains(.timestamps), let echoed = segment.options.timestamps?.echo,
            echoed != 0
        {
            let age = Int32(bitPattern: timestamp(now) &- echoed)
            if age >= 0, age < 120_000 { roundTrip.measure(.milliseconds(max(1, Int(age)))) }
        }
    }

    /// RFC 5681 §2: nothing new, no text, no window update, and something is out. With selective
    /// acknowledgments it must tell of something that arrived.
    private func isDuplicate(
        _ segment: ArrivingSegment, _ windowBefore: UInt32, _ toldMore: Bool
    ) -> Bool {
        guard segment.acknowledgment == send.una, send.una != send.max else { return false }
        if flags.contains(.selectiveAcks) { return toldMore }
        return segment.length == 0 && send.wnd == windowBefore
    }

    private mutating func acceptDuplicate(_ network: inout NetworkLayer) {
        network.counters.count(.tcpDuplicateAcks)
        if duplicateAcks < .max { duplicateAcks &+= 1 }
        if !flags.contains(.recovering) { detectLoss(&network) }
        flags.insert(.needsFlush)
    }

    /// Our FIN has arrived.
    private mutating func finAcknowledged(_ network: borrowing NetworkLayer) {
        events.insert(.drained)
        switch state {
        case .finWait1:
            state = .finWait2
            if endpoint == nil { waitForFin(network) }
        case .closing: enterTimeWait()
        case .lastAck:
            end(nil)
        default: break
        }
    }

    /// An orphan in FIN-WAIT-2 does not wait for the peer's FIN for ever.
    mutating func waitForFin(_ network: borrowing NetworkLayer) {
        guard let limit = options(network.tcp).finTimeout else {
            end(nil)
            return
        }
        idleAt = network.now + limit
    }
}
