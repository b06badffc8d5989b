import Memory
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
        guard try begin(address) else { return }
        try blocking("connect", until: .writable) { (host: inout Host) throws(StackError) in
            try Self.handshakeEnd(&host, endpoint)
        }
    }

    /// Connects to a peer and waits until the handshake is done.
    public func connect(to address: SocketAddress) async throws(SocketError) {
        guard try begin(address) else { return }
        let endpoint = endpoint
        try await suspending("connect", until: .writable) {
            (host: inout Host) throws(StackError) in try Self.handshakeEnd(&host, endpoint)
        }
    }

    /// Begins to connect and does not wait; `connected` or an error is told later. POSIX `connect`
    /// with `O_NONBLOCK`.
    ///
    /// - Throws: `EINPROGRESS` when the handshake began, or what `connect` throws.
    public func beginConnect(to address: SocketAddress) throws(SocketError) {
        try call("connect") { (host: inout Host) throws(StackError) in
            try host.connect(endpoint, to: address)
        }
    }

    /// Begins to connect; whether there is something to wait for.
    private func begin(_ address: SocketAddress) throws(SocketError) -> Bool {
        try call("connect") { (host: inout Host) throws(StackError) in
            do throws(StackError) {
                try host.connect(endpoint, to: address)
                return false
            } catch .inProgress {
                return true
            } catch {
                throw error
            }
        }
    }

    /// How the handshake ended.
    private static func handshakeEnd(
        _ host: inout Host, _ endpoint: EndpointID
    ) throws(StackError) {
        if let error = try host.takeError(of: endpoint) { throw error }
        let ready = try host.readiness(of: endpoint)
        if ready.contains(.hangup) { throw .connectionAborted }
        do throws(StackError) {
            _ = try host.remoteAddress(of: endpoint)
        } catch .notConnected {
            throw .wouldBlock
        } catch {
            throw error
        }
    }

    // MARK: - Listening

    /// Lets peers connect. POSIX `listen`.
    ///
    /// - Parameter backlog: Connections that may wait for `accept`, 0 to 4,096.
    public func listen(backlog: Int = 128) throws(SocketError) {
        try call("listen") { (host: inout Host) throws(StackError) in
            try host.listen(endpoint, backlog: backlog)
        }
    }

    /// Waits for a connection. POSIX `accept`.
    public func accept() throws(SocketError) -> Socket {
        let accepted = try blocking("accept", until: .readable) {
            (host: inout Host) throws(StackError) in try host.accept(endpoint)
        }
        return Socket(accepted, kind, on: host)
    }

    /// Waits for a connection.
    public func accept() async throws(SocketError) -> Socket {
        let endpoint = endpoint
        let accepted = try await suspending("accept", until: .readable) {
            (host: inout Host) throws(StackError) in try host.accept(endpoint)
        }
        return Socket(accepted, kind, on: host)
    }

    /// Takes a connection that waits. POSIX `accept` with `O_NONBLOCK`.
    ///
    /// - Throws: `EAGAIN` when none does.
    public func acceptNow() throws(SocketError) -> Socket {
        let accepted = try call("accept") { (host: inout Host) throws(StackError) in
            try host.accept(endpoint)
        }
        return Socket(accepted, kind, on: host)
    }

    // MARK: - Bytes out

    /// Gives bytes to the peer, as many as there is room for, and waits while there is none; how
    /// many. POSIX `send`.
    ///
    /// - Throws: `EPIPE`, `ECONNRESET`, `ETIMEDOUT`, `ENOTCONN`, `EAGAIN` after the send timeout.
    public func send(_ bytes: Span<UInt8>) throws(SocketError) -> Int {
        try blocking("send", until: .writable) { (host: inout Host) throws(StackError) in
            try host.send(endpoint, bytes)
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
        let endpoint = endpoint
        var sent = 0
        while sent < bytes.count {
            let from = sent
            sent += try await suspending("send", until: .writable) {
                (host: inout Host) throws(StackError) in
                try host.send(endpoint, bytes.span.extracting(droppingFirst: from))
            }
        }
    }

    /// Gives bytes to the peer and does not wait; how many were taken. POSIX `send` with
    /// `MSG_DONTWAIT`.
    ///
    /// - Throws: `EAGAIN` when there is no room, or what `send` throws.
    public func sendNow(_ bytes: Span<UInt8>) throws(SocketError) -> Int {
        try call("send") { (host: inout Host) throws(StackError) in
            try host.send(endpoint, bytes)
        }
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
                guard error.isWouldBlock else { throw error }
            }
            try waitUntilReady(.readable, "recv", deadline)
        }
    }

    /// Waits for bytes and takes as many as there are and fit; how many, 0 at the end of the
    /// stream.
    public func receive(into buffer: inout [UInt8]) async throws(SocketError) -> Int {
        while true {
            do throws(SocketError) {
                var span = buffer.mutableSpan
                return try receiveNow(into: &span)
            } catch {
                guard error.isWouldBlock else { throw error }
            }
            try await suspendUntilReady(.readable, "recv")
        }
    }

    /// Takes bytes and does not wait; how many, 0 at the end of the stream. POSIX `recv` with
    /// `MSG_DONTWAIT`.
    ///
    /// - Throws: `EAGAIN` when none has come, or what `receive` throws.
    public func receiveNow(into buffer: inout MutableSpan<UInt8>) throws(SocketError) -> Int {
        do throws(StackError) {
            return try host.withHost { (host: inout Host) throws(StackError) in
                try host.receive(endpoint, into: &buffer)
            }
        } catch {
            throw SocketError(error, in: "recv")
        }
    }
}
