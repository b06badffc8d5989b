import Memory
import Stack

/// The calls on records: sequenced-packet sockets, which connect within a host. `listen`, `accept`,
/// `shutdown` and `close` are those of streams.
extension Socket {
    /// Makes two sockets of a host that are connected. POSIX `socketpair`.
    public static func pair(
        _ type: LocalType = .sequencedPacket, on host: HostDriver
    ) -> (Socket, Socket) {
        let (one, other) = host.withHost { host in host.openPair(type) }
        let ends = [one, other].map { id in
            Socket(
                HostEndpoint(id, .local(type), .inet, on: host), .local(type), .inet,
                on: Network(host))
        }
        return (ends[0], ends[1])
    }

    /// Gives the socket a name that others on the host connect to. POSIX `bind`.
    ///
    /// - Throws: `EADDRINUSE`, `EINVAL`, `EOPNOTSUPP` for other kinds.
    public func bind(to name: LocalName) throws(SocketError) {
        try onHost("bind") { (host: inout Host, endpoint) throws(StackError) in
            try host.bind(endpoint, to: name)
        }
    }

    /// Connects to who listens at `name`, and waits where too many wait there. POSIX `connect`.
    ///
    /// - Throws: `ECONNREFUSED` when nobody does, `ENOENT` when nobody has the name, `EPROTOTYPE`
    ///   when it is of another type, `EAGAIN` where it may not wait, `EISCONN`.
    public func connect(to name: LocalName) throws(SocketError) {
        try connect(to: .local(name))
    }

    /// Sends a record, whole, and waits for room. POSIX `send`.
    ///
    /// - Throws: `EMSGSIZE`, `EPIPE`, `ECONNRESET`, `ENOTCONN`, `ENOBUFS`, `EAGAIN` after the send
    ///   timeout.
    public func sendRecord(_ record: Span<UInt8>) throws(SocketError) {
        let deadline = deadline(for: .writable)
        while true {
            do throws(SocketError) {
                return try sendRecordNow(record)
            } catch {
                guard mayWait(after: error) else { throw error }
            }
            try block(until: .writable, deadline, in: "send")
        }
    }

    /// Sends a record, whole, and waits for room.
    public func sendRecord(_ record: [UInt8]) async throws(SocketError) {
        try await suspending("send", until: .writable) { () throws(SocketError) in
            try sendRecordNow(record.span)
        }
    }

    /// Sends a record, whole, or does not. POSIX `send` with `MSG_DONTWAIT`.
    ///
    /// - Throws: `EAGAIN` when there is no room, or what `sendRecord` throws.
    public func sendRecordNow(_ record: Span<UInt8>) throws(SocketError) {
        try onHost("send") { (host: inout Host, endpoint) throws(StackError) in
            try host.sendRecord(endpoint, record)
        }
    }

    /// Waits for a record; what does not fit into `buffer` is lost. nil when the peer sends no more.
    /// POSIX `recvmsg`.
    public func receiveRecord(
        into buffer: inout MutableSpan<UInt8>
    ) throws(SocketError) -> Host.Record? {
        let deadline = deadline(for: .readable)
        while true {
            do throws(SocketError) {
                return try receiveRecordNow(into: &buffer)
            } catch {
                guard mayWait(after: error) else { throw error }
            }
            try block(until: .readable, deadline, in: "recvmsg")
        }
    }

    /// Waits for a record; what does not fit into `buffer` is lost. nil when the peer sends no more.
    public func receiveRecord(into buffer: inout [UInt8]) async throws(SocketError) -> Host.Record?
    {
        let deadline = deadline(for: .readable)
        while true {
            do throws(SocketError) {
                var span = buffer.mutableSpan
                return try receiveRecordNow(into: &span)
            } catch {
                guard mayWait(after: error) else { throw error }
            }
            try await suspendUntilReady(.readable, "recvmsg", deadline)
        }
    }

    /// Takes a record and does not wait. POSIX `recvmsg` with `MSG_DONTWAIT`.
    ///
    /// - Throws: `EAGAIN` when none has come.
    public func receiveRecordNow(
        into buffer: inout MutableSpan<UInt8>
    ) throws(SocketError) -> Host.Record? {
        try onHost("recvmsg") { (host: inout Host, endpoint) throws(StackError) in
            try host.receiveRecord(endpoint, into: &buffer)
        }
    }
}
