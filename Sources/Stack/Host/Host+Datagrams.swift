import Memory
import Wire

/// The calls on datagram endpoints.
extension Host {
    mutating func connectDatagram(
        _ id: EndpointID, to remote: SocketAddress
    ) throws(StackError) {
        guard let path = network.path(to: remote.address) else { throw .networkUnreachable }
        switch endpoints[id.index].role {
        case .datagram(let key):
            udp.sockets[key].remote = remote
        default:
            try bind(id, to: SocketAddress(address: path.source, port: 0))
            guard case .datagram(let key) = endpoints[id.index].role else { return }
            udp.sockets[key].remote = remote
        }
    }

    /// Sends one datagram. POSIX `sendto`.
    ///
    /// - Parameter remote: Where to; nil for a connected endpoint's peer.
    /// - Throws: `.destinationRequired`, `.messageTooLong`, `.networkUnreachable`,
    ///   `.noBufferSpace`, or the error that an earlier datagram met.
    public mutating func send(
        _ id: EndpointID, _ payload: Span<UInt8>, to remote: SocketAddress?
    ) throws(StackError) {
        try check(id)
        guard endpoints[id.index].kind == .datagram else { throw .notSupported }
        if case .unbound = endpoints[id.index].role {
            try bind(
                id, to: SocketAddress(address: endpoints[id.index].family.unspecified, port: 0))
        }
        guard case .datagram(let key) = endpoints[id.index].role else { throw .notSupported }
        if let error = udp.sockets[key].error {
            udp.sockets[key].error = nil
            throw error
        }
        guard let target = remote ?? udp.sockets[key].remote else { throw .destinationRequired }
        try endpoints[id.index].checkFamily(of: target.address)
        guard target.port != 0 else { throw .invalidArgument }
        let local = udp.sockets[key].local
        try udp.send(payload, from: local, to: target, &network)
    }

    /// A datagram that was received.
    public struct Datagram: Equatable, Sendable {
        public let source: SocketAddress
        public let destination: SocketAddress
        /// Bytes copied to the caller.
        public let count: Int
        /// Bytes that the datagram had: more than `count` where the rest was cut off.
        public let fullCount: Int
    }

    /// Takes the next datagram; what does not fit into `buffer` is lost. POSIX `recvfrom`.
    ///
    /// - Throws: `.wouldBlock` when none waits, or the error that an earlier datagram met.
    public mutating func receiveDatagram(
        _ id: EndpointID, into buffer: inout MutableSpan<UInt8>
    ) throws(StackError) -> Datagram {
        try check(id)
        guard endpoints[id.index].kind == .datagram else { throw .notSupported }
        guard case .datagram(let key) = endpoints[id.index].role else { throw .wouldBlock }
        if let error = udp.sockets[key].error {
            udp.sockets[key].error = nil
            throw error
        }
        guard let next = udp.sockets[key].queue.popFirst() else { throw .wouldBlock }
        let count = next.packet.copy(from: 0, into: &buffer)
        return Datagram(
            source: next.source, destination: next.destination, count: count,
            fullCount: next.packet.count)
    }
}
