import Devices
import Stack

/// The clock of a network: what its programs sleep on and measure time with.
///
///     try await network.clock.sleep(for: .seconds(30))
///
/// That of a simulation is virtual. Only child tasks of the program that it runs (`async let`, task
/// groups) live in its time: `Task {}`, `Task.detached` and `Task.sleep` leave it.
public struct NetworkClock: Clock, Sendable {
    public typealias Instant = Stack.Instant

    private enum Source: Sendable {
        case system
        case agenda(Agenda)
    }

    private let source: Source

    private init(_ source: Source) { self.source = source }

    /// The system's monotonic clock.
    public static var system: NetworkClock { NetworkClock(.system) }

    init(_ agenda: Agenda) { self.init(.agenda(agenda)) }

    /// This moment.
    public var now: Instant {
        switch source {
        case .system: MonotonicClock.now()
        case .agenda(let agenda): agenda.time.now
        }
    }

    public var minimumResolution: Duration { .nanoseconds(1) }

    /// Suspends the task until `deadline`.
    ///
    /// - Parameter tolerance: How much later it may wake up; virtual time is exact.
    /// - Throws: `CancellationError` when the task is cancelled before.
    public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        switch source {
        case .system:
            let left = Duration(deadline - MonotonicClock.now())
            try await Task.sleep(
                for: max(left, Duration.zero), tolerance: tolerance, clock: .suspending)
        case .agenda(let agenda): try await agenda.sleep(until: deadline)
        }
    }
}

extension Stack.Instant: InstantProtocol {
    public func advanced(by duration: Duration) -> Stack.Instant { self + Interval(duration) }

    public func duration(to other: Stack.Instant) -> Duration { Duration(other - self) }
}

extension NetworkClock {
    /// Does something that may take as long as `limit`; then it is cancelled.
    ///
    /// - Throws: `ETIMEDOUT` when it was not done in time; what `body` throws.
    public func within<Result: Sendable>(
        _ limit: Duration, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await sleep(until: now + Interval(limit))
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let result = first else {
                throw SocketError(StackError.timedOut.code, in: "within")
            }
            return result
        }
    }
}
