import Glibc

/// CLOCK_MONOTONIC, in nanoseconds.
enum MonotonicClock {
    static var now: Int64 {
        var time = timespec()
        // The structure is ours for the time of the call.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
