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
    /// A task that is cancelled gets `ECANCELED`, at its deadline `ETIMEDOUT`; the socket's timeouts
    /// count as in calls that block.
    func suspending<Result>(
        _ name: String, until events: Readiness, _ flags: MessageFlags = [],
        _ body: () throws(SocketError) -> Result
    ) async throws(SocketError) -> Result {
        let deadline = deadline(for: events)
        while true {
            do throws(SocketError) {
                return try body()
            } catch {
                guard mayWait(after: error, flags) else { throw error }
            }
            try await suspendUntilReady(awaited(events), name, deadline)
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

    /// Suspends the task until one of `events` or an error.
    ///
    /// - Parameter limit: When the call gives up, on the network's clock.
    /// - Throws: `ECANCELED` when the task is cancelled, `ETIMEDOUT` at its deadline, `EAGAIN` at
    ///   `limit`.
    func suspendUntilReady(
        _ events: Readiness, _ name: String, _ limit: Instant = .never
    ) async throws(SocketError) {
        let backing = backing
        try await Suspension.wait(
            in: name,
            limit: Suspension.Limit(moment: limit, clock: network.clock, code: EAGAIN)
        ) { continuation in
            let id = backing.register(events, .task(continuation))
            if id == nil { continuation.resume() }
            return id
        } leave: { id in
            backing.forget(id)?.resume([])
        }
    }
}

extension SocketError {
    /// Whether the call would have had to wait.
    public var isWouldBlock: Bool { code == EAGAIN }
}
