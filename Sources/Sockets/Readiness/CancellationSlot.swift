import Synchronization

/// Where a task that waits and whoever cancels it meet, whichever comes first.
final class CancellationSlot<ID: Sendable>: Sendable {
    private let state = Mutex((id: ID?.none, isCancelled: false))

    /// Notes who waits; whether the task was cancelled before.
    func fill(_ id: ID) -> Bool {
        state.withLock { state in
            state.id = id
            return state.isCancelled
        }
    }

    /// Notes the cancellation; who waits, if anybody does yet.
    func cancel() -> ID? {
        state.withLock { state in
            state.isCancelled = true
            return state.id
        }
    }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }
}
