import Devices
import Glibc
import Stack
import Synchronization

/// Waiting for the members of a set.
extension ReadySet {
    /// Waits until a member is ready, as long as `limit` at most, nil for ever; what is ready, at
    /// most `count` members, in turn: nothing when the time is over. Linux's `epoll_wait`.
    ///
    /// - Throws: `EINVAL` when `count` is below 1; `EDEADLK` where all members are of a simulation,
    ///   whose only thread it would block.
    public func wait(
        atMost count: Int, for limit: Duration?
    ) throws(SocketError) -> [Event] {
        try Self.check(count)
        let deadline = limit.map { MonotonicClock.now() + Interval($0) } ?? .never
        var events = queue.take(count)
        while events.isEmpty, limit != .zero {
            if queue.isSimulated { throw SocketError(EDEADLK, in: "epoll_wait") }
            events = queue.sleep(count, until: deadline)
            if events.isEmpty { events = queue.take(count) }
            if deadline <= MonotonicClock.now() { break }
        }
        return events
    }

    /// Waits until a member is ready; what is ready, at most `count` members, in turn.
    ///
    /// - Throws: `EINVAL` when `count` is below 1, `ECANCELED` when the task is cancelled, `ETIMEDOUT` at its deadline.
    public func wait(atMost count: Int) async throws(SocketError) -> [Event] {
        try Self.check(count)
        while true {
            let events = queue.take(count)
            if !events.isEmpty { return events }
            try await queue.suspend()
        }
    }

    /// What is ready at this moment, one member; nil when none is.
    public func next() -> Event? { queue.take(1).first }

    private static func check(_ count: Int) throws(SocketError) {
        guard count > 0 else { throw SocketError(EINVAL, in: "epoll_wait") }
    }
}
