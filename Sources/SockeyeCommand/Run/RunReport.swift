import Stack
import Wire

/// What happened on a program's host: its connections, its datagrams, its link.
struct RunReport {
    struct Connection: Equatable {
        var program: String
        var local: String
        var remote: String
        /// `ESTABLISHED` and its like while it lasts; then how it ended: `closed`, `reset`, `reset by
        /// peer`, `refused`, `timed out`, `unreachable`, `given up` by the program.
        var state: String
        /// Since the start of the run.
        var start: Interval
        var duration: Interval
        /// Bytes of the stream that the peer acknowledged, and that came.
        var sentBytes: UInt64
        var receivedBytes: UInt64
        var sentPackets: UInt64
        var receivedPackets: UInt64
        var retransmissions: UInt64
        /// SRTT and the shortest measurement; zero before the first.
        var roundTrip: Interval
        var shortestRoundTrip: Interval
    }

    struct Datagrams: Equatable {
        var program: String
        var proto: String
        var local: String
        var remote: String
        var start: Interval
        var duration: Interval
        /// IP packets and their bytes.
        var sent: LinkTally.Amount
        var received: LinkTally.Amount
    }

    struct Drop: Equatable {
        var reason: String
        var count: UInt64
    }

    var duration: Interval
    var connections: [Connection]
    var datagrams: [Datagrams]
    /// What the link carried, in IP packets and their bytes.
    var sent: LinkTally.Amount
    var received: LinkTally.Amount
    var drops: [Drop]
    /// Connections and flows that are not listed, since there were too many.
    var missed: UInt64

    init(
        _ connections: [RunStatistics.Connection], _ link: LinkTally.State,
        hostDrops: (DropReason) -> UInt64,
        missed: UInt64, from start: Instant, to end: Instant
    ) {
        duration = end - start
        self.connections = connections.map { Connection($0, from: start, to: end) }
        datagrams = link.flows.filter { $0.key.proto != .tcp }
            .sorted { Self.order($0, $1) }
            .map { Datagrams($0.key, $0.value, from: start) }
        sent = link.sent
        received = link.received
        self.missed = missed &+ link.missed
        let byLink = link.drops.map { Drop(reason: $0.key, count: $0.value) }
        let byHost = DropReason.allCases.compactMap { reason -> Drop? in
            let count = hostDrops(reason)
            guard count > 0 else { return nil }
            return Drop(reason: "dropped by the host: \(reason.words)", count: count)
        }
        drops = byLink.sorted { $0.reason < $1.reason } + byHost
    }

    private static func order(
        _ a: (key: LinkTally.Key, value: LinkTally.Flow),
        _ b: (key: LinkTally.Key, value: LinkTally.Flow)
    ) -> Bool {
        a.value.first != b.value.first
            ? a.value.first < b.value.first : "\(a.key)" < "\(b.key)"
    }
}

extension RunReport.Connection {
    init(_ connection: RunStatistics.Connection, from start: Instant, to end: Instant) {
        let record = connection.record
        program = connection.program ?? "-"
        local = "\(record.local)"
        remote = "\(record.remote)"
        state = Self.word(for: record)
        self.start = max(.zero, record.opened - start)
        duration = (record.ended ?? end) - record.opened
        sentBytes = record.counters.bytesAcknowledged
        receivedBytes = record.counters.bytesReceived
        sentPackets = UInt64(record.counters.segmentsSent)
        receivedPackets = UInt64(record.counters.segmentsReceived)
        retransmissions = UInt64(record.counters.segmentsSentAgain)
        roundTrip = record.roundTrip
        shortestRoundTrip = record.shortestRoundTrip
    }

    private static func word(for record: ConnectionRecord) -> String {
        guard record.ended != nil else { return record.state.name }
        switch record.error {
        case .connectionRefused: return "refused"
        case .timedOut: return "timed out"
        case .hostUnreachable, .networkUnreachable: return "unreachable"
        case .connectionReset: return "reset by peer"
        case .some: return "failed"
        case nil where record.endedInOrder || record.state == .timeWait: return "closed"
        // Nobody had answered yet.
        case nil where record.counters.segmentsReceived == 0: return "given up"
        case nil: return "reset"
        }
    }
}

extension RunReport.Datagrams {
    init(_ key: LinkTally.Key, _ flow: LinkTally.Flow, from start: Instant) {
        program = flow.program ?? "-"
        switch key.proto {
        case .udp: proto = "udp"
        case .icmp: proto = "icmp"
        case .icmpv6: proto = "icmpv6"
        default: proto = "\(key.proto.rawValue)"
        }
        let hasPorts = key.proto == .udp
        local = hasPorts ? "\(key.local)" : "\(key.local.address)"
        remote = hasPorts ? "\(key.remote)" : "\(key.remote.address)"
        self.start = max(.zero, flow.first - start)
        duration = flow.last - flow.first
        sent = flow.sent
        received = flow.received
    }
}
