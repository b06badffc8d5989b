import Devices
import Stack
import Synchronization

/// Whose time a network lives in: the system's, or a simulation's.
public enum NetworkTime: Sendable {
    /// `CLOCK_MONOTONIC`.
    case system
    /// Time that moves only when a simulation moves it.
    case simulated(VirtualTime)

    /// This moment.
    @inline(__always)
    public func now() -> Instant {
        switch self {
        case .system: MonotonicClock.now()
        case .simulated(let time): time.now
        }
    }
}

/// The time of a simulation, which begins at zero.
public final class VirtualTime: Sendable {
    private let nanoseconds = Atomic<Int64>(0)

    init() {}

    /// This moment.
    public var now: Instant { Instant(nanoseconds: nanoseconds.load(ordering: .relaxed)) }

    /// Moves time on to `moment`, or leaves it where that is past.
    func advance(to moment: Instant) {
        if moment > now { nanoseconds.store(moment.nanoseconds, ordering: .relaxed) }
    }
}
