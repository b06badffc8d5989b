import Devices
import Glibc
import Stack
import Synchronization

/// Calls that wait: each tries, and where it would block it waits until the socket is ready.
extension Socket {
    /// Tries `body` until it does not say `EAGAIN`, blocking the thread between.
    func blocking<Result>(
        _ name: String, until events: Readiness, _ flags: MessageFlags = [],
        _ body: () throws(SocketError) -> Result
    ) throws(SocketError) -> Result {
        let deadline = deadline(for: events)
        while true {
            do throws(SocketError) {
                return try body()
            } catch {
                guard mayWait(after: error, flags) else { throw error }
            }
            try block(until: awaited(events), deadline, in: name)
        }
    }

    /// Tries `body` until it does not say `EAGAIN`, suspending the task between.
    ///
    /// A task that is cancelled gets `ECANCELED`.
    func suspending<Result>(
        _ name: String, until events: Readiness, _ flags: MessageFlags = [],
        _ body: () throws(SocketError) -> Result
    ) async throws(SocketError) -> Result {
        while true {
            do throws(SocketError) {
                return try body()
            } catch {
                guard mayWait(after: error, flags) else { throw error }
            }
            try await suspendUntilReady(awaited(events), name)
        }
    }

    /// What a call waits for that found no room: within a host it may be room at somebody who is no
    /// peer, of which `poll` knows nothing.
    private func awaited(_ events: Readiness) -> Readiness {
        guard events == .writable, case .local = kind, backing is HostEndpoint else {
            return events
        }
        return .room
    }

    /// Blocks the thread until the socket may be ready for one of `events`: whoever calls it tries
    /// again. A signal ends the wait of a socket that is interruptible.
    ///
    /// - Throws: `EAGAIN` at `deadline`, `EINTR`, `EDEADLK`.
    func block(
        until events: Readiness, _ deadline: Instant, in call: String
    ) throws(SocketError) {
        do throws(SocketError) {
            try backing.block(until: events, deadline, in: call)
        } catch {
            guard error.code == EINTR, !isInterruptible else { throw error }
        }
    }

    /// Whether a call that met `error` is to wait and try again.
    func mayWait(after error: SocketError, _ flags: MessageFlags = []) -> Bool {
        error.isWouldBlock && !isNonblocking && flags.isDisjoint(with: [.dontWait, .errorQueue])
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
        let deadline = limit.map { network.time.now() + Interval($0) } ?? .never
        while true {
            let ready = try readiness
            if !ready.isDisjoint(with: events.union([.error, .hangup])) { return ready }
            try block(until: events, deadline, in: "poll")
        }
    }

    /// Suspends the task until one of `events`, an error or its cancellation.
    ///
    /// - Throws: `ECANCELED` when the task is cancelled.
    func suspendUntilReady(_ events: Readiness, _ name: String) async throws(SocketError) {
        let slot = CancellationSlot<WaitID>()
        let backing = backing
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard let id = backing.register(events, .task(continuation)) else {
                    continuation.resume()
                    return
                }
                // Cancelled between the registration and now: nobody else will wake it.
                if slot.fill(id) { backing.forget(id)?.resume([]) }
            }
        } onCancel: {
            if let id = slot.cancel() { backing.forget(id)?.resume([]) }
        }
        if slot.isCancelled { throw SocketError(ECANCELED, in: name) }
    }
}

extension SocketError {
    /// Whether the call would have had to wait.
    public var isWouldBlock: Bool { code == EAGAIN }
}
