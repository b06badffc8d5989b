import Memory
import Stack
import Wire

/// The calls on frames: sockets of the link itself. Linux's packet(7).
extension Socket {
    /// Has the socket listen to an interface or to all, for one type of frame or for all; before, it
    /// hears nothing. POSIX `bind`.
    public func bind(to address: PacketAddress) throws(SocketError) {
        try onHost("bind") { (host: inout Host, endpoint) throws(StackError) in
            try host.bind(endpoint, to: address)
        }
    }

    /// Sends a frame, or behind a header that the host makes what a frame carries. POSIX `sendto`.
    ///
    /// - Parameter address: Where to; nil for what the socket is bound to.
    /// - Throws: `EDESTADDRREQ`, `EINVAL`, `EMSGSIZE`, `ENOBUFS`.
    public func sendFrame(
        _ frame: Span<UInt8>, to address: PacketAddress? = nil
    ) throws(SocketError) {
        try onHost("sendto") { (host: inout Host, endpoint) throws(StackError) in
            try host.sendFrame(endpoint, frame, to: address)
        }
    }

    /// Waits for a frame; what does not fit into `buffer` is lost. POSIX `recvfrom`.
    public func receiveFrame(
        into buffer: inout MutableSpan<UInt8>
    ) throws(SocketError) -> ReceivedFrame {
        let deadline = deadline(for: .readable)
        while true {
            do throws(SocketError) {
                return try receiveFrameNow(into: &buffer)
            } catch {
                guard mayWait(after: error) else { throw error }
            }
            try block(until: .readable, deadline, in: "recvfrom")
        }
    }

    /// Waits for a frame; what does not fit into `buffer` is lost.
    public func receiveFrame(into buffer: inout [UInt8]) async throws(SocketError) -> ReceivedFrame
    {
        let deadline = deadline(for: .readable)
        while true {
            do throws(SocketError) {
                var span = buffer.mutableSpan
                return try receiveFrameNow(into: &span)
            } catch {
                guard mayWait(after: error) else { throw error }
            }
            try await suspendUntilReady(.readable, "recvfrom", deadline)
        }
    }

    /// Takes a frame and does not wait. POSIX `recvfrom` with `MSG_DONTWAIT`.
    ///
    /// - Throws: `EAGAIN` when none has come.
    public func receiveFrameNow(
        into buffer: inout MutableSpan<UInt8>
    ) throws(SocketError) -> ReceivedFrame {
        try onHost("recvfrom") { (host: inout Host, endpoint) throws(StackError) in
            try host.receiveFrame(endpoint, into: &buffer)
        }
    }
}
