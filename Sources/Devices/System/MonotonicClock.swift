import CLinux
import Stack

/// Time that never runs backwards: `CLOCK_MONOTONIC`.
public enum MonotonicClock {
    /// This moment, in nanoseconds since a start that the system chose.
    public static func now() -> Instant { Instant(nanoseconds: clinux_monotonic_time()) }
}
