import Stack

/// Who is told of every event of an endpoint, for as long as it likes. It is told outside of all
/// locks, possibly by several threads at once.
protocol EndpointWatcher: AnyObject, Sendable {
    /// Something happened that the watch is for, an error or a hang-up.
    func note(_ events: Readiness)
    /// The endpoint was closed: nothing follows.
    func endpointClosed()
    /// A call on the endpoint has ended: what it was ready for may be gone.
    func settle()
    /// Whether somebody waits for what it is told.
    var isWaitedOn: Bool { get }
}

/// What a watcher wants to be told of.
struct Watch: Sendable {
    let events: Readiness
    let watcher: any EndpointWatcher
    /// Of several such, one is told (`EPOLLEXCLUSIVE`).
    var isExclusive = false
}
