import Memory
import Wire

/// Segments as they leave: the header and options written once, text attached from the queue.
extension Connection {
    /// Our timestamp clock: milliseconds, from a secret start (RFC 7323 §5.4).
    func timestamp(_ now: Instant) -> UInt32 {
        UInt32(truncatingIfNeeded: now.nanoseconds / 1_000_000) &+ timestampOffset
    }

    /// Sends up to `count` bytes of the queue from `sequence` on, and the FIN if it follows; how
    /// many sequence numbers left.
    mutating func transmit(
        from sequence: SequenceNumber, count: Int, _ network: inout NetworkLayer
    ) -> UInt32 {
        guard var packet = network.pools.control(headroom: NetworkLayer.headroom) else {
            network.counters.count(.noBuffer)
            tryAgainLater(network)
            return 0
        }
        let options = currentOptions(network.now, textCount: count)
        let headerCount = TCPHeader.byteCount &+ options.encodedCount
        packet.extend(headerCount)
        let attached = attachText(to: &packet, from: sequence, count: count)
        let end = sequence.advanced(by: attached)
        let isLast = end == queueEnd
        var flags: TCPFlags = [.ack]
        if attached > 0 && isLast { flags.insert(.psh) }
        let carriesFin = isLast && self.flags.contains(.finQueued)
        if carriesFin { flags.insert(.fin) }
        guard attached > 0 || carriesFin || count == 0 else { return 0 }
        if attached > Int(segmentSize) { packet.metadata.segmentSize = segmentSize }
        if attached != Int(segmentSize), sequence >= send.max, attached % Int(segmentSize) != 0 {
            smallEnd = end
        }
        finish(packet, sequence: sequence, flags: flags, options: options, &network)
        let length = UInt32(truncatingIfNeeded: attached) &+ (carriesFin ? 1 : 0)
        if length > 0 { noteSent(sequence, length, &network) }
        return length
    }

    /// Memory was short, and no acknowledgment may come that would have us try again: the timer
    /// must.
    private mutating func tryAgainLater(_ network: borrowing NetworkLayer) {
        guard retransmitAt == .never else { return }
        if send.una == send.max { flags.insert(.persisting) }
        retransmitAt = network.now + roundTrip.timeout(network.tcp)
    }

    /// Keeps the books of what left: retransmissions, SND.NXT, and the segment that is timed.
    private mutating func noteSent(
        _ sequence: SequenceNumber, _ length: UInt32, _ network: inout NetworkLayer
    ) {
        let end = sequence + length
        if sequence < send.max {
            network.counters.count(.tcpRetransmittedSegments)
            carried.segmentsSentAgain &+= 1
            // What was sent twice cannot be timed (Karn; RFC 6298 §3).
            if timedSequence >= sequence, timedSequence < end { timedSince = .never }
        } else if timedSince == .never {
            timedSequence = sequence
            timedSince = network.now
        }
        if end > send.max { send.max = end }
        if retransmitAt == .never || flags.contains(.persisting) {
            flags.remove(.persisting)
            retransmitAt = network.now + roundTrip.timeout(network.tcp)
        }
    }

    private mutating func attachText(
        to packet: inout Packet, from sequence: SequenceNumber, count: Int
    ) -> Int {
        let offset = queueStart.distance(to: sequence)
        let available = min(count, max(0, sendQueue.count &- offset))
        guard available > 0, offset >= 0 else { return 0 }
        guard available <= packet.tailroom else {
            return sendQueue.attach(to: &packet, from: offset, count: available)
        }
        return sendQueue.copy(to: &packet, from: offset, count: available)
    }

    /// The options of a segment with `textCount` bytes of text. Selective acknowledgments stand
    /// only where there is room: what came out of order was reported without text at once.
    private func currentOptions(_ now: Instant, textCount: Int = 0) -> TCPOptions {
        var options = TCPOptions()
        if flags.contains(.timestamps) {
            options.timestamps = TCPTimestamps(value: timestamp(now), echo: recentTimestamp)
        }
        guard !reassembly.isEmpty, flags.contains(.selectiveAcks) else { return options }
        let room = min(
            TCPHeader.maximumOptionsCount, Int(maximumSegmentSize) &- textCount)
        let limit = (room &- optionCount &- 4) / 8
        if limit > 0 { options.sackBlocks = reassembly.blocks(atMost: limit) }
        return options
    }

    /// Sends an acknowledgment without text.
    mutating func sendAck(_ network: inout NetworkLayer) {
        sendEmpty(sequence: acceptableSequence, flags: [.ack], &network)
    }

    /// The number for a segment without text that the peer will not find out of its window: what
    /// was sent last, even after a timeout took SND.NXT back, unless the peer shrank its window.
    var acceptableSequence: SequenceNumber {
        let edge = send.una + send.wnd
        let slack = 1 << Int(sendScale)
        return edge.distance(to: send.max) < slack ? send.max : edge
    }

    /// Sends a segment without text: an acknowledgment, a probe or a reset.
    mutating func sendEmpty(
        sequence: SequenceNumber, flags: TCPFlags, _ network: inout NetworkLayer
    ) {
        guard var packet = network.pools.control(headroom: NetworkLayer.headroom) else {
            network.counters.count(.noBuffer)
            return
        }
        let options = currentOptions(network.now)
        packet.extend(TCPHeader.byteCount &+ options.encodedCount)
        finish(packet, sequence: sequence, flags: flags, options: options, &network)
    }

    /// Sends a SYN, or a SYN-ACK of a simultaneous open.
    mutating func sendSyn(_ network: inout NetworkLayer) {
        let answers = state == .synReceived
        let configuration = network.tcp
        retransmitAt = network.now + roundTrip.timeout(configuration)
        guard var packet = network.pools.control(headroom: NetworkLayer.headroom) else {
            network.counters.count(.noBuffer)
            return
        }
        var options = TCPOptions(maximumSegmentSize: announcedSegmentSize)
        if answers ? flags.contains(.selectiveAcks) : configuration.selectiveAcks {
            options.sackPermitted = true
        }
        if answers ? flags.contains(.timestamps) : configuration.timestamps {
            options.timestamps = TCPTimestamps(
                value: timestamp(network.now), echo: answers ? recentTimestamp : 0)
        }
        if answers ? flags.contains(.windowScaling) : configuration.windowScaling {
            options.windowScale = receiveScale
        }
        packet.extend(TCPHeader.byteCount &+ options.encodedCount)
        if send.max == send.iss {
            send.max = send.iss + 1
            timedSequence = send.iss
            timedSince = network.now
        } else {
            network.counters.count(.tcpRetransmittedSegments)
            timedSince = .never
        }
        send.nxt = send.iss + 1
        finish(
            packet, sequence: send.iss, flags: answers ? [.syn, .ack] : [.syn], options: options,
            &network)
    }

    private var sendOptions: NetworkLayer.SendOptions {
        var options = NetworkLayer.SendOptions(
            proto: .tcp, timeToLive: hops == 0 ? nil : hops, trafficClass: trafficClass,
            dontFragment: !flags.contains(.mayBeFragmented),
            interface: link == 0 ? nil : InterfaceID(rawValue: Int(link) &- 1))
        if !peculiar.isEmpty { options.ipv4Options = ipv4OptionList }
        return options
    }

    /// Writes the header into the head of `packet` and sends it.
    private mutating func finish(
        _ packet: consuming Packet, sequence: SequenceNumber, flags: TCPFlags,
        options: TCPOptions, _ network: inout NetworkLayer
    ) {
        let isSyn = flags.contains(.syn)
        let acknowledges = flags.contains(.ack)
        let window = advertise(isSyn: isSyn, network.tcp)
        var flags = flags
        var urgentPointer: UInt16 = 0
        if self.flags.contains(.urgentOut), !isSyn, !flags.contains(.rst),
            let pointer = self.urgentPointer(at: sequence)
        {
            flags.insert(.urg)
            urgentPointer = pointer
        }
        let pseudo = InternetChecksum.pseudoHeader(
            source: tuple.localAddress, destination: tuple.remoteAddress, proto: .tcp,
            length: UInt32(truncatingIfNeeded: packet.count))
        let header = TCPHeader(
            sourcePort: tuple.localPort, destinationPort: tuple.remotePort, sequence: sequence,
            acknowledgment: acknowledges ? receive.nxt : SequenceNumber(0),
            headerCount: TCPHeader.byteCount &+ options.encodedCount, flags: flags,
            window: window, checksum: pseudo.partial, urgentPointer: urgentPointer)
        var head = packet.mutableHead
        header.write(to: &head)
        _ = options.write(to: &head, at: TCPHeader.byteCount)
        packet.metadata.checksum = .partial(
            start: 0, offset: UInt16(TCPHeader.checksumOffset))
        if acknowledges {
            receive.acknowledged = receive.nxt
            unacknowledgedText = 0
            delayedAckAt = .never
            self.flags.remove(.ackNow)
        }
        network.counters.count(.tcpSegmentsSent)
        let size = Int(packet.metadata.segmentSize)
        carried.segmentsSent &+= size == 0 ? 1 : UInt32(packet.count / size &+ 1)
        network.send(
            packet, from: tuple.localAddress, to: tuple.remoteAddress,
            sendOptions)
    }
}
