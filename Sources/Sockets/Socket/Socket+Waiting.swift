import Devices
import Glibc
import Stack
import Synchronization

/// Calls that wait: each tries, and where it would block it waits until the socket is ready. The
/// look at the socket and the entry in the list of who waits are one critical section, so that no
/// readiness is missed.
extension Socket {
    /// Tries `body` until it does not say `EAGAIN`, blocking the thread between.
    func blocking<Result>(
        _ name: String, until events: Readiness,
        _ body: (inout Host) throws(StackError) -> Result
    ) throws(SocketError) -> Result {
        let deadline = deadline(for: events)
        while true {
            do throws(SocketError) {
                return try call(name, body)
            } catch {
                guard error.isWouldBlock else { throw error }
            }
            try waitUntilReady(events, name, deadline)
        }
    }

    /// Tries `body` until it does not say `EAGAIN`, suspending the task between.
    ///
    /// A task that is cancelled gets `ECANCELED`.
    func suspending<Result>(
        _ name: String, until events: Readiness,
        _ body: (inout Host) throws(StackError) -> Result
    ) async throws(SocketError) -> Result {
        while true {
            do throws(SocketError) {
                return try call(name, body)
            } catch {
                guard error.isWouldBlock else { throw error }
            }
            try await suspendUntilReady(events, name)
        }
    }

    /// Waits until the socket is ready for one of `events`, has an error or is hung up; what it is
    /// ready for then. POSIX `poll` on one socket.
    ///
    /// - Throws: `EBADF` once closed, `ECANCELED` when the task is cancelled.
    @discardableResult
    public func wait(for events: Readiness) async throws(SocketError) -> Readiness {
        while true {
            let ready = try readiness
            if !ready.isDisjoint(with: events.union([.error, .hangup])) { return ready }
            try await suspendUntilReady(events, "poll")
        }
    }

    /// Waits until the socket is ready for one of `events`, has an error or is hung up, as long as
    /// `limit` at most, nil for ever; what it is ready for then. POSIX `poll` on one socket.
    ///
    /// - Throws: `EBADF` once closed, `EAGAIN` when the time is over.
    @discardableResult
    public func wait(
        for events: Readiness, atMost limit: Duration?
    ) throws(SocketError) -> Readiness {
        let deadline = limit.map { MonotonicClock.now() + Interval($0) } ?? .never
        while true {
            let ready = try readiness
            if !ready.isDisjoint(with: events.union([.error, .hangup])) { return ready }
            try waitUntilReady(events, "poll", deadline)
        }
    }

    /// Blocks the thread until one of `events`, an error or `deadline`.
    ///
    /// - Throws: `EAGAIN` at the deadline.
    func waitUntilReady(
        _ events: Readiness, _ name: String, _ deadline: Instant
    ) throws(SocketError) {
        let parker = Parker()
        guard let id = register(events, .thread(parker)) else { return }
        guard parker.park(until: deadline) else {
            forget(id)
            throw SocketError(EAGAIN, in: name)
        }
    }

    /// Suspends the task until one of `events`, an error or its cancellation.
    ///
    /// - Throws: `ECANCELED` when the task is cancelled.
    func suspendUntilReady(_ events: Readiness, _ name: String) async throws(SocketError) {
        let slot = CancellationSlot()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard let id = register(events, .task(continuation)) else {
                    continuation.resume()
                    return
                }
                // Cancelled between the registration and now: nobody else will wake it.
                if slot.fill(id) { forget(id)?.resume([]) }
            }
        } onCancel: {
            if let id = slot.cancel() { forget(id)?.resume([]) }
        }
        if slot.isCancelled { throw SocketError(ECANCELED, in: name) }
    }

    /// Enters somebody who waits; nil when the socket is ready already, or closed.
    private func register(_ events: Readiness, _ wake: Waiter.Wake) -> WaitID? {
        let endpoint = endpoint
        return host.withCore { core in
            // Nothing will ever happen to a socket that was made after the host was stopped.
            if core.isStopping { try? core.host.close(endpoint) }
            let ready = (try? core.host.readiness(of: endpoint)) ?? .everything
            guard ready.isDisjoint(with: events.union([.error, .hangup])) else { return nil }
            let id = core.waiters.nextID()
            core.waiters.add(Waiter(id: id, events: events, wake: wake), to: endpoint)
            return id
        }
    }

    @discardableResult
    private func forget(_ id: WaitID) -> Waiter? {
        let endpoint = endpoint
        return host.withCore { core in core.waiters.remove(id, from: endpoint) }
    }
}

/// Where a task that waits and whoever cancels it meet, whichever comes first.
private final class CancellationSlot: Sendable {
    private let state = Mutex((id: WaitID?.none, isCancelled: false))

    /// Notes who waits; whether the task was cancelled before.
    func fill(_ id: WaitID) -> Bool {
        state.withLock { state in
            state.id = id
            return state.isCancelled
        }
    }

    /// Notes the cancellation; who waits, if anybody does yet.
    func cancel() -> WaitID? {
        state.withLock { state in
            state.isCancelled = true
            return state.id
        }
    }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }
}

extension SocketError {
    /// Whether the call would have had to wait.
    public var isWouldBlock: Bool { code == EAGAIN }
}
