import Glibc

/// The time of day: `CLOCK_REALTIME`.
public enum WallClock {
    /// Seconds since 1 January 1970 UTC, and nanoseconds of the current one.
    public static func now() -> (seconds: Int, nanoseconds: Int) {
        var time = timespec()
        // The call fills the local structure and keeps no pointer to it.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return (time.tv_sec, time.tv_nsec)
    }
}
