/// How much may be in flight: one of the algorithms, as a value.
///
/// Loss detection says when something was lost, recovery what is sent again; this room only keeps
/// the congestion window.
enum CongestionControl: Sendable {
    case newReno(NewReno)

    init(initialWindow: UInt32) { self = .newReno(NewReno(initialWindow: initialWindow)) }

    /// cwnd, in bytes.
    var window: UInt32 {
        switch self {
        case .newReno(let reno): reno.window
        }
    }

    /// ssthresh, in bytes.
    var slowStartThreshold: UInt32 {
        switch self {
        case .newReno(let reno): reno.slowStartThreshold
        }
    }

    /// `bytes` of new data were acknowledged outside recovery; `isLimited` when the window, and
    /// not the application, was what held back the sender (RFC 7661 §4).
    mutating func acknowledged(_ bytes: UInt32, mss: UInt32, isLimited: Bool) {
        guard isLimited else { return }
        switch self {
        case .newReno(var reno):
            reno.acknowledged(bytes, mss: mss)
            self = .newReno(reno)
        }
    }

    /// Duplicate acknowledgments told of a loss while `flight` bytes were out.
    mutating func lost(flight: UInt32, mss: UInt32) {
        switch self {
        case .newReno(var reno):
            reno.lost(flight: flight, mss: mss)
            self = .newReno(reno)
        }
    }

    /// The retransmission timer told of a loss.
    mutating func timedOut(flight: UInt32, mss: UInt32, isFirst: Bool) {
        switch self {
        case .newReno(var reno):
            reno.timedOut(flight: flight, mss: mss, isFirst: isFirst)
            self = .newReno(reno)
        }
    }
}
