import Memory
import Wire

/// A segment for a connection, in the order of RFC 9293 §3.10.7.
extension Connection {
    mutating func arrive(
        _ segment: ArrivingSegment, of packet: borrowing Packet,
        _ network: inout NetworkLayer
    ) {
        carried.segmentsReceived &+= 1
        if state == .synSent {
            arriveInSynSent(segment, of: packet, &network)
        } else if state.isSynchronized {
            arriveSynchronized(segment, of: packet, &network)
        } else {
            network.counters.count(.tcpAfterClose)
        }
    }

    // MARK: - SYN-SENT (§3.10.7.3)

    private mutating func arriveInSynSent(
        _ segment: ArrivingSegment, of packet: borrowing Packet,
        _ network: inout NetworkLayer
    ) {
        let hasAck = segment.flags.contains(.ack)
        let ack = segment.acknowledgment
        if hasAck, ack <= send.iss || ack > send.max {
            network.counters.count(.tcpUnacceptableAck)
            if !segment.flags.contains(.rst) { sendReset(at: ack, &network) }
            return
        }
        if segment.flags.contains(.rst) {
            // Without an acceptable acknowledgment anyone could have sent it.
            guard hasAck else {
                network.counters.count(.tcpBadReset)
                return
            }
            network.counters.count(.tcpResetsReceived)
            network.counters.count(.tcpFailedAttempts)
            end(.connectionRefused)
            return
        }
        guard segment.flags.contains(.syn) else {
            network.counters.count(.tcpBadFlags)
            return
        }
        receive = ReceiveSequence(irs: segment.sequence)
        receive.nxt += 1
        noteSynWindow(network.tcp)
        agreeOptions(segment.options, network.tcp)
        send.wnd = UInt32(segment.window)
        send.largestWindow = send.wnd
        send.wl1 = segment.sequence
        send.wl2 = ack
        lastHeard = network.now
        guard hasAck else {
            // Both sides open at once (§3.5, figure 7).
            state = .synReceived
            sendSyn(&network)
            return
        }
        if timedSince != .never { roundTrip.measure(network.now - timedSince) }
        timedSince = .never
        send.una = ack
        send.nxt = ack
        enterEstablished(&network)
        flags.insert([.ackNow, .needsFlush])
        // Text that came with the SYN follows it.
        guard segment.textCount > 0 || segment.flags.contains(.fin) else { return }
        var rest = segment
        rest.sequence += 1
        acceptText(rest, of: packet, &network)
        noteFin(of: rest)
        if flags.contains(.finKnown), receive.fin == receive.nxt { acceptFin(&network) }
    }

    /// What both SYNs offered is in force from here on.
    mutating func agreeOptions(_ options: TCPOptions, _ configuration: TCPConfiguration) {
        if let timestamps = options.timestamps, configuration.timestamps {
            flags.insert(.timestamps)
            recentTimestamp = timestamps.value
        }
        if options.sackPermitted, configuration.selectiveAcks { flags.insert(.selectiveAcks) }
        if let scale = options.windowScale, configuration.windowScaling {
            flags.insert(.windowScaling)
            sendScale = scale
        } else {
            receiveScale = 0
        }
        agreeSegmentSize(options.maximumSegmentSize ?? tuple.defaultSegmentSize)
    }

    mutating func enterEstablished(_ network: inout NetworkLayer) {
        state = flags.contains(.finQueued) ? .finWait1 : .established
        error = nil
        retransmitAt = .never
        roundTrip.endBackOff()
        send.recover = send.una
        send.retransmitted = send.una
        let mss = UInt32(maximumSegmentSize)
        congestion = CongestionControl(
            initialWindow: UInt32(clamping: network.tcp.initialWindow) &* mss)
        network.counters.count(.tcpEstablished)
        events.formUnion([.writable, .connected])
        if flags.contains(.keepalive) {
            idleAt = network.now + options(network.tcp).keepaliveIdle
        }
    }

    // MARK: - The synchronized states (§3.10.7.4)

    private mutating func arriveSynchronized(
        _ segment: ArrivingSegment, of packet: borrowing Packet,
        _ network: inout NetworkLayer
    ) {
        if state == .synReceived, segment.flags.contains(.syn), segment.sequence == receive.irs {
            arriveOpeningToo(segment, of: packet, &network)
            return
        }
        guard passesTimestamps(segment, &network), isInWindow(segment, &network) else { return }
        if segment.flags.contains(.rst) {
            acceptReset(segment, &network)
            return
        }
        guard !segment.flags.contains(.syn) else {
            // RFC 5961 §4 asks for a challenge and nothing more.
            network.counters.count(.tcpBadFlags)
            challenge(&network)
            return
        }
        guard segment.flags.contains(.ack) else {
            network.counters.count(.tcpBadFlags)
            return
        }
        guard isAcceptable(segment.acknowledgment, &network) else { return }
        lastHeard = network.now
        if state == .synReceived {
            send.nxt = send.max
            enterEstablished(&network)
        }
        acceptAcknowledgment(segment, &network)
        guard state != .closed, state != .timeWait else { return }
        if isTextForNobody(segment) {
            sendReset(at: segment.acknowledgment, &network)
            end(.connectionReset)
            return
        }
        if segment.flags.contains(.urg) || flags.contains(.urgentAwaited) {
            acceptUrgent(segment, of: packet, &network)
        }
        acceptText(segment, of: packet, &network)
        noteFin(of: segment)
        if flags.contains(.finKnown), receive.fin == receive.nxt { acceptFin(&network) }
        if flags.contains(.ackNow) { flags.insert(.needsFlush) }
    }

    /// Both sides open at once, and the peer's SYN comes a second time: alone it asks for ours
    /// again, with an acknowledgment it completes the handshake (§3.5, figure 7, line 6).
    private mutating func arriveOpeningToo(
        _ segment: ArrivingSegment, of packet: borrowing Packet, _ network: inout NetworkLayer
    ) {
        guard segment.flags.contains(.ack) else {
            sendSyn(&network)
            return
        }
        var rest = segment
        rest.flags.remove(.syn)
        rest.sequence += 1
        arriveSynchronized(rest, of: packet, &network)
    }

    /// PAWS and TS.Recent (RFC 7323 §4.3, §5.3).
    private mutating func passesTimestamps(
        _ segment: ArrivingSegment, _ network: inout NetworkLayer
    ) -> Bool {
        guard flags.contains(.timestamps), let timestamps = segment.options.timestamps else {
            return true
        }
        let now = UInt32(truncatingIfNeeded: network.now.milliseconds / 1000)
        let isOlder = Int32(bitPattern: timestamps.value &- recentTimestamp) < 0
        // After 24 days without traffic the clock may have wrapped (§5.5).
        let isStale = now &- recentTimestampAge > 24 * 86400
        if isOlder, !isStale {
            guard !segment.flags.contains(.rst) else { return true }
            network.counters.count(.tcpOldTimestamp)
            answerUnacceptable(segment, &network)
            return false
        }
        if segment.sequence <= receive.acknowledged {
            recentTimestamp = timestamps.value
            recentTimestampAge = now
        }
        return true
    }

    /// The sequence number test (first). The end of the window itself passes without text, since a
    /// peer that has filled the window acknowledges from there.
    private mutating func isInWindow(
        _ segment: ArrivingSegment, _ network: inout NetworkLayer
    ) -> Bool {
        let edge = receive.edge > receive.nxt ? receive.edge : receive.nxt
        let begins = segment.sequence <= edge
        let isEmpty = segment.length == 0
        let ends =
            isEmpty ? segment.sequence >= receive.nxt : segment.end > receive.nxt
        let hasRoom = isEmpty || segment.sequence < edge || segment.sequence == receive.nxt
        if begins && ends && hasRoom { return true }
        network.counters.count(.tcpOutOfWindow)
        if segment.flags.contains(.rst) { return false }
        answerUnacceptable(segment, &network)
        return false
    }

    /// An unacceptable segment is answered with an acknowledgment (first). One with text or a FIN
    /// is a retransmission: our acknowledgment was lost, and the peer waits for it.
    private mutating func answerUnacceptable(
        _ segment: ArrivingSegment, _ network: inout NetworkLayer
    ) {
        guard segment.length > 0, !segment.flags.contains(.syn) else {
            challenge(&network)
            return
        }
        network.counters.count(.tcpDuplicateData)
        flags.insert(.losesSegments)
        flags.insert([.ackNow, .needsFlush])
    }

    /// A reset ends the connection only at exactly RCV.NXT; elsewhere in the window it is
    /// challenged (RFC 5961 §3.2).
    private mutating func acceptReset(
        _ segment: ArrivingSegment, _ network: inout NetworkLayer
    ) {
        guard segment.sequence == receive.nxt else {
            network.counters.count(.tcpBadReset)
            challenge(&network)
            return
        }
        network.counters.count(.tcpResetsReceived)
        switch state {
        case .synReceived: end(.connectionRefused)
        case .closing, .lastAck, .timeWait: end(nil)
        case .closeWait: end(.brokenPipe)
        default: end(.connectionReset)
        }
    }

    /// Whether SEG.ACK lies where it may (fifth; RFC 5961 §5.2).
    private mutating func isAcceptable(
        _ ack: SequenceNumber, _ network: inout NetworkLayer
    ) -> Bool {
        if state == .synReceived {
            guard ack > send.una, ack <= send.max else {
                network.counters.count(.tcpUnacceptableAck)
                sendReset(at: ack, &network)
                return false
            }
            return true
        }
        if ack > send.max {
            network.counters.count(.tcpUnacceptableAck)
            challenge(&network)
            return false
        }
        guard ack < send.una else { return true }
        if ack.distance(to: send.una) > Int(max(send.largestWindow, 65535)) {
            network.counters.count(.tcpUnacceptableAck)
            challenge(&network)
            return false
        }
        return true
    }

    /// Whether text arrives that no application will ever read: then the peer must learn it.
    private func isTextForNobody(_ segment: ArrivingSegment) -> Bool {
        (isOrphan || flags.contains(.readShutDown)) && segment.textCount > 0
            && segment.end > receive.nxt
            && (state == .finWait1 || state == .finWait2)
    }

    /// A challenge ACK (RFC 5961 §7).
    private mutating func challenge(_ network: inout NetworkLayer) {
        if challenges.take(&network) { sendAck(&network) }
    }

    /// `<SEQ=SEG.ACK><CTL=RST>`
    mutating func sendReset(at sequence: SequenceNumber, _ network: inout NetworkLayer) {
        network.counters.count(.tcpResetsSent)
        sendEmpty(sequence: sequence, flags: [.rst], &network)
    }

    /// Ends the connection and tells the peer (§3.10.5, ABORT).
    mutating func abort(_ reason: StackError?, _ network: inout NetworkLayer) {
        switch state {
        case .synReceived, .established, .finWait1, .finWait2, .closeWait:
            network.counters.count(.tcpResetsSent)
            sendEmpty(sequence: acceptableSequence, flags: [.rst, .ack], &network)
        default: break
        }
        end(reason)
    }
}

extension Instant {
    /// Whole milliseconds since the start.
    var milliseconds: Int64 { nanoseconds / 1_000_000 }
}
