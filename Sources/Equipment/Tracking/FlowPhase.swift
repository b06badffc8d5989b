import Stack

/// How far a flow has come, which decides how long it is remembered in silence.
///
/// In the order in which flows make room for others in a full table: what matters least first.
public enum FlowPhase: UInt8, CaseIterable, Sendable {
    /// Denied by the table's owner, who is not asked again for a while.
    case refused
    /// TCP: a reset ended it.
    case reset
    /// TCP: both sides are closed, and know it.
    case timeWait
    /// An ICMP query or reply.
    case query
    /// Datagrams one way only.
    case unanswered
    /// TCP: a SYN without answer.
    case synSent
    /// TCP: both sides are closed, and one may not know.
    case lastAck
    /// TCP: a SYN and its answer.
    case synReceived
    /// TCP: one side is closed, and the other knows.
    case closeWait
    /// TCP: one side is closed.
    case finWait
    /// A protocol that is not understood.
    case other
    /// Datagrams both ways.
    case answered
    /// TCP: both sides have acknowledged the other's SYN.
    case established

    /// Whether a new flow may take this one's place.
    var makesRoom: Bool { self != .established }
}

/// How long flows are remembered when nothing of them is seen, by phase.
public struct TrackingTimes: Sendable {
    private var intervals: [Interval]

    private init(seconds: [Int]) { intervals = seconds.map { .seconds($0) } }

    /// What Linux has (net.netfilter.nf_conntrack_*).
    public static var linux: TrackingTimes {
        TrackingTimes(seconds: [10, 10, 120, 30, 30, 120, 30, 60, 60, 120, 600, 120, 432_000])
    }

    /// The least that the RFCs ask of a NAT: 4 minutes where TCP opens or closes, 2 hours 4 minutes
    /// where it is open (RFC 5382 §5, RFC 7857 §2), 2 minutes for UDP (RFC 4787 §4.3), 60 s for ICMP
    /// (RFC 5508 §3.2).
    public static var translator: TrackingTimes {
        TrackingTimes(seconds: [10, 240, 240, 60, 120, 240, 240, 240, 7_440, 240, 600, 120, 7_440])
    }

    public subscript(phase: FlowPhase) -> Interval {
        get { intervals[Int(phase.rawValue)] }
        set { intervals[Int(phase.rawValue)] = newValue }
    }
}
