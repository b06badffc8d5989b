import Memory
import Wire

/// A connection: the transmission control block of RFC 9293 §3.3.1.
///
/// Its files by concern: `SegmentArrival` (what comes in, in the RFC's order), `Receiver` and
/// `Reassembly` (text in), `Sender` and `SegmentWriter` (text out), `Acknowledgment`,
/// `Recovery` and `Scoreboard` (loss), `ConnectionTimers`, `Congestion/`.
///
/// It works on the network layer through `inout` and never on the tables that hold it: what
/// concerns those, it leaves in `state`, `events` and `needsFlush` for `TCPLayer` to act on.
struct Connection: ~Copyable {
    let tuple: FourTuple
    var state: ConnectionState
    /// What the endpoint has not been told yet.
    var events: Readiness = []
    /// Why the connection ended, until the application has been told.
    var error: StackError?
    /// The endpoint that the application holds; nil for an orphan.
    var endpoint: SlabIndex?
    /// Where it stands in the timer wheel and for when.
    var timer: TimerID?
    /// The number behind the last segment that was less than full (Minshall's variant of Nagle's
    /// algorithm).
    var smallEnd: SequenceNumber
    var timerAt = Instant.never
    var flags: Flags = []

    var send: SendSequence
    var receive: ReceiveSequence
    var sendQueue: ByteQueue
    var receiveQueue: ByteQueue
    var reassembly: Reassembly
    var scoreboard = Scoreboard()
    var congestion: CongestionControl
    var roundTrip = RoundTripTime()

    /// The most text in one segment to the peer, options taken off, in bytes.
    var segmentSize: UInt16
    /// The most that the peer accepts and the path carries, options included.
    var maximumSegmentSize: UInt16
    /// What we told the peer that we accept: the MSS option of our SYN.
    var announcedSegmentSize: UInt16
    /// By how much the peer's windows and ours are shifted (RFC 7323 §2).
    var sendScale: UInt8 = 0
    var receiveScale: UInt8 = 0
    /// Unanswered probes, of a zero window or a silent peer.
    var probes: UInt8 = 0
    var duplicateAcks: UInt8 = 0
    /// Segments still to be acknowledged at once, while the peer starts slowly.
    var quickAcks: UInt8 = 16
    /// What the IP header is to say: hops, 0 for the host's number, and DSCP.
    var hops: UInt8 = 0
    var trafficClass: UInt8 = 0
    /// In which span of time the next hop was last said to be reachable.
    var confirmed: UInt8 = 0

    /// Timestamps (RFC 7323 §3): our clock's offset, TS.Recent and the time we got it, in seconds.
    var timestampOffset: UInt32
    var recentTimestamp: UInt32 = 0
    var recentTimestampAge: UInt32 = 0
    var challenges = ChallengeLimit()

    /// Received text that has not been acknowledged, in bytes.
    var unacknowledgedText: UInt32 = 0
    /// The largest segment the peer has sent: what two of are acknowledged at once.
    var peerSegmentSize: UInt16 = 536
    /// The zone of the only link that it may use, 0 for any.
    var link: UInt16

    /// The sequence number whose acknowledgment is timed, and since when (`never` for none).
    var timedSequence: SequenceNumber
    var timedSince = Instant.never

    /// Retransmission, or the probe of a zero window.
    var retransmitAt = Instant.never
    var delayedAckAt = Instant.never
    /// Keep-alive probes, or the end of FIN-WAIT-2.
    var idleAt = Instant.never
    var lastHeard = Instant.zero
    var opened = Instant.zero
    /// What it has carried.
    var carried = StreamCounters()
    /// Empty but for a connection that has what few have.
    var peculiar: [Peculiarities] = []

    /// RFC 9293 §3.3.1, send sequence variables, by their names there.
    struct SendSequence {
        var iss: SequenceNumber
        /// The oldest unacknowledged number.
        var una: SequenceNumber
        /// The next to be sent: after a timeout it goes back to `una`.
        var nxt: SequenceNumber
        /// The next that was never sent.
        var max: SequenceNumber
        var wnd: UInt32 = 0
        /// The largest window the peer ever offered.
        var largestWindow: UInt32 = 0
        var wl1: SequenceNumber
        var wl2: SequenceNumber
        /// Loss recovery ends when this is acknowledged (RFC 6582).
        var recover: SequenceNumber
        /// In recovery, everything before this was sent again (HighRxt of RFC 6675).
        var retransmitted: SequenceNumber

        init(iss: SequenceNumber) {
            self.iss = iss
            una = iss
            nxt = iss
            max = iss
            wl1 = iss
            wl2 = iss
            recover = iss
            retransmitted = iss
        }

        /// What is out and not acknowledged, in sequence numbers.
        var flight: UInt32 { UInt32(clamping: una.distance(to: max)) }
    }

    /// RFC 9293 §3.3.1, receive sequence variables, by their names there.
    struct ReceiveSequence {
        var irs: SequenceNumber
        var nxt: SequenceNumber
        /// RCV.NXT + RCV.WND as the peer was told last: it never moves back.
        var edge: SequenceNumber
        /// RCV.NXT when an acknowledgment left last (Last.ACK.sent of RFC 7323).
        var acknowledged: SequenceNumber
        /// Where the peer's FIN stands, once a segment told (`finKnown`).
        var fin: SequenceNumber

        init(irs: SequenceNumber) {
            self.irs = irs
            nxt = irs
            edge = irs
            acknowledged = irs
            fin = irs
        }
    }

    struct Flags: OptionSet {
        let rawValue: UInt32

        /// Options that both sides agreed on.
        static let timestamps = Flags(rawValue: 1 << 0)
        static let selectiveAcks = Flags(rawValue: 1 << 1)
        static let windowScaling = Flags(rawValue: 1 << 2)
        /// The application has given its last byte.
        static let finQueued = Flags(rawValue: 1 << 3)
        /// The peer's last byte has come.
        static let finReceived = Flags(rawValue: 1 << 4)
        /// It waits in the layer's list for memory.
        static let starved = Flags(rawValue: 1 << 19)
        /// A segment told where the peer's last byte is.
        static let finKnown = Flags(rawValue: 1 << 18)
        /// An acknowledgment is to leave at the next flush.
        static let ackNow = Flags(rawValue: 1 << 5)
        /// It waits in the layer's list for the next flush.
        static let needsFlush = Flags(rawValue: 1 << 6)
        /// Loss recovery is under way.
        static let recovering = Flags(rawValue: 1 << 7)
        /// `retransmitAt` is for a zero-window probe.
        static let persisting = Flags(rawValue: 1 << 8)
        static let noDelay = Flags(rawValue: 1 << 9)
        static let keepalive = Flags(rawValue: 1 << 10)
        /// It stands in the layer's table of connections.
        static let filed = Flags(rawValue: 1 << 11)
        /// A listener's queue holds it.
        static let awaitingAccept = Flags(rawValue: 1 << 12)
        /// The application reads no more.
        static let readShutDown = Flags(rawValue: 1 << 13)
        /// Links on the path cut merged packets.
        static let mergesSegments = Flags(rawValue: 1 << 14)
        /// The application found the send queue full and waits for room.
        static let wantsToSend = Flags(rawValue: 1 << 15)
        /// Data was sent again since the last acknowledgment of new data.
        static let timedOut = Flags(rawValue: 1 << 17)
        /// Segments of the peer came twice or out of order: the path loses some.
        static let losesSegments = Flags(rawValue: 1 << 20)
        /// Less than a full segment waits (TCP_CORK).
        static let corked = Flags(rawValue: 1 << 21)
        /// Urgent bytes of ours have not been acknowledged yet, as far as anybody looked.
        static let urgentOut = Flags(rawValue: 1 << 22)
        /// The peer marked a byte that has not been read past.
        static let urgentIn = Flags(rawValue: 1 << 23)
        /// That byte has not come.
        static let urgentAwaited = Flags(rawValue: 1 << 24)
        /// It stays in the stream (SO_OOBINLINE).
        static let urgentInline = Flags(rawValue: 1 << 25)
        /// The layer counts it among those that nobody holds.
        static let orphan = Flags(rawValue: 1 << 26)
        /// Routers may cut its packets (IP_PMTUDISC_DONT).
        static let mayBeFragmented = Flags(rawValue: 1 << 16)
        /// It stands in the port table.
        static let holdsPort = Flags(rawValue: 1 << 27)
        /// `connect` chose its port.
        static let portChosen = Flags(rawValue: 1 << 28)
        /// The application named the port: it keeps it when the connection is over.
        static let portNamed = Flags(rawValue: 1 << 29)
        /// SO_REUSEADDR and SO_REUSEPORT.
        static let sharesAddress = Flags(rawValue: 1 << 30)
        static let sharesPort = Flags(rawValue: 1 << 31)
    }

    init(
        tuple: FourTuple, state: ConnectionState, iss: SequenceNumber, irs: SequenceNumber,
        timestampOffset: UInt32, maximumSegmentSize: UInt16, initialWindow: Int,
        pools: BufferPools
    ) {
        self.tuple = tuple
        self.state = state
        self.timestampOffset = timestampOffset
        self.maximumSegmentSize = maximumSegmentSize
        announcedSegmentSize = maximumSegmentSize
        segmentSize = maximumSegmentSize
        send = SendSequence(iss: iss)
        receive = ReceiveSequence(irs: irs)
        timedSequence = iss
        smallEnd = iss
        link = tuple.zone
        sendQueue = pools.queue()
        receiveQueue = pools.queue()
        reassembly = Reassembly(pools)
        congestion = CongestionControl(
            initialWindow: UInt32(initialWindow) &* UInt32(maximumSegmentSize))
    }

    /// Options that come with every segment after the handshake, in bytes.
    var optionCount: Int { flags.contains(.timestamps) ? 12 : 0 }

    /// Fixes the largest text of a segment once the options are agreed (RFC 9293 §3.7.1).
    mutating func agreeSegmentSize(_ offered: UInt16) {
        maximumSegmentSize = min(maximumSegmentSize, max(offered, Self.leastSegmentSize))
        segmentSize = maximumSegmentSize &- UInt16(truncatingIfNeeded: optionCount)
    }

    /// A peer that offers less would have us send more headers than text (CVE-2019-11479).
    static var leastSegmentSize: UInt16 { 88 }

    /// The sequence number of the first byte of the send queue.
    var queueStart: SequenceNumber {
        send.una == send.iss ? send.iss + 1 : send.una
    }

    /// The sequence number after the last byte of the send queue: that of the FIN, when it comes.
    var queueEnd: SequenceNumber {
        queueStart + UInt32(truncatingIfNeeded: sendQueue.count)
    }

    /// Whether the FIN is out.
    var finSent: Bool { flags.contains(.finQueued) && send.max > queueEnd }

    /// Ends the connection at once, for `reason`.
    mutating func end(_ reason: StackError?) {
        state = .closed
        error = reason
        retransmitAt = .never
        delayedAckAt = .never
        idleAt = .never
        flags.remove(.ackNow)
        events.formUnion([.readable, .writable, .hangup, .drained])
        if reason != nil { events.insert(.error) }
        sendQueue.removeAll()
        send.una = send.max
        scoreboard.removeAll()
        reassembly.removeAll()
    }
}
