import Glibc
import Stack
import Wire

/// The calls on streams.
extension Socket {
    // MARK: - Connecting

    /// Connects to a peer and waits until the handshake is done. POSIX `connect`.
    ///
    /// A datagram socket only notes its peer.
    /// - Throws: `ECONNREFUSED`, `ETIMEDOUT`, `ENETUNREACH`, `EHOSTUNREACH`, `EISCONN`,
    ///   `EADDRINUSE`.
    public func connect(to address: SocketAddress) throws(SocketError) {
        try connect(to: .internet(address))
    }

    /// Connects to a peer of whatever family and waits until the handshake is done; to
    /// `.unspecified`, ends what connects it. POSIX `connect`.
    ///
    /// - Throws: What `connect` to an address throws; `ENOENT`, `EPROTOTYPE`, `EAFNOSUPPORT`.
    public func connect(to name: SocketName) throws(SocketError) {
        let begun = try blocking("connect", until: .writable) { () throws(SocketError) in
            try begin(name)
        }
        guard let begun else { return }
        do throws(SocketError) {
            try blocking("connect", until: .writable) { () throws(SocketError) in
                try backing.finishConnect()
            }
        } catch {
            // The time is over and the handshake is not.
            throw error.isWouldBlock ? begun : error
        }
    }

    /// Connects to a peer and waits until the handshake is done.
    public func connect(to address: SocketAddress) async throws(SocketError) {
        try await connect(to: .internet(address))
    }

    /// Connects to a peer of whatever family and waits until the handshake is done.
    public func connect(to name: SocketName) async throws(SocketError) {
        let begun = try await suspending("connect", until: .writable) {
            () throws(SocketError) in try begin(name)
        }
        guard begun != nil else { return }
        try await suspending("connect", until: .writable) { () throws(SocketError) in
            try backing.finishConnect()
        }
    }

    /// Begins to connect and does not wait; `connected` or an error is told later. POSIX `connect`
    /// with `O_NONBLOCK`.
    ///
    /// - Throws: `EINPROGRESS` when the handshake began, or what `connect` throws.
    public func beginConnect(to address: SocketAddress) throws(SocketError) {
        try backing.connect(to: .internet(address))
    }

    /// How the handshake that `beginConnect` began has ended; the socket can be connected anew if it
    /// has failed.
    ///
    /// - Throws: `EAGAIN` while it goes on; what it failed with.
    public func finishConnect() throws(SocketError) { try backing.finishConnect() }

    /// Begins to connect; what is under way now or was before, nil when there is nothing to wait
    /// for.
    private func begin(_ name: SocketName) throws(SocketError) -> SocketError? {
        do throws(SocketError) {
            try backing.connect(to: name)
            return nil
        } catch {
            guard error.code == EINPROGRESS || error.code == EALREADY, !isNonblocking else {
                throw error
            }
            return error
        }
    }

    // MARK: - Listening

    /// Lets peers connect. POSIX `listen`.
    ///
    /// - Parameter backlog: Connections that may wait for `accept`, 0 to 4,096.
    public func listen(backlog: Int = 128) throws(SocketError) {
        try backing.listen(backlog: backlog)
    }

    /// Waits for a connection. POSIX `accept`.
    public func accept() throws(SocketError) -> Socket {
        try blocking("accept", until: .readable) { () throws(SocketError) in try acceptNow() }
    }

    /// Waits for a connection.
    public func accept() async throws(SocketError) -> Socket {
        try await suspending("accept", until: .readable) { () throws(SocketError) in
            try acceptNow()
        }
    }

    /// Takes a connection that waits. POSIX `accept` with `O_NONBLOCK`. Its calls wait as long as
    /// the listener's.
    ///
    /// - Throws: `EAGAIN` when none does.
    public func acceptNow() throws(SocketError) -> Socket {
        let accepted = Socket(try backing.accept(), kind, family, on: network)
        accepted.receiveTimeout = receiveTimeout
        accepted.sendTimeout = sendTimeout
        return accepted
    }

    // MARK: - Bytes out

    /// Gives bytes to the peer, as many as there is room for, and waits while there is none; how
    /// many. POSIX `send`.
    ///
    /// - Throws: `EPIPE`, `ECONNRESET`, `ETIMEDOUT`, `ENOTCONN`, `EAGAIN` after the send timeout.
    public func send(_ bytes: Span<UInt8>) throws(SocketError) -> Int {
        try blocking("send", until: .writable) { () throws(SocketError) in
            try backing.send(bytes)
        }
    }

    /// Gives all of `bytes` to the peer, waiting for room as often as needed.
    public func sendAll(_ bytes: Span<UInt8>) throws(SocketError) {
        var sent = 0
        while sent < bytes.count {
            sent += try send(bytes.extracting(droppingFirst: sent))
        }
    }

    /// Gives all of `bytes` to the peer, waiting for room as often as needed.
    public func send(_ bytes: [UInt8]) async throws(SocketError) {
        var sent = 0
        while sent < bytes.count {
            let from = sent
            sent += try await suspending("send", until: .writable) { () throws(SocketError) in
                try backing.send(bytes.span.extracting(droppingFirst: from))
            }
        }
    }

    /// Gives bytes to the peer and does not wait; how many were taken. POSIX `send` with
    /// `MSG_DONTWAIT`.
    ///
    /// - Throws: `EAGAIN` when there is no room, or what `send` throws.
    public func sendNow(_ bytes: Span<UInt8>) throws(SocketError) -> Int {
        try backing.send(bytes)
    }

    // MARK: - Bytes in

    /// Waits for bytes and takes as many as there are and fit; how many, 0 at the end of the
    /// stream. POSIX `recv`.
    ///
    /// - Throws: `ECONNRESET`, `ETIMEDOUT`, `ENOTCONN`, `EAGAIN` after the receive timeout.
    public func receive(into buffer: inout MutableSpan<UInt8>) throws(SocketError) -> Int {
        let deadline = deadline(for: .readable)
        while true {
            do throws(SocketError) {
                return try receiveNow(into: &buffer)
            } catch {
                guard mayWait(after: error) else { throw error }
            }
            try block(until: .readable, deadline, in: "recv")
        }
    }

    /// Waits for bytes and takes as many as there are and fit; how many, 0 at the end of the
    /// stream.
    public func receive(into buffer: inout [UInt8]) async throws(SocketError) -> Int {
        let deadline = deadline(for: .readable)
        while true {
            do throws(SocketError) {
                var span = buffer.mutableSpan
                return try receiveNow(into: &span)
            } catch {
                guard mayWait(after: error) else { throw error }
            }
            try await suspendUntilReady(.readable, "recv", deadline)
        }
    }

    /// Takes bytes and does not wait; how many, 0 at the end of the stream. POSIX `recv` with
    /// `MSG_DONTWAIT`.
    ///
    /// - Throws: `EAGAIN` when none has come, or what `receive` throws.
    public func receiveNow(into buffer: inout MutableSpan<UInt8>) throws(SocketError) -> Int {
        try backing.receive(into: &buffer)
    }
}
