/// A datagram socket: a sequence of the datagrams that come to it, until it is closed.
///
///     let channel = try DatagramChannel(at: address, on: network)
///     for try await datagram in channel {
///         try await channel.send(datagram.bytes, to: datagram.source)
///     }
///
/// A datagram is taken when it is asked for; others wait in the socket's buffer while it has room.
public final class DatagramChannel: AsyncSequence, Sendable {
    public typealias Element = Message
    public typealias Failure = SocketError

    /// A datagram and who sent it.
    public struct Message: Equatable, Sendable {
        public let bytes: [UInt8]
        public let source: SocketAddress
    }

    /// The socket behind it, for options and all else.
    public let socket: Socket

    /// Takes a datagram socket over.
    public init(_ socket: Socket) { self.socket = socket }

    /// A socket at an address; port 0 asks for a free one.
    public convenience init(
        at address: SocketAddress, on network: Network
    ) throws(SocketError) {
        let socket = try Socket(
            .datagram, family: address.address.isIPv4 ? .inet : .inet6, on: network)
        try socket.bind(to: address)
        self.init(socket)
    }

    /// A socket for one peer: it hears no other.
    public static func connected(
        to address: SocketAddress, on network: Network
    ) throws(SocketError) -> DatagramChannel {
        let socket = try Socket(
            .datagram, family: address.address.isIPv4 ? .inet : .inet6, on: network)
        try socket.connect(to: address)
        return DatagramChannel(socket)
    }

    /// Our end.
    public var localAddress: SocketAddress {
        get throws(SocketError) { try socket.localAddress }
    }

    /// Sends a datagram, to the peer if there is one; suspends while there is no room.
    ///
    /// - Throws: `EDESTADDRREQ`, `EMSGSIZE`, `ENETUNREACH`, or the error that an earlier one met.
    public func send(
        _ bytes: [UInt8], to address: SocketAddress? = nil
    ) async throws(SocketError) {
        _ = try await socket.sendMessage(bytes, to: address.map { .internet($0) })
    }

    public struct Iterator: AsyncIteratorProtocol {
        public typealias Failure = SocketError

        let socket: Socket
        /// As long as a datagram can be.
        var buffer = [UInt8](repeating: 0, count: 65_536)

        /// - Throws: The error that an earlier datagram met; `ECANCELED` when the task is
        ///   cancelled. A channel that is closed ends.
        public mutating func next() async throws(SocketError) -> Message? {
            do throws(SocketError) {
                let message = try await socket.receiveMessage(into: &buffer)
                let source =
                    message.source?.address
                    ?? SocketAddress(address: .unspecifiedV4, port: 0)
                return Message(bytes: Array(buffer[..<message.count]), source: source)
            } catch {
                if error.isClosed { return nil }
                throw error
            }
        }
    }

    public func makeAsyncIterator() -> Iterator { Iterator(socket: socket) }

    /// Ends the sequence.
    public func close() { socket.close() }
}
