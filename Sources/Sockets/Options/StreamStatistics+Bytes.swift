import Stack

/// `struct tcp_info` as Linux lays it out.
extension StreamStatistics {
    /// 280 bytes, as Linux 6.18 has them.
    var bytes: [UInt8] {
        let segment = max(segmentSize, 1)
        var info: [UInt8] = [
            stateNumber, recovery.rawValue, backoff, probes, backoff, optionBits,
            sendScale & 15 | receiveScale << 4, 0,
        ]
        func add(_ value: Int) { info += OptionBytes.word(UInt32(clamping: value)) }
        func addLong(_ value: UInt64) { info += OptionBytes.long(Int64(bitPattern: value)) }
        add(Int(retransmissionTimeout.microseconds))
        add(Int(acknowledgmentDelay.microseconds))
        add(segmentSize)
        add(peerSegmentSize)
        // What is out, counted in segments; of a listener, who waits.
        add(state == .listen ? waiting : (flight + segment - 1) / segment)
        add(state == .listen ? backlog : selectivelyAcknowledged / segment)
        add(0)  // lost
        add(0)  // sent again and out
        add(0)  // forward acknowledgment, which no kernel has any more
        add(0)  // since data was sent
        add(0)  // since an acknowledgment was sent, which is not remembered
        add(Int(sinceHeard.milliseconds))
        add(Int(sinceHeard.milliseconds))
        add(pathMTU)
        add(window)
        add(Int(roundTrip.microseconds))
        add(Int(roundTripVariation.microseconds))
        add(slowStartThreshold / segment)
        add(congestionWindow / segment)
        add(announcedSegmentSize)
        add(3)  // segments that may overtake
        add(0)  // the receiver's round trip
        add(window)
        add(Int(counters.segmentsSentAgain))
        addLong(.max)  // pacing: none
        addLong(.max)
        addLong(counters.bytesAcknowledged)
        addLong(counters.bytesReceived)
        add(Int(counters.segmentsSent))
        add(Int(counters.segmentsReceived))
        add(unsent)
        add(Int(roundTrip.microseconds))
        // Segments with data apart, delivery rate, times limited, deliveries, bytes sent and sent
        // again, duplicates told, reordering seen, arrivals out of order: not counted here.
        info += [UInt8](repeating: 0, count: 228 - info.count)
        add(peerWindow)
        add(window)
        // What later kernels count of timeouts and of AccECN.
        info += [UInt8](repeating: 0, count: 280 - info.count)
        return info
    }

    /// As Linux numbers the states (`TCP_ESTABLISHED` and on).
    private var stateNumber: UInt8 {
        switch state {
        case .established: 1
        case .synSent: 2
        case .synReceived: 3
        case .finWait1: 4
        case .finWait2: 5
        case .timeWait: 6
        case .closed: 7
        case .closeWait: 8
        case .lastAck: 9
        case .listen: 10
        case .closing: 11
        }
    }

    /// `TCPI_OPT_`.
    private var optionBits: UInt8 {
        (usesTimestamps ? 1 : 0) | (usesSelectiveAcks ? 2 : 0) | (scalesWindows ? 4 : 0)
    }

    /// Nil for less than Linux has had since 2.6; what is not there stays 0.
    init?(bytes: [UInt8]) {
        guard bytes.count >= 104, let state = Self.states[Int(bytes[0])] else { return nil }
        self.init(state)
        let reader = OptionBytes(bytes)
        func word(_ offset: Int) -> Int {
            offset + 4 <= bytes.count ? Int(reader.word(offset)) : 0
        }
        func long(_ offset: Int) -> UInt64 {
            offset + 8 <= bytes.count ? UInt64(bitPattern: reader.long(offset)) : 0
        }
        recovery = Recovery(rawValue: bytes[1]) ?? .open
        (probes, backoff) = (bytes[3], bytes[4])
        usesTimestamps = bytes[5] & 1 != 0
        usesSelectiveAcks = bytes[5] & 2 != 0
        scalesWindows = bytes[5] & 4 != 0
        (sendScale, receiveScale) = (bytes[6] & 15, bytes[6] >> 4)
        retransmissionTimeout = .microseconds(word(8))
        acknowledgmentDelay = .microseconds(word(12))
        (segmentSize, peerSegmentSize) = (word(16), word(20))
        if state == .listen {
            (waiting, backlog) = (word(24), word(28))
        } else {
            (flight, selectivelyAcknowledged) = (word(24) * segmentSize, word(28) * segmentSize)
        }
        sinceHeard = .milliseconds(word(52))
        (pathMTU, window) = (word(60), word(64))
        (roundTrip, roundTripVariation) = (.microseconds(word(68)), .microseconds(word(72)))
        slowStartThreshold = word(76) * segmentSize
        congestionWindow = word(80) * segmentSize
        announcedSegmentSize = word(84)
        counters.segmentsSentAgain = UInt32(word(100))
        counters.bytesAcknowledged = long(120)
        counters.bytesReceived = long(128)
        counters.segmentsSent = UInt32(word(136))
        counters.segmentsReceived = UInt32(word(140))
        (unsent, peerWindow) = (word(144), word(228))
    }

    /// The states by Linux's numbers.
    private static let states: [ConnectionState?] =
        [
            nil, .established, .synSent, .synReceived, .finWait1, .finWait2, .timeWait, .closed,
            .closeWait, .lastAck, .listen, .closing,
        ] + [ConnectionState?](repeating: nil, count: 244)
}

extension SocketOption where Value == StreamStatistics {
    /// What is known of a stream's connection; read only. What Linux counts in segments is told in
    /// bytes of as many segments. `TCP_INFO`.
    public static var statistics: Self {
        SocketOption(
            level: OptionLevel.tcp, name: TCPLevel.information, byteCount: 280,
            decode: { StreamStatistics(bytes: $0) }, encode: { $0.bytes })
    }
}
