/// A moment, in nanoseconds since a start that the caller chose: a monotonic clock's, or that of a
/// simulation.
///
/// A plain integer, because a smoothed round-trip time is updated with every ACK.
@frozen
public struct Instant: Hashable, Comparable, Sendable {
    public var nanoseconds: Int64

    @inlinable
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The start.
    @inlinable public static var zero: Instant { Instant(nanoseconds: 0) }
    /// Later than everything: never.
    @inlinable public static var never: Instant { Instant(nanoseconds: .max) }

    @inlinable
    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The moment `interval` later; `never` where the sum leaves the range.
    @inlinable
    public static func + (left: Instant, right: Interval) -> Instant {
        let (sum, overflow) = left.nanoseconds.addingReportingOverflow(right.nanoseconds)
        return overflow ? .never : Instant(nanoseconds: sum)
    }

    @inlinable
    public static func - (left: Instant, right: Interval) -> Instant {
        Instant(nanoseconds: left.nanoseconds &- right.nanoseconds)
    }

    @inlinable
    public static func - (left: Instant, right: Instant) -> Interval {
        Interval(nanoseconds: left.nanoseconds &- right.nanoseconds)
    }
}
