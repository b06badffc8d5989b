import CLinux

/// The time of day: `CLOCK_REALTIME`.
public enum WallClock {
    /// Seconds since 1 January 1970 UTC, and nanoseconds of the current one.
    public static func now() -> (seconds: Int, nanoseconds: Int) {
        let time = Int(clinux_wall_time())
        return (time / 1_000_000_000, time % 1_000_000_000)
    }
}
