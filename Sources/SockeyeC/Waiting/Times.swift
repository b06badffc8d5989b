import Devices
import Glibc
import Sockets
import Stack

/// How long C wants to wait.
///
/// - Throws: `EINVAL` for less than nothing, and for a second's parts that are more than one.
func interval(_ time: timespec, in call: String) throws(SocketError) -> Interval {
    guard time.tv_sec >= 0, (0..<1_000_000_000).contains(time.tv_nsec) else {
        throw SocketError(EINVAL, in: call)
    }
    // Longer than any wait lasts.
    let seconds = min(time.tv_sec, 1_000_000_000)
    return .seconds(seconds) + Interval(nanoseconds: Int64(time.tv_nsec))
}

/// When a wait that begins now ends.
func deadline(_ time: UnsafePointer<timespec>?, in call: String) throws(SocketError) -> Instant {
    guard let time = unsafe time else { return .never }
    return MonotonicClock.now() + (try interval(unsafe time.pointee, in: call))
}

/// What is left until a moment.
func timeLeft(until deadline: Instant) -> timespec {
    let left = max(0, (deadline - MonotonicClock.now()).nanoseconds)
    return timespec(tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
}
