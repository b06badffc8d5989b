import Memory
import Stack

/// A line that takes one packet after the other at a fixed rate, with a bounded queue before it.
struct Line: ~Copyable {
    private let bitsPerSecond: Int64
    /// How long the line takes for a full queue.
    private let longestWait: Interval
    /// How many packets the queue holds; nil where that does not matter.
    private let packetLimit: Int?
    private let overhead: Int
    private var busyUntil = Instant(nanoseconds: .min)
    /// What rounding to nanoseconds left over, in units of 1/`bitsPerSecond` nanoseconds.
    private var remainder: Int64 = 0
    /// When each packet in the queue will have left, where packets are counted.
    private var departures = Ring<Instant>()

    /// - Parameters:
    ///   - queueLimit: In bytes.
    ///   - packetLimit: In packets.
    ///   - overhead: Bytes that each packet costs beside its own: 0 to 65,535.
    init(_ rate: BitRate, queueLimit: Int, packetLimit: Int? = nil, overhead: Int = 0) {
        bitsPerSecond = rate.bitsPerSecond
        self.packetLimit = packetLimit
        self.overhead = min(max(0, overhead), 65535)
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
        forgetDepartures(before: now)
        // Packets are below 2²⁰ bytes, so that the product stays below 2⁵³.
        let total = Int64(byteCount &+ overhead) &* 8_000_000_000 &+ remainder
        let done = busyUntil + Interval(nanoseconds: total / bitsPerSecond)
        guard busyUntil == now || done - now <= longestWait && hasRoom else { return nil }
        busyUntil = done
        remainder = total % bitsPerSecond
        if packetLimit != nil { departures.append(done) }
        return done
    }

    /// Whether fewer packets than the limit are in the queue.
    private var hasRoom: Bool {
        guard let packetLimit else { return true }
        return departures.count < packetLimit
    }

    private mutating func forgetDepartures(before now: Instant) {
        while !departures.isEmpty, departures[0] <= now { _ = departures.popFirst() }
    }
}
