import Glibc
import Stack

/// The deadlines that a task has set itself, the outermost first.
enum TaskDeadlines {
    @TaskLocal static var current: [Suspension.Limit] = []
}

extension NetworkClock {
    /// Runs `body`, in which no call waits longer than until `deadline`: calls of sockets, sets and
    /// polls that would, also in its child tasks, fail with `ETIMEDOUT`. What need not wait goes on
    /// as before.
    ///
    ///     let count = try await network.clock.withDeadline(network.clock.now + .seconds(5)) {
    ///         try await socket.receive(into: &buffer)
    ///     }
    ///
    /// Within others the earliest deadline counts.
    ///
    /// - Throws: What `body` throws.
    public func withDeadline<Result, Failure: Error>(
        _ deadline: Instant, isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        let limit = Suspension.Limit(moment: deadline, clock: self, code: ETIMEDOUT)
        var outcome: Swift.Result<Result, Failure>?
        await TaskDeadlines.$current.withValue(TaskDeadlines.current + [limit]) {
            do throws(Failure) {
                outcome = .success(try await body())
            } catch {
                outcome = .failure(error)
            }
        }
        guard let outcome else { preconditionFailure("the body ran") }
        return try outcome.get()
    }

    /// Runs `body`, in which calls that wait longer than `limit` in all fail with `ETIMEDOUT`.
    ///
    /// - Throws: What `body` throws.
    public func withTimeout<Result, Failure: Error>(
        _ limit: Duration, isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        try await withDeadline(now.advanced(by: limit), isolation: isolation, body)
    }
}
