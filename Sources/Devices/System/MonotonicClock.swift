import Glibc
import Stack

/// Time that never runs backwards: `CLOCK_MONOTONIC`.
public enum MonotonicClock {
    /// This moment, in nanoseconds since a start that the system chose.
    public static func now() -> Instant {
        var time = timespec()
        // The call fills the local structure and keeps no pointer to it.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }
}
