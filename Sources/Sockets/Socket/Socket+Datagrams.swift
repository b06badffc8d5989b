import Memory
import Stack
import Wire

/// The calls on datagrams.
extension Socket {
    /// A datagram that was received.
    public typealias Datagram = Host.Datagram

    /// Sends one datagram. POSIX `sendto`.
    ///
    /// - Parameter address: Where to; nil for the connected peer.
    /// - Throws: `EDESTADDRREQ`, `EMSGSIZE`, `ENETUNREACH`, `ENOBUFS`, or the error that an earlier
    ///   datagram met, such as `ECONNREFUSED`.
    public func send(
        _ payload: Span<UInt8>, to address: SocketAddress?
    ) throws(SocketError) {
        try call("sendto") { (host: inout Host) throws(StackError) in
            try host.send(endpoint, payload, to: address)
        }
    }

    /// Waits for a datagram; what does not fit into `buffer` is lost. POSIX `recvfrom`.
    public func receiveDatagram(
        into buffer: inout MutableSpan<UInt8>
    ) throws(SocketError) -> Datagram {
        let deadline = deadline(for: .readable)
        while true {
            do throws(SocketError) {
                return try receiveDatagramNow(into: &buffer)
            } catch {
                guard error.isWouldBlock else { throw error }
            }
            try waitUntilReady(.readable, "recvfrom", deadline)
        }
    }

    /// Waits for a datagram; what does not fit into `buffer` is lost.
    public func receiveDatagram(
        into buffer: inout [UInt8]
    ) async throws(SocketError) -> Datagram {
        while true {
            do throws(SocketError) {
                var span = buffer.mutableSpan
                return try receiveDatagramNow(into: &span)
            } catch {
                guard error.isWouldBlock else { throw error }
            }
            try await suspendUntilReady(.readable, "recvfrom")
        }
    }

    /// Takes a datagram and does not wait. POSIX `recvfrom` with `MSG_DONTWAIT`.
    ///
    /// - Throws: `EAGAIN` when none has come.
    public func receiveDatagramNow(
        into buffer: inout MutableSpan<UInt8>
    ) throws(SocketError) -> Datagram {
        do throws(StackError) {
            return try host.withHost { (host: inout Host) throws(StackError) in
                try host.receiveDatagram(endpoint, into: &buffer)
            }
        } catch {
            throw SocketError(error, in: "recvfrom")
        }
    }
}
