public import Wire

/// The name of a flow in a `FlowTable`; the table gives it whatever meaning it likes.
public struct FlowID: Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

/// An error that a system call reports, by its POSIX code.
public struct SystemError: Error, Hashable, Sendable {
    /// The value of `errno`, above 0.
    public let code: CInt

    public init(_ code: CInt) {
        self.code = code
    }
}

/// What has become of a flow since its table last said so.
public struct FlowEvents: OptionSet, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// A stream's handshake is complete.
    public static let connected = FlowEvents(rawValue: 1)
    /// There are bytes, a datagram or the end of the stream to receive.
    public static let readable = FlowEvents(rawValue: 2)
    /// There is room to send again.
    public static let writable = FlowEvents(rawValue: 4)
    /// The flow has failed: refused, reset, timed out, unreachable.
    public static let failed = FlowEvents(rawValue: 8)
}

/// Something that happened to a flow.
public struct FlowEvent: Sendable {
    public var flow: FlowID
    public var events: FlowEvents
    /// Why, where `events` has `failed`.
    public var error: SystemError?

    public init(flow: FlowID, events: FlowEvents, error: SystemError? = nil) {
        self.flow = flow
        self.events = events
        self.error = error
    }
}

/// What receiving from a stream gave.
public enum StreamRead: Sendable {
    /// So many bytes, at least one.
    case bytes(Int)
    /// Nothing now; the table reports `readable` when there is.
    case wouldBlock
    /// The peer has sent all it will.
    case endOfStream
}

/// What receiving from a datagram flow gave.
public struct DatagramRead: Sendable {
    /// How many bytes the datagram holds, of which as many as had room were stored.
    public var count: Int
    public var source: SocketAddress

    public init(count: Int, source: SocketAddress) {
        self.count = count
        self.source = source
    }
}

/// An option that changes what a flow does, as opposed to one that is merely remembered.
public enum FlowOption: Hashable, Sendable {
    /// TCP_NODELAY.
    case noDelay(Bool)
    /// TCP_CORK.
    case cork(Bool)
    /// SO_KEEPALIVE.
    case keepAlive(Bool)
    /// TCP_KEEPIDLE, in seconds.
    case keepIdle(Int)
    /// TCP_KEEPINTVL, in seconds.
    case keepInterval(Int)
    /// TCP_KEEPCNT.
    case keepCount(Int)
    /// TCP_USER_TIMEOUT, in milliseconds; 0 for the default.
    case userTimeout(Int)
    /// IP_TTL, 1–255.
    case timeToLive(Int)
    /// IP_TOS, 0–255.
    case typeOfService(Int)
}

/// The transport that a program's sockets run on: what the launcher asks of a stack.
///
/// No call blocks. After a call that would have blocked, the table owes an event when it no longer
/// would; it may report more events than it owes. The launcher calls from one thread only.
public protocol FlowTable: AnyObject {
    // Opening and naming.

    /// A new unbound stream flow (socket(2)).
    func openStream() throws(SystemError) -> FlowID
    /// A new unbound datagram flow (socket(2)).
    func openDatagram() throws(SystemError) -> FlowID
    /// Gives the flow a local address; port 0 picks one (bind(2)).
    func bind(_ flow: FlowID, to local: SocketAddress) throws(SystemError)
    /// Where the flow is bound, nil while it is not (getsockname(2)).
    func localAddress(_ flow: FlowID) -> SocketAddress?
    /// Sets an option. One that the table does not have is ignored.
    func setOption(_ flow: FlowID, _ option: FlowOption)

    // Streams.

    /// Starts the handshake, whose end is reported as `connected` or `failed` (connect(2)).
    ///
    /// After `failed` the flow is of no more use and is closed.
    func connect(_ flow: FlowID, to remote: SocketAddress) throws(SystemError)
    /// Takes as many of `bytes` as there is room for; 0 when there is none. Where it takes less
    /// than all, `writable` is owed (send(2)).
    func send(_ flow: FlowID, _ bytes: Span<UInt8>) throws(SystemError) -> Int
    /// Stores what has arrived (recv(2)).
    func receive(_ flow: FlowID, into bytes: inout MutableSpan<UInt8>) throws(SystemError)
        -> StreamRead
    /// Sends the end of the stream after what was sent so far (shutdown(2) with SHUT_WR).
    func shutdownWrite(_ flow: FlowID)

    // Datagrams.

    /// Fixes the peer of a datagram flow, or frees it where `remote` is nil; picks a local address.
    func connectDatagram(_ flow: FlowID, to remote: SocketAddress?) throws(SystemError)
    /// Sends one datagram, to the flow's peer where `remote` is nil. One that finds no room is
    /// dropped, as UDP may (sendto(2)).
    func sendDatagram(_ flow: FlowID, _ bytes: Span<UInt8>, to remote: SocketAddress?)
        throws(SystemError)
    /// Takes one datagram, nil when none waits; throws an error that the network reported, once
    /// (recvfrom(2)).
    func receiveDatagram(_ flow: FlowID, into bytes: inout MutableSpan<UInt8>) throws(SystemError)
        -> DatagramRead?

    // The end.

    /// Closes: what was sent still arrives, then the end of the stream; unread bytes make it a
    /// reset (close(2)). The name is dead from now on.
    func close(_ flow: FlowID)
    /// Resets at once (close(2) with SO_LINGER of 0). The name is dead from now on.
    func abort(_ flow: FlowID)

    // Driving.

    /// A descriptor that polls readable when `advance` has something to do, -1 where there is none.
    var pollDescriptor: CInt { get }
    /// When `advance` must be called at the latest, in nanoseconds of CLOCK_MONOTONIC.
    var nextDeadline: Int64? { get }
    /// Moves frames and runs timers. Called in every turn of the loop.
    func advance()
    /// Takes the next event, nil when there is none.
    func nextEvent() -> FlowEvent?
    /// Whether flows that were closed still deliver what was sent; the launcher stays for them.
    var hasUnfinishedFlows: Bool { get }
}
