import Memory
import Wire

/// Text in, and the window and acknowledgments that follow from it.
extension Connection {
    // MARK: - The window

    /// The window field of a segment that leaves now. The edge it announces never moves back, and
    /// forward only by a worthwhile step (RFC 9293 §3.8.6.2.2).
    mutating func advertise(isSyn: Bool, _ configuration: TCPConfiguration) -> UInt16 {
        let free = max(0, receiveLimit(configuration) &- receiveQueue.count)
        let wanted = receive.nxt.advanced(by: free)
        let step = min(receiveLimit(configuration) / 2, Int(peerSegmentSize))
        if receive.edge.distance(to: wanted) >= step || receive.edge < receive.nxt {
            receive.edge = wanted
        }
        let window = max(0, receive.nxt.distance(to: receive.edge))
        if isSyn {
            // A SYN's window is never scaled (RFC 7323 §2.2).
            let field = UInt16(clamping: window)
            if window > 65535 { receive.edge = receive.nxt + 65535 }
            return field
        }
        return UInt16(clamping: window >> Int(receiveScale))
    }

    /// The window that our SYN announced, which is never scaled (RFC 7323 §2.2).
    mutating func noteSynWindow(_ configuration: TCPConfiguration) {
        receive.edge = receive.nxt.advanced(by: min(receiveLimit(configuration), 65535))
    }

    /// Tells the peer of room that reading made, once it is worth a segment.
    mutating func updateWindow(_ network: inout NetworkLayer) {
        guard state.mayReceive else { return }
        let configuration = network.tcp
        let free = max(0, receiveLimit(configuration) &- receiveQueue.count)
        let gain = receive.edge.distance(to: receive.nxt.advanced(by: free))
        let left = max(0, receive.nxt.distance(to: receive.edge))
        let wasShut = left < 2 &* Int(peerSegmentSize)
        let worthwhile =
            gain >= receiveLimit(configuration) / 4
            || wasShut && gain >= min(receiveLimit(configuration) / 2, 2 &* Int(peerSegmentSize))
        if worthwhile { sendAck(&network) }
    }

    // MARK: - Text

    /// Takes in the text of an acceptable segment (RFC 9293 §3.10.7.4, seventh).
    mutating func acceptText(
        _ segment: ArrivingSegment, of packet: borrowing Packet,
        _ network: inout NetworkLayer
    ) {
        guard segment.textCount > 0, state.mayReceive else { return }
        var sequence = segment.sequence
        var offset = segment.textOffset
        var count = segment.textCount
        let size = packet.metadata.segmentSize == 0 ? count : Int(packet.metadata.segmentSize)
        peerSegmentSize = max(peerSegmentSize, UInt16(clamping: min(size, 0xFFFF)))

        let old = sequence.distance(to: receive.nxt)
        if old > 0 {
            // The front of it has come before.
            network.counters.count(.tcpDuplicateData)
            flags.insert(.losesSegments)
            flags.insert(.ackNow)
            guard old < count else { return }
            sequence = receive.nxt
            offset &+= old
            count &-= old
        }
        count = min(count, max(0, sequence.distance(to: receive.edge)))
        guard count > 0 else {
            // A probe of our shut window: the answer tells of it (RFC 9293 §3.8.6.1).
            network.counters.count(.tcpOutOfWindow)
            flags.insert(.ackNow)
            return
        }
        if sequence == receive.nxt {
            acceptInOrder(packet, from: offset, count: count, &network)
        } else {
            network.counters.count(.tcpOutOfOrder)
            flags.insert(.losesSegments)
            let isTaken =
                network.hasMemoryToReorder
                && reassembly.insert(packet, from: offset, count: count, at: sequence)
            if !isTaken { network.counters.count(.tcpReassemblyFull) }
            // Each is answered at once, so that the peer can count (RFC 5681 §4.2).
            sendAck(&network)
        }
    }

    private mutating func acceptInOrder(
        _ packet: borrowing Packet, from offset: Int, count: Int, _ network: inout NetworkLayer
    ) {
        // As on Linux it can still be read after the reading side was shut down.
        var taken = receiveQueue.append(packet, from: offset, count: count)
        if taken < count { taken = makeRoom(packet, from: offset, taken, of: count, &network) }
        receive.nxt = receive.nxt.advanced(by: taken)
        carried.bytesReceived &+= UInt64(taken)
        if !reassembly.isEmpty {
            let more = reassembly.takeContinuation(of: receive.nxt, into: &receiveQueue)
            receive.nxt = receive.nxt.advanced(by: more)
            carried.bytesReceived &+= UInt64(more)
            // A gap was filled, in whole or in part.
            flags.insert(.ackNow)
        }
        events.insert(.readable)
        unacknowledgedText &+= UInt32(truncatingIfNeeded: taken)
        scheduleAck(&network)
    }

    /// Memory is short: what came out of order makes room for what came in order; how much of
    /// `count` bytes was taken then.
    private mutating func makeRoom(
        _ packet: borrowing Packet, from offset: Int, _ taken: Int, of count: Int,
        _ network: inout NetworkLayer
    ) -> Int {
        var taken = taken
        if !reassembly.isEmpty {
            reassembly.removeAll()
            taken &+= receiveQueue.append(packet, from: offset &+ taken, count: count &- taken)
        }
        if taken < count { network.counters.count(.tcpReceiveMemory) }
        return taken
    }

    /// Every second full segment is acknowledged at once, others a little later (RFC 9293
    /// §3.8.6.3); at the start all are, so that the peer's window grows fast, as Linux does.
    ///
    /// What arrives in one batch is acknowledged as one, except on a path that loses segments:
    /// there the loss of a single acknowledgment must not stop the peer until its timer expires.
    private mutating func scheduleAck(_ network: inout NetworkLayer) {
        if flags.contains(.losesSegments), unacknowledgedText >= 2 &* UInt32(peerSegmentSize) {
            sendAck(&network)
        } else if unacknowledgedText >= 2 &* UInt32(peerSegmentSize) || quickAcks > 0 {
            if quickAcks > 0 { quickAcks &-= 1 }
            flags.insert(.ackNow)
        } else if delayedAckAt == .never {
            delayedAckAt = network.now + network.tcp.delayedAck
            network.counters.count(.tcpDelayedAcks)
        }
    }

    /// Keeps in mind where the peer's FIN stands: it may come before text that it follows.
    mutating func noteFin(of segment: ArrivingSegment) {
        guard segment.flags.contains(.fin), !flags.contains(.finReceived) else { return }
        let place = segment.sequence.advanced(by: segment.textCount)
        guard place >= receive.nxt, place <= receive.edge else { return }
        receive.fin = place
        flags.insert(.finKnown)
    }

    /// The peer's FIN stands at RCV.NXT (RFC 9293 §3.10.7.4, eighth).
    mutating func acceptFin(_ network: inout NetworkLayer) {
        guard !flags.contains(.finReceived) else { return }
        flags.insert(.finReceived)
        flags.insert(.ackNow)
        receive.nxt += 1
        if receive.edge < receive.nxt { receive.edge = receive.nxt }
        events.formUnion([.readable, .readHangup])
        switch state {
        case .synReceived, .established: state = .closeWait
        case .finWait1: state = .closing
        case .finWait2: enterTimeWait()
        default: break
        }
    }

    /// Nothing is left to do but to answer late segments; `TCPLayer` gives that its small form.
    mutating func enterTimeWait() {
        state = .timeWait
        retransmitAt = .never
        delayedAckAt = .never
        idleAt = .never
        events.formUnion([.readable, .writable, .hangup, .drained])
    }
}
