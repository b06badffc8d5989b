/// A length of time in nanoseconds, which may be negative.
@frozen
public struct Interval: Hashable, Comparable, Sendable {
    public var nanoseconds: Int64

    @inlinable
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    @inlinable public static var zero: Interval { Interval(nanoseconds: 0) }

    @inlinable
    public static func nanoseconds(_ count: Int) -> Interval {
        Interval(nanoseconds: Int64(count))
    }

    @inlinable
    public static func microseconds(_ count: Int) -> Interval {
        Interval(nanoseconds: Int64(count) &* 1_000)
    }

    @inlinable
    public static func milliseconds(_ count: Int) -> Interval {
        Interval(nanoseconds: Int64(count) &* 1_000_000)
    }

    @inlinable
    public static func seconds(_ count: Int) -> Interval {
        Interval(nanoseconds: Int64(count) &* 1_000_000_000)
    }

    /// Whole milliseconds, rounded towards zero.
    @inlinable public var milliseconds: Int64 { nanoseconds / 1_000_000 }
    /// Whole microseconds, rounded towards zero.
    @inlinable public var microseconds: Int64 { nanoseconds / 1_000 }

    @inlinable
    public static func < (left: Interval, right: Interval) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    @inlinable
    public static func + (left: Interval, right: Interval) -> Interval {
        Interval(nanoseconds: left.nanoseconds &+ right.nanoseconds)
    }

    @inlinable
    public static func - (left: Interval, right: Interval) -> Interval {
        Interval(nanoseconds: left.nanoseconds &- right.nanoseconds)
    }

    @inlinable
    public static func * (left: Interval, right: Int) -> Interval {
        Interval(nanoseconds: left.nanoseconds &* Int64(right))
    }

    @inlinable
    public static func / (left: Interval, right: Int) -> Interval {
        Interval(nanoseconds: left.nanoseconds / Int64(right))
    }
}
