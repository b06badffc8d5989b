import Synchronization

/// The places of a service: whoever wants one waits until it is free.
final class ServiceSlots: Sendable {
    private struct State {
        var free: Int
        var waiter: CheckedContinuation<Void, Never>?
        var isCancelled = false
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: max(1, count))) }

    /// Takes a place, waiting for it if need be; false once the task is cancelled. Only one task
    /// may ask at a time: the one that accepts.
    func take() async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.free > 0 || state.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            wake { $0.isCancelled = true }
        }
        return state.withLock { state in
            guard !state.isCancelled, state.free > 0 else { return false }
            state.free -= 1
            return true
        }
    }

    /// Gives a place back.
    func give() { wake { $0.free += 1 } }

    private func wake(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state in
            change(&state)
            return state.waiter.take()
        }
        waiter?.resume()
    }
}
