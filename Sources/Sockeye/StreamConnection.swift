/// A connection: bytes both ways, over TCP.
///
///     let connection = try await StreamConnection.connect(
///         to: "www.example.com", service: "http", with: NameService(.kernel))
///     try await connection.send(Array("GET / HTTP/1.0\r\n\r\n".utf8))
///     for try await chunk in connection.chunks { … }
///
/// One that is no longer referred to is closed.
public final class StreamConnection: Sendable {
    /// The socket behind it, for options and all else.
    public let socket: Socket

    /// Takes a connected socket over.
    public init(_ socket: Socket) { self.socket = socket }

    /// Connects to a service of a host, trying its addresses as RFC 8305 has it.
    public static func connect(
        to host: String, service: String, with names: NameService
    ) async throws(ConnectionFailure) -> StreamConnection {
        StreamConnection(try await names.connect(to: host, service: service))
    }

    /// Connects to an address.
    public static func connect(
        to address: SocketAddress, on network: Network
    ) async throws(SocketError) -> StreamConnection {
        let socket = try Socket(
            .stream, family: address.address.isIPv4 ? .inet : .inet6, on: network)
        try await socket.connect(to: address)
        return StreamConnection(socket)
    }

    /// Our end.
    public var localAddress: SocketAddress {
        get throws(SocketError) { try socket.localAddress }
    }

    /// The peer's end.
    public var remoteAddress: SocketAddress {
        get throws(SocketError) { try socket.remoteAddress }
    }

    // MARK: - Out

    /// Gives all of `bytes` to the peer; suspends while the peer takes no more.
    ///
    /// - Throws: `EPIPE`, `ECONNRESET`, `ETIMEDOUT`; `ECANCELED` when the task is cancelled.
    public func send(_ bytes: [UInt8]) async throws(SocketError) { try await socket.send(bytes) }

    /// Ends what is sent: the peer sees the end of the stream once it has read all, and may go on
    /// sending itself.
    public func finish() throws(SocketError) { try socket.shutdown(.sending) }

    // MARK: - In

    /// The bytes of the peer as they come, until it has finished: pieces of at most `limit` bytes,
    /// none empty. Nothing is read before it is asked for.
    public func chunks(limit: Int = 65_536) -> Chunks { Chunks(socket: socket, limit: limit) }

    /// The bytes of the peer as they come, until it has finished.
    public var chunks: Chunks { chunks() }

    /// The bytes of the peer, one by one, until it has finished. At most 4 KB are read ahead.
    public var bytes: Bytes { Bytes(chunks: chunks(limit: 4_096)) }

    /// Pieces of a stream.
    public struct Chunks: AsyncSequence, Sendable {
        public typealias Element = [UInt8]
        public typealias Failure = SocketError

        let socket: Socket
        let limit: Int

        public struct Iterator: AsyncIteratorProtocol {
            public typealias Failure = SocketError

            let socket: Socket
            var buffer: [UInt8]

            public mutating func next() async throws(SocketError) -> [UInt8]? {
                let count = try await socket.receive(into: &buffer)
                return count > 0 ? Array(buffer[..<count]) : nil
            }
        }

        public func makeAsyncIterator() -> Iterator {
            Iterator(socket: socket, buffer: [UInt8](repeating: 0, count: Swift.max(limit, 1)))
        }
    }

    /// Bytes of a stream.
    public struct Bytes: AsyncSequence, Sendable {
        public typealias Element = UInt8
        public typealias Failure = SocketError

        let chunks: Chunks

        public struct Iterator: AsyncIteratorProtocol {
            public typealias Failure = SocketError

            var chunks: Chunks.Iterator
            var chunk: [UInt8] = []
            var place = 0

            public mutating func next() async throws(SocketError) -> UInt8? {
                if place == chunk.count {
                    guard let more = try await chunks.next() else { return nil }
                    chunk = more
                    place = 0
                }
                defer { place += 1 }
                return chunk[place]
            }
        }

        public func makeAsyncIterator() -> Iterator { Iterator(chunks: chunks.makeAsyncIterator()) }
    }

    // MARK: - The end

    /// Closes: what was sent still arrives.
    public func close() { socket.close() }

    /// Resets the connection.
    public func abort() { socket.abort() }
}
