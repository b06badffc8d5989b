import Glibc
import Stack
import Synchronization

/// The one way in which calls suspend a task: until somebody wakes it, the task is cancelled, its
/// deadline comes, or the call's own limit.
enum Suspension {
    /// Until when a call waits at most, on the clock of its network.
    struct Limit: Sendable {
        let moment: Instant
        let clock: NetworkClock
        /// What the call fails with then.
        let code: CInt
    }

    /// - Parameters:
    ///   - limit: The call's own, beside those of the task.
    ///   - enter: Enters the continuation with whoever is to resume it; where it returns nil, it has
    ///     resumed it already.
    ///   - leave: Takes out, and resumes, who was entered and not told yet.
    /// - Throws: `ECANCELED` when the task is cancelled, `ETIMEDOUT` at its deadline, what `limit`
    ///   says.
    static func wait<ID: Sendable>(
        in call: String, limit: Limit? = nil,
        enter: @Sendable (CheckedContinuation<Void, Never>) -> ID?,
        leave: @escaping @Sendable (ID) -> Void
    ) async throws(SocketError) {
        let slot = CancellationSlot<ID>()
        var limits = TaskDeadlines.current
        if let limit, limit.moment != .never { limits.append(limit) }
        if limits.isEmpty {
            await sleep(slot, enter, leave)
        } else {
            await withTaskGroup(of: Void.self) { group in
                for limit in limits {
                    group.addTask {
                        do {
                            try await limit.clock.sleep(until: limit.moment)
                        } catch {
                            return
                        }
                        if let id = slot.cancel(limit.code) { leave(id) }
                    }
                }
                await sleep(slot, enter, leave)
                group.cancelAll()
            }
        }
        if let code = slot.code { throw SocketError(code, in: call) }
    }

    private static func sleep<ID: Sendable>(
        _ slot: CancellationSlot<ID>, _ enter: @Sendable (CheckedContinuation<Void, Never>) -> ID?,
        _ leave: @escaping @Sendable (ID) -> Void
    ) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard let id = enter(continuation) else { return }
                // Cancelled between the entry and now: nobody else will wake it.
                if slot.fill(id) { leave(id) }
            }
        } onCancel: {
            if let id = slot.cancel(ECANCELED) { leave(id) }
        }
    }
}

/// Where a task that waits and whoever ends its wait early meet, whichever comes first.
private final class CancellationSlot<ID: Sendable>: Sendable {
    private let state = Mutex((id: ID?.none, code: CInt?.none))

    /// Notes who waits; whether the wait was ended before.
    func fill(_ id: ID) -> Bool {
        state.withLock { state in
            state.id = id
            return state.code != nil
        }
    }

    /// Ends the wait with an error; who waits, if anybody does yet.
    func cancel(_ code: CInt) -> ID? {
        state.withLock { state in
            // Who cancels a task is heard before its timers.
            if state.code == nil || code == ECANCELED { state.code = code }
            return state.id
        }
    }

    /// The error with which the wait was ended; nil where it was not.
    var code: CInt? { state.withLock { $0.code } }
}
