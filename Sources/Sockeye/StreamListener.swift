/// Who listens for connections: a sequence of them, until it is closed.
///
///     let listener = try await StreamListener.listen(service: "8080", with: NameService(network))
///     for try await connection in listener { … }
///
/// A connection is accepted when it is asked for; others wait in the backlog.
public final class StreamListener: AsyncSequence, Sendable {
    public typealias Element = StreamConnection
    public typealias Failure = SocketError

    /// The socket behind it, for options and all else.
    public let socket: Socket

    /// Takes a listening socket over.
    public init(_ socket: Socket) { self.socket = socket }

    /// Listens for connections to a service, at every address or at a host's.
    public static func listen(
        at host: String? = nil, service: String, backlog: Int = 128, with names: NameService
    ) async throws(ConnectionFailure) -> StreamListener {
        StreamListener(try await names.listen(at: host, service: service, backlog: backlog))
    }

    /// Listens at an address.
    public static func listen(
        at address: SocketAddress, backlog: Int = 128, on network: Network
    ) throws(SocketError) -> StreamListener {
        let socket = try Socket(
            .stream, family: address.address.isIPv4 ? .inet : .inet6, on: network)
        try socket.bind(to: address)
        try socket.listen(backlog: backlog)
        return StreamListener(socket)
    }

    /// Where it listens.
    public var address: SocketAddress {
        get throws(SocketError) { try socket.localAddress }
    }

    public struct Iterator: AsyncIteratorProtocol {
        public typealias Failure = SocketError

        let socket: Socket

        /// - Throws: `EMFILE` and the like; `ECANCELED` when the task is cancelled. A connection
        ///   that broke before it was accepted is passed over, and a listener that is closed ends.
        public mutating func next() async throws(SocketError) -> StreamConnection? {
            while true {
                do throws(SocketError) {
                    return StreamConnection(try await socket.accept())
                } catch {
                    switch error {
                    case _ where error.isConnectionAborted: continue
                    case _ where error.isClosed: return nil
                    default: throw error
                    }
                }
            }
        }
    }

    public func makeAsyncIterator() -> Iterator { Iterator(socket: socket) }

    /// Ends the sequence; connections that were accepted live on.
    public func close() { socket.close() }
}

extension SocketError {
    var isConnectionAborted: Bool { code == StackError.connectionAborted.code }
    /// Whether the socket was closed, before the call or under it.
    var isClosed: Bool { code == StackError.badDescriptor.code }
}
