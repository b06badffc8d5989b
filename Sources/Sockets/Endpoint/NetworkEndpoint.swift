import Devices
import Stack

/// What a network gives for a socket: the Berkeley calls, none of which waits, and a place in the
/// list of who is told when it is ready. `Socket` makes of it calls that wait.
///
/// What cannot be done without waiting throws `EAGAIN`; `connect` that has begun, `EINPROGRESS`.
/// After `close` everything throws `EBADF`.
protocol NetworkEndpoint: AnyObject, Sendable {
    // MARK: Names

    func bind(to name: SocketName) throws(SocketError)
    var localName: SocketName { get throws(SocketError) }
    var remoteName: SocketName { get throws(SocketError) }
    /// Whom a connection was accepted from, even if it has ended since.
    var acceptedName: SocketName { get throws(SocketError) }

    // MARK: Connections

    func connect(to name: SocketName) throws(SocketError)
    /// How the handshake that `connect` began has ended.
    ///
    /// - Throws: `EAGAIN` while it goes on; what it failed with.
    func finishConnect() throws(SocketError)
    func listen(backlog: Int) throws(SocketError)
    func accept() throws(SocketError) -> any NetworkEndpoint
    func shutdown(_ direction: Socket.Direction) throws(SocketError)
    /// Lets go; those who wait are woken. A second call does nothing.
    func close()
    /// Lets go and resets a connection.
    func abort()

    // MARK: Bytes and messages

    /// Gives bytes of a stream; how many were taken.
    func send(_ bytes: Span<UInt8>) throws(SocketError) -> Int
    /// Takes bytes of a stream, or of a message as much as fits; how many.
    func receive(into buffer: inout MutableSpan<UInt8>) throws(SocketError) -> Int
    /// Gives bytes, or a message, with all that may be said of it; how many bytes were taken.
    func send(
        _ bytes: Span<UInt8>, to name: SocketName?, _ control: [ControlMessage],
        _ flags: MessageFlags
    ) throws(SocketError) -> Int
    /// Takes bytes, or a message, with all that came with it.
    func receiveMessage(
        into buffer: inout MutableSpan<UInt8>, _ flags: MessageFlags
    ) throws(SocketError) -> ReceivedMessage

    /// Sends what a stream of the system's has.
    func takeBytes(
        from source: SystemSocket, atMost limit: Int
    ) throws(SocketError) -> MovedBytes
    /// Gives what has come to a stream of the system's.
    func giveBytes(to sink: SystemSocket, atMost limit: Int) throws(SocketError) -> MovedBytes

    // MARK: Options, in Linux's bytes

    /// - Parameter capacity: Bytes that the caller has room for; many options are cut to it.
    func option(
        _ level: Int32, _ name: Int32, capacity: Int
    ) throws(SocketError) -> [UInt8]
    func setOption(_ level: Int32, _ name: Int32, _ bytes: Span<UInt8>) throws(SocketError)
    /// Asks something of the socket or its network. POSIX `ioctl`.
    func control(_ request: UInt, _ bytes: [UInt8]) throws(SocketError) -> [UInt8]
    /// Takes the pending error (`SO_ERROR`).
    func takeError() throws(SocketError) -> SocketError?

    // MARK: Waiting

    var readiness: Readiness { get throws(SocketError) }
    /// Blocks the thread until the endpoint is ready for one of `events`, has an error or is hung
    /// up.
    ///
    /// - Throws: `EAGAIN` at `deadline`; `EINTR` when a signal was taken; `EDEADLK` where time stands still while threads block.
    func block(
        until events: Readiness, _ deadline: Instant, in call: String
    ) throws(SocketError)
    /// Enters somebody who is told once of one of `events`, an error or a hang-up; nil when the
    /// endpoint is ready already or closed, and nobody was entered.
    func register(_ events: Readiness, _ wake: Waiter.Wake) -> WaitID?
    /// Takes out who was entered; nil when it was told before.
    @discardableResult func forget(_ id: WaitID) -> Waiter?
    /// The kernel's descriptor behind the endpoint, -1 once closed; nil where there is none.
    var descriptor: CInt? { get }
    /// Has a watcher told of every event that it is for, until `unwatch`, and when the endpoint is
    /// closed; what the endpoint is ready for already is not told. For no events at all it is told
    /// of the close only.
    func watch(_ watch: Watch) throws(SocketError)
    func unwatch(_ watcher: any EndpointWatcher)
    /// Whether its time stands still while the thread of its simulation blocks.
    var isSimulated: Bool { get }
    /// Notes that one more set, or one less, holds the endpoint ready, and is to look again after
    /// calls.
    func countQueued(_ change: Int)
}

extension NetworkEndpoint {
    var descriptor: CInt? { nil }

    var isSimulated: Bool { false }

    func countQueued(_ change: Int) {}
}

extension NetworkEndpoint {
    var acceptedName: SocketName { get throws(SocketError) { try remoteName } }
}
