import Devices
import Glibc
import Stack
import Synchronization
import Wire

/// A socket with the Berkeley calls, of a Sockeye host, of the kernel or of a simulation.
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

    /// The network that the socket belongs to.
    public let network: Network
    public let kind: Kind
    public let family: AddressFamily
    let backing: any NetworkEndpoint
    private let timeouts = Mutex((receiving: Interval?.none, sending: Interval?.none))
    private let nonblocking = Atomic(false)
    private let interruptible = Atomic(false)
    let readinessCallback = Mutex<ReadinessCallback?>(nil)

    /// Makes a socket. POSIX `socket`.
    ///
    /// - Parameter family: Whose addresses it speaks. A socket of IPv6 speaks IPv4 too, unless its
    ///   options say otherwise; for sockets of frames the family means nothing.
    /// - Throws: Of the kernel's network `EMFILE`, `ENFILE`, `EPERM`, `EPROTONOSUPPORT`.
    public convenience init(
        _ kind: Kind, family: AddressFamily = .inet, on network: Network
    ) throws(SocketError) {
        self.init(try network.open(kind, family), kind, family, on: network)
    }

    /// Makes a socket of a Sockeye host, which always can. POSIX `socket`.
    public convenience init(_ kind: Kind, family: AddressFamily = .inet, on host: HostDriver) {
        self.init(HostEndpoint(kind, family, on: host), kind, family, on: Network(host))
    }

    init(
        _ backing: any NetworkEndpoint, _ kind: Kind, _ family: AddressFamily, on network: Network
    ) {
        self.backing = backing
        self.kind = kind
        self.family = family
        self.network = network
    }

    deinit { close() }

    // MARK: - Names

    /// Gives the socket its local address; port 0 asks for a free one. POSIX `bind`.
    ///
    /// - Throws: `EADDRINUSE`, `EADDRNOTAVAIL`, `EINVAL` when it has one, `EBADF` once closed.
    public func bind(to address: SocketAddress) throws(SocketError) {
        try backing.bind(to: .internet(address))
    }

    /// Gives the socket its local name, of whatever family. POSIX `bind`.
    ///
    /// - Throws: `EADDRINUSE`, `EADDRNOTAVAIL`, `EINVAL` when it has one, `EAFNOSUPPORT`, `EBADF`
    ///   once closed.
    public func bind(to name: SocketName) throws(SocketError) { try backing.bind(to: name) }

    /// The local name, of whatever family. POSIX `getsockname`.
    public var localName: SocketName {
        get throws(SocketError) { try backing.localName }
    }

    /// The peer's name, of whatever family. POSIX `getpeername`.
    ///
    /// - Throws: `ENOTCONN`.
    public var remoteName: SocketName {
        get throws(SocketError) { try backing.remoteName }
    }

    /// Whom the connection was accepted from, even if it has ended since. The name that POSIX
    /// `accept` gives.
    public var acceptedName: SocketName {
        get throws(SocketError) { try backing.acceptedName }
    }

    /// The local address. POSIX `getsockname`.
    ///
    /// - Throws: `EOPNOTSUPP` for sockets whose names are no addresses of the Internet.
    public var localAddress: SocketAddress {
        get throws(SocketError) { try Self.address(try backing.localName, "getsockname") }
    }

    /// The peer's address. POSIX `getpeername`.
    ///
    /// - Throws: `ENOTCONN`; `EOPNOTSUPP` for sockets whose names are no addresses of the Internet.
    public var remoteAddress: SocketAddress {
        get throws(SocketError) { try Self.address(try backing.remoteName, "getpeername") }
    }

    private static func address(
        _ name: SocketName, _ call: String
    ) throws(SocketError) -> SocketAddress {
        guard let address = name.address else { throw SocketError(EOPNOTSUPP, in: call) }
        return address
    }

    // MARK: - How long calls wait

    /// Whether calls fail with `EAGAIN`, or `EINPROGRESS`, where they would wait. `O_NONBLOCK`.
    public var isNonblocking: Bool {
        get { nonblocking.load(ordering: .relaxed) }
        set { nonblocking.store(newValue, ordering: .relaxed) }
    }

    /// Whether a signal that a handler takes ends a call that blocks the thread, with `EINTR`; false
    /// at first: calls of Swift go on.
    public var isInterruptible: Bool {
        get { interruptible.load(ordering: .relaxed) }
        set { interruptible.store(newValue, ordering: .relaxed) }
    }

    /// How long a call may wait to receive, blocking or suspended, before it fails with `EAGAIN`; nil
    /// for ever. `SO_RCVTIMEO`.
    public var receiveTimeout: Duration? {
        get { timeouts.withLock { $0.receiving }.map(Duration.init) }
        set { timeouts.withLock { $0.receiving = newValue.map(Interval.init) } }
    }

    /// How long a call may wait to send, blocking or suspended, before it fails with `EAGAIN`; nil for
    /// ever. `SO_SNDTIMEO`.
    public var sendTimeout: Duration? {
        get { timeouts.withLock { $0.sending }.map(Duration.init) }
        set { timeouts.withLock { $0.sending = newValue.map(Interval.init) } }
    }

    /// The moment at which a call that begins now gives up.
    func deadline(for events: Readiness) -> Instant {
        let limit = timeouts.withLock { events == .readable ? $0.receiving : $0.sending }
        return limit.map { network.time.now() + $0 } ?? .never
    }

    // MARK: - Readiness

    /// What the socket is ready for at this moment. POSIX `poll` with no timeout.
    public var readiness: Readiness {
        get throws(SocketError) { try backing.readiness }
    }

    // MARK: - The end

    /// Ends one or both directions. POSIX `shutdown`.
    ///
    /// - Throws: `ENOTCONN`.
    public func shutdown(_ direction: Direction) throws(SocketError) {
        try backing.shutdown(direction)
    }

    /// Lets go of the socket: what was sent still arrives, then the end of the stream. Calls that
    /// wait on it fail with `EBADF`. POSIX `close`; a second call does nothing.
    public func close() { backing.close() }

    /// Resets the connection and lets go of the socket. POSIX `close` with `SO_LINGER` of 0.
    public func abort() { backing.abort() }

    // MARK: - Calls that only hosts of Sockeye have

    /// - Throws: `EOPNOTSUPP` for sockets of other networks.
    func onHost<Result>(
        _ name: String, _ body: (inout Host, EndpointID) throws(StackError) -> Result
    ) throws(SocketError) -> Result {
        // Only networks of this module make endpoints.
        guard let endpoint = backing as? HostEndpoint else {
            throw SocketError(EOPNOTSUPP, in: name)
        }
        return try endpoint.call(name) { (host: inout Host) throws(StackError) in
            try body(&host, endpoint.id)
        }
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
