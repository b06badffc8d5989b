import Memory
import Stack
import Wire

/// The calls on datagrams.
extension Socket {
    /// A datagram that was received.
    public typealias Datagram = Host.Datagram

    /// Sends one datagram, or with a segment size several. A raw socket's is what the IP header is
    /// put in front of, or has it already; that of a socket for echoes is a request of ICMP. POSIX
    /// `sendto`, `sendmsg`.
    ///
    /// - Parameters:
    ///   - address: Where to; nil for the connected peer.
    ///   - control: What goes before the socket's options for this datagram.
    /// - Throws: `EDESTADDRREQ`, `EMSGSIZE`, `ENETUNREACH`, `EACCES`, `EAFNOSUPPORT`, `EINVAL`,
    ///   `ENOBUFS`, or the error that an earlier datagram met, such as `ECONNREFUSED`.
    public func send(
        _ payload: Span<UInt8>, to address: SocketAddress?,
        _ control: DatagramControl = DatagramControl()
    ) throws(SocketError) {
        try onHost("sendto") { (host: inout Host, endpoint) throws(StackError) in
            try host.send(endpoint, payload, to: address, control)
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
                guard mayWait(after: error) else { throw error }
            }
            try block(until: .readable, deadline, in: "recvfrom")
        }
    }

    /// Waits for a datagram; what does not fit into `buffer` is lost.
    public func receiveDatagram(
        into buffer: inout [UInt8]
    ) async throws(SocketError) -> Datagram {
        let deadline = deadline(for: .readable)
        while true {
            do throws(SocketError) {
                var span = buffer.mutableSpan
                return try receiveDatagramNow(into: &span)
            } catch {
                guard mayWait(after: error) else { throw error }
            }
            try await suspendUntilReady(.readable, "recvfrom", deadline)
        }
    }

    /// Takes a datagram and does not wait. POSIX `recvfrom` with `MSG_DONTWAIT`.
    ///
    /// - Throws: `EAGAIN` when none has come.
    public func receiveDatagramNow(
        into buffer: inout MutableSpan<UInt8>
    ) throws(SocketError) -> Datagram {
        try onHost("recvfrom") { (host: inout Host, endpoint) throws(StackError) in
            try host.receiveDatagram(endpoint, into: &buffer)
        }
    }

    /// Copies the next datagram and leaves it where it is; does not wait. POSIX `recvfrom` with
    /// `MSG_PEEK` and `MSG_DONTWAIT`.
    ///
    /// - Throws: `EAGAIN` when none has come.
    public func peekDatagramNow(
        into buffer: inout MutableSpan<UInt8>
    ) throws(SocketError) -> Datagram {
        try onHost("recvfrom") { (host: inout Host, endpoint) throws(StackError) in
            try host.peekDatagram(endpoint, into: &buffer)
        }
    }

    /// Lets everybody be a datagram socket's peer again. POSIX `connect` to an address of
    /// `AF_UNSPEC`.
    public func disconnect() throws(SocketError) {
        try onHost("connect") { (host: inout Host, endpoint) throws(StackError) in
            try host.disconnect(endpoint)
        }
    }

    /// Takes the error that was kept longest, of a socket whose options say that it keeps them; nil
    /// when none is. Linux's `recvmsg` with `MSG_ERRQUEUE`.
    public func nextError() throws(SocketError) -> ReportedError? {
        try onHost("recvmsg") { (host: inout Host, endpoint) throws(StackError) in
            try host.nextError(of: endpoint)
        }
    }
}
