import Stack

/// A line that takes one packet after the other at a fixed rate, with a bounded queue before it.
struct Line: Sendable {
    private let bitsPerSecond: Int64
    /// How long the line takes for a full queue.
    private let longestWait: Interval
    private var busyUntil = Instant(nanoseconds: .min)
    /// What rounding to nanoseconds left over, in units of 1/`bitsPerSecond` nanoseconds.
    private var remainder: Int64 = 0

    init(_ rate: BitRate, queueLimit: Int) {
        bitsPerSecond = rate.bitsPerSecond
        let full = UInt64(max(0, queueLimit)).multipliedFullWidth(by: 8_000_000_000)
        let divisor = UInt64(bitsPerSecond)
        let wait =
            full.high < divisor ? divisor.dividingFullWidth(full).quotient : UInt64(Int64.max)
        longestWait = Interval(nanoseconds: Int64(clamping: wait))
    }

    /// When the last bit of a packet that comes at `now` has left; nil when the queue has no room.
    mutating func admit(_ byteCount: Int, at now: Instant) -> Instant? {
        if busyUntil <= now {
            busyUntil = now
            remainder = 0
        }
        // Packets are below 2²⁰ bytes, so that the product stays below 2⁵³.
        let total = Int64(byteCount) &* 8_000_000_000 &+ remainder
        let done = busyUntil + Interval(nanoseconds: total / bitsPerSecond)
        guard busyUntil == now || done - now <= longestWait else { return nil }
        busyUntil = done
        remainder = total % bitsPerSecond
        return done
    }
}
