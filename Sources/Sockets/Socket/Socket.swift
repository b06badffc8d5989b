import Devices
import Glibc
import Memory
import Stack
import Synchronization
import Wire

/// A socket of a host: an endpoint with the Berkeley calls.
///
/// Each call that may wait exists twice: called from a task it suspends, called elsewhere it
/// blocks the thread. A socket that is no longer referred to is closed.
public final class Socket: Sendable {
    /// What the socket carries: streams (TCP), datagrams (UDP), echoes, packets of a protocol,
    /// frames.
    public typealias Kind = EndpointKind

    /// What `shutdown` ends.
    public enum Direction: Sendable {
        case receiving
        case sending
        case both
    }

    /// The host that the socket belongs to.
    public let host: HostDriver
    public let kind: Kind
    let endpoint: EndpointID
    private let isOpen = Mutex(true)
    private let timeouts = Mutex((receiving: Interval?.none, sending: Interval?.none))

    /// Makes a socket. POSIX `socket`.
    ///
    /// - Parameter family: Whose addresses it speaks. A socket of IPv6 speaks IPv4 too, unless its
    ///   options say otherwise; for sockets of frames the family means nothing.
    public convenience init(_ kind: Kind, family: AddressFamily = .inet, on host: HostDriver) {
        let endpoint = host.withHost { host in host.open(kind, family: family) }
        self.init(endpoint, kind, on: host)
    }

    init(_ endpoint: EndpointID, _ kind: Kind, on host: HostDriver) {
        self.endpoint = endpoint
        self.kind = kind
        self.host = host
    }

    deinit { close() }

    // MARK: - Names

    /// Gives the socket its local address; port 0 asks for a free one. POSIX `bind`.
    ///
    /// - Throws: `EADDRINUSE`, `EADDRNOTAVAIL`, `EINVAL` when it has one, `EBADF` once closed.
    public func bind(to address: SocketAddress) throws(SocketError) {
        try call("bind") { (host: inout Host) throws(StackError) in
            try host.bind(endpoint, to: address)
        }
    }

    /// The local address. POSIX `getsockname`.
    public var localAddress: SocketAddress {
        get throws(SocketError) {
            try call("getsockname") { (host: inout Host) throws(StackError) in
                try host.localAddress(of: endpoint)
            }
        }
    }

    /// The peer's address. POSIX `getpeername`.
    ///
    /// - Throws: `ENOTCONN`.
    public var remoteAddress: SocketAddress {
        get throws(SocketError) {
            try call("getpeername") { (host: inout Host) throws(StackError) in
                try host.remoteAddress(of: endpoint)
            }
        }
    }

    // MARK: - Options

    /// Whether small segments leave at once. `TCP_NODELAY`.
    public func setNoDelay(_ isOn: Bool) throws(SocketError) {
        try call("setsockopt") { (host: inout Host) throws(StackError) in
            try host.setNoDelay(endpoint, isOn)
        }
    }

    /// Whether a silent peer is probed. `SO_KEEPALIVE`.
    public func setKeepalive(_ isOn: Bool) throws(SocketError) {
        try call("setsockopt") { (host: inout Host) throws(StackError) in
            try host.setKeepalive(endpoint, isOn)
        }
    }

    /// How long a call may wait to receive before it fails with `EAGAIN`; nil for ever.
    /// `SO_RCVTIMEO`.
    public var receiveTimeout: Duration? {
        get { timeouts.withLock { $0.receiving }.map(Duration.init) }
        set { timeouts.withLock { $0.receiving = newValue.map(Interval.init) } }
    }

    /// How long a call may wait to send before it fails with `EAGAIN`; nil for ever.
    /// `SO_SNDTIMEO`.
    public var sendTimeout: Duration? {
        get { timeouts.withLock { $0.sending }.map(Duration.init) }
        set { timeouts.withLock { $0.sending = newValue.map(Interval.init) } }
    }

    /// Takes the pending error, nil when there is none. POSIX `SO_ERROR`.
    public func takeError() throws(SocketError) -> SocketError? {
        let error = try call("getsockopt") { (host: inout Host) throws(StackError) in
            try host.takeError(of: endpoint)
        }
        return error.map { SocketError($0, in: "getsockopt") }
    }

    // MARK: - Readiness

    /// What the socket is ready for at this moment. POSIX `poll` with no timeout.
    public var readiness: Readiness {
        get throws(SocketError) {
            try call("poll") { (host: inout Host) throws(StackError) in
                try host.readiness(of: endpoint)
            }
        }
    }

    /// Has `set` told of what happens to the socket, under `token`; what it is ready for already
    /// is told at once.
    public func watch(_ events: Readiness, in set: ReadySet, token: UInt64) throws(SocketError) {
        let endpoint = endpoint
        let present = try host.withCore { (core: inout HostDriver.Core) throws(SocketError) in
            let id = core.waiters.nextID()
            core.waiters.add(
                Waiter(id: id, events: events, wake: .set(set, token)), to: endpoint)
            do throws(StackError) {
                return try core.host.readiness(of: endpoint)
            } catch {
                throw SocketError(error, in: "epoll_ctl")
            }
        }
        if !present.isDisjoint(with: events) { set.note(token, present) }
    }

    /// Ends what `watch` began.
    public func unwatch(in set: ReadySet) {
        let endpoint = endpoint
        host.withCore { core in core.waiters.remove(set, from: endpoint) }
    }

    // MARK: - The end

    /// Ends one or both directions. POSIX `shutdown`.
    ///
    /// - Throws: `ENOTCONN`.
    public func shutdown(_ direction: Direction) throws(SocketError) {
        try call("shutdown") { (host: inout Host) throws(StackError) in
            if direction != .sending { try host.shutdownReceive(endpoint) }
            if direction != .receiving { try host.shutdownSend(endpoint) }
        }
    }

    /// Lets go of the socket: what was sent still arrives, then the end of the stream. Calls that
    /// wait on it fail with `EBADF`. POSIX `close`; a second call does nothing.
    public func close() { end { (host, endpoint) in try? host.close(endpoint) } }

    /// Resets the connection and lets go of the socket. POSIX `close` with `SO_LINGER` of 0.
    public func abort() { end { (host, endpoint) in try? host.abort(endpoint) } }

    private func end(_ body: (inout Host, EndpointID) -> Void) {
        let wasOpen = isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        guard wasOpen else { return }
        let endpoint = endpoint
        var woken: [(Waiter, Readiness)] = []
        host.withCore { core in
            body(&core.host, endpoint)
            core.waiters.takeAll(endpoint, into: &woken)
        }
        for (waiter, events) in woken { waiter.resume(events) }
    }

    // MARK: - How calls are made

    /// A call that does not wait.
    func call<Result>(
        _ name: String, _ body: (inout Host) throws(StackError) -> Result
    ) throws(SocketError) -> Result {
        do throws(StackError) {
            return try host.withHost(body)
        } catch {
            throw SocketError(error, in: name)
        }
    }

    /// The moment at which a call that begins now gives up.
    func deadline(for events: Readiness) -> Instant {
        let limit = timeouts.withLock { events == .readable ? $0.receiving : $0.sending }
        return limit.map { MonotonicClock.now() + $0 } ?? .never
    }
}

extension Interval {
    /// To the nanosecond, towards zero.
    public init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(nanoseconds: seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
    }
}

extension Duration {
    init(_ interval: Interval) { self = .nanoseconds(interval.nanoseconds) }
}
