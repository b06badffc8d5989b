import Stack
import Synchronization

/// Readiness that comes by itself: what `O_ASYNC` with `SIGIO` and `SIGURG` is to signals.
extension Socket {
    /// Has `body` called whenever one of `events` happens to the socket, an error or a hang-up,
    /// until another body or none takes its place, or the socket is closed. `fcntl` with `O_ASYNC`;
    /// `Readiness.priority` is what `SIGURG` says.
    ///
    /// It is told of what happens, as by a signal, not of what the socket was ready for before. It
    /// is called outside of all locks, on the thread on which the event came to light: the
    /// network's or that of any call on its sockets, and possibly on several at once. It may call
    /// the socket, and may be called once more after it was replaced.
    ///
    /// - Throws: `EBADF` once closed.
    public func onReadiness(
        of events: Readiness, _ body: (@Sendable (Readiness) -> Void)?
    ) throws(SocketError) {
        let callback = body.map { ReadinessCallback(events, $0) }
        let former = readinessCallback.withLock { current in
            defer { current = callback }
            return current
        }
        if let former { backing.unwatch(former) }
        if let callback { try backing.watch(Watch(events: events, watcher: callback)) }
    }
}

/// Passes an endpoint's events on to a closure.
final class ReadinessCallback: EndpointWatcher {
    private let events: Readiness
    private let body: @Sendable (Readiness) -> Void

    init(_ events: Readiness, _ body: @escaping @Sendable (Readiness) -> Void) {
        self.events = events.union([.error, .hangup])
        self.body = body
    }

    func note(_ events: Readiness) { body(events.intersection(self.events)) }

    func endpointClosed() {}

    func settle() {}

    var isWaitedOn: Bool { true }
}
