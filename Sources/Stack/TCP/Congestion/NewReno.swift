/// Slow start and congestion avoidance (RFC 5681 §3.1), counted in bytes (RFC 3465).
struct NewReno: Sendable {
    private(set) var window: UInt32
    private(set) var slowStartThreshold: UInt32 = .max
    /// Bytes acknowledged since the window last grew, in congestion avoidance.
    private var credit: UInt32 = 0

    /// The largest window: that of the largest window scale.
    private static var limit: UInt32 { 1 << 30 }

    init(initialWindow: UInt32) { window = initialWindow }

    mutating func acknowledged(_ bytes: UInt32, mss: UInt32) {
        if window < slowStartThreshold {
            // A merged acknowledgment stands for many: the whole of it counts, as in Linux.
            window = min(window &+ bytes, max(slowStartThreshold, window), Self.limit)
            return
        }
        credit = min(credit &+ bytes, Self.limit)
        while credit >= window, window < Self.limit {
            credit &-= window
            window &+= mss
        }
    }

    mutating func lost(flight: UInt32, mss: UInt32) {
        slowStartThreshold = max(flight / 2, 2 &* mss)
        window = slowStartThreshold
        credit = 0
    }

    /// - Parameter isFirst: Whether the timer expires for the first time for this data; again, it
    ///   leaves the threshold alone (RFC 5681 §3.1).
    mutating func timedOut(flight: UInt32, mss: UInt32, isFirst: Bool) {
        if isFirst { slowStartThreshold = max(flight / 2, 2 &* mss) }
        window = mss
        credit = 0
    }
}
