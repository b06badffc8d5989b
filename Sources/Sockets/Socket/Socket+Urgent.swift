import Memory
import Stack

/// The calls on urgent bytes of streams (RFC 9293 §3.8.5, RFC 6093).
extension Socket {
    /// Gives bytes of which the last one is urgent, as many as there is room for, and waits while
    /// there is none; how many. POSIX `send` with `MSG_OOB`.
    ///
    /// - Throws: What `send` throws.
    public func sendUrgent(_ bytes: Span<UInt8>) throws(SocketError) -> Int {
        try blocking("send", until: .writable) { () throws(SocketError) in
            try backing.send(bytes, to: nil, [], .urgent)
        }
    }

    /// Gives one urgent byte to the peer, waiting for room.
    public func sendUrgent(_ byte: UInt8) async throws(SocketError) {
        _ = try await suspending("send", until: .writable) { () throws(SocketError) in
            try backing.send([byte].span, to: nil, [], .urgent)
        }
    }

    /// Takes the peer's urgent byte, out of the stream's order; nil at the end of the stream. It
    /// does not wait: `watch` for `Readiness.priority` tells when there is one. POSIX `recv` with
    /// `MSG_OOB`.
    ///
    /// - Throws: `EINVAL` when none was announced, it was taken, or urgent bytes stay in the
    ///   stream; `EAGAIN` when it was announced and has not come; `ENOTCONN`.
    public func receiveUrgent() throws(SocketError) -> UInt8? {
        var byte: [UInt8] = [0]
        var buffer = byte.mutableSpan
        do throws(SocketError) {
            let message = try backing.receiveMessage(into: &buffer, .urgent)
            return message.count == 0 ? nil : byte[0]
        } catch {
            throw SocketError(error.code, in: "recv")
        }
    }

    /// Whether the next byte to be read is the one that the peer marked as urgent. POSIX
    /// `sockatmark`.
    ///
    /// - Throws: `ENOTCONN`.
    public var isAtMark: Bool {
        get throws(SocketError) {
            try onHost("sockatmark") { (host: inout Host, endpoint) throws(StackError) in
                try host.isAtMark(endpoint)
            }
        }
    }
}
