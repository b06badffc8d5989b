import Memory
import Wire

/// What is known of a stream's connection: Linux's `struct tcp_info`.
public struct StreamStatistics: Equatable, Sendable {
    /// Where loss recovery stands (Linux's `tcpi_ca_state`).
    public enum Recovery: UInt8, Sendable {
        case open = 0
        /// Duplicate acknowledgments have come.
        case disorder = 1
        /// Something was lost and is sent again.
        case recovery = 3
        /// The retransmission timer expired.
        case loss = 4
    }

    public var state: ConnectionState
    public var recovery = Recovery.open
    /// How often the timer expired in a row, and how often probes went unanswered.
    public var backoff: UInt8 = 0
    public var probes: UInt8 = 0
    /// What both sides agreed on.
    public var usesTimestamps = false
    public var usesSelectiveAcks = false
    public var scalesWindows = false
    public var sendScale: UInt8 = 0
    public var receiveScale: UInt8 = 0
    /// RTO and the time that an acknowledgment may wait.
    public var retransmissionTimeout = Interval.zero
    public var acknowledgmentDelay = Interval.zero
    /// Text of a segment in each direction, in bytes; the most that we announced.
    public var segmentSize = 0
    public var peerSegmentSize = 0
    public var announcedSegmentSize = 0
    /// Bytes that are out, of which the peer holds some out of order.
    public var flight = 0
    public var selectivelyAcknowledged = 0
    /// Since the peer was heard last.
    public var sinceHeard = Interval.zero
    /// The largest IP packet on the path.
    public var pathMTU = 0
    /// SRTT and RTTVAR; zero before the first measurement.
    public var roundTrip = Interval.zero
    public var roundTripVariation = Interval.zero
    /// cwnd and ssthresh, in bytes.
    public var congestionWindow = 0
    public var slowStartThreshold = 0
    /// Bytes that the application gave and that have not left.
    public var unsent = 0
    /// The window that the peer offers, and the one that it is offered, in bytes.
    public var peerWindow = 0
    public var window = 0
    /// Of a listener: connections that wait, and how many may.
    public var waiting = 0
    public var backlog = 0
    public var counters = StreamCounters()

    public init(_ state: ConnectionState) { self.state = state }
}

/// What a connection has carried.
public struct StreamCounters: Equatable, Sendable {
    public var bytesAcknowledged: UInt64 = 0
    public var bytesReceived: UInt64 = 0
    public var segmentsSent: UInt32 = 0
    public var segmentsReceived: UInt32 = 0
    public var segmentsSentAgain: UInt32 = 0

    public init() {}
}

extension Host {
    /// What is known of a stream's connection. `TCP_INFO`.
    ///
    /// - Throws: `.notSupported` for endpoints that are no streams.
    public func streamStatistics(of id: EndpointID) throws(StackError) -> StreamStatistics {
        _ = try streamOptions(of: id)
        switch endpoints[id.index].role {
        case .listening(let key):
            var statistics = StreamStatistics(.listen)
            statistics.waiting = tcp.listeners[key].accepted.count
            statistics.backlog = tcp.listeners[key].backlog
            return statistics
        case .connection(let key):
            var statistics = tcp.connections[key].statistics(network.tcp, network.now)
            statistics.pathMTU = try pathMTU(of: id) ?? 0
            return statistics
        default:
            return StreamStatistics(.closed)
        }
    }
}

extension Connection {
    fileprivate func statistics(
        _ configuration: TCPConfiguration, _ now: Instant
    ) -> StreamStatistics {
        var statistics = StreamStatistics(state)
        if flags.contains(.recovering) {
            statistics.recovery = flags.contains(.timedOut) ? .loss : .recovery
        } else if duplicateAcks > 0 {
            statistics.recovery = .disorder
        }
        statistics.backoff = roundTrip.backoff
        statistics.probes = probes
        statistics.usesTimestamps = flags.contains(.timestamps)
        statistics.usesSelectiveAcks = flags.contains(.selectiveAcks)
        statistics.scalesWindows = flags.contains(.windowScaling)
        statistics.sendScale = sendScale
        statistics.receiveScale = flags.contains(.windowScaling) ? receiveScale : 0
        statistics.retransmissionTimeout = roundTrip.timeout(configuration)
        statistics.acknowledgmentDelay = configuration.delayedAck
        statistics.segmentSize = Int(segmentSize)
        statistics.peerSegmentSize = Int(peerSegmentSize)
        statistics.announcedSegmentSize = Int(announcedSegmentSize)
        statistics.flight = Int(send.flight)
        statistics.selectivelyAcknowledged = Int(scoreboard.count(from: send.una, to: send.max))
        statistics.sinceHeard = now - lastHeard
        statistics.roundTrip = .microseconds(Int(roundTrip.smoothed))
        statistics.roundTripVariation = .microseconds(Int(roundTrip.variation))
        statistics.congestionWindow = Int(congestion.window)
        statistics.slowStartThreshold = Int(congestion.slowStartThreshold)
        statistics.unsent = max(0, send.max.distance(to: queueEnd))
        statistics.peerWindow = Int(send.wnd)
        statistics.window = max(0, receive.nxt.distance(to: receive.edge))
        statistics.counters = carried
        return statistics
    }
}
