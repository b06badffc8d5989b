import Devices
import Glibc
import Sockets
import Stack

extension NetworkClock {
    /// Runs `body`, and cancels it at `deadline`.
    ///
    /// - Throws: What `body` throws; `EAGAIN` at the deadline, `ECANCELED` when the task is
    ///   cancelled.
    func run(
        until deadline: Instant,
        _ body: @escaping @Sendable () async throws(SocketError) -> Void
    ) async throws(SocketError) {
        let end = await withTaskGroup(of: Result<Void, SocketError>.self) { group in
            group.addTask {
                do throws(SocketError) {
                    try await body()
                    return .success(())
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                // A sleep that is cut short ends the race as well: it is over then.
                try? await sleep(until: deadline)
                return .failure(SocketError(EAGAIN, in: "poll"))
            }
            let first = await group.next()
            group.cancelAll()
            return first
        }
        if Task.isCancelled { throw SocketError(ECANCELED, in: "poll") }
        try end?.get()
    }
}

extension SocketError {
    /// Whether the task was cancelled.
    var isCancellation: Bool { code == ECANCELED }
}
