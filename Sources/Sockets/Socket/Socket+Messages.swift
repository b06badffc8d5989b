import Glibc
import Stack

/// Messages with all that may go beside their bytes: POSIX `sendmsg` and `recvmsg`.
extension Socket {
    // MARK: - Out

    /// Sends a message, or bytes of a stream as many as there is room for, and waits while there is
    /// none; how many bytes were taken. POSIX `sendmsg`.
    ///
    /// - Parameters:
    ///   - name: Where to; nil for the connected peer.
    ///   - control: What goes beside the bytes.
    ///   - flags: With `dontWait` it does not wait.
    /// - Throws: What `send` throws; `EDESTADDRREQ`, `EMSGSIZE`, `EINVAL` for control messages that
    ///   mean nothing here; `EAGAIN` where it may not wait.
    public func sendMessage(
        _ bytes: Span<UInt8>, to name: SocketName? = nil, control: [ControlMessage] = [],
        flags: MessageFlags = []
    ) throws(SocketError) -> Int {
        if let peer = try peerToOpen(name, flags) { try connect(to: peer) }
        return try blocking("sendmsg", until: .writable, flags) { () throws(SocketError) in
            try backing.send(bytes, to: name, control, flags)
        }
    }

    /// Sends a message, or bytes of a stream as many as there is room for, and waits while there is
    /// none; how many bytes were taken.
    public func sendMessage(
        _ bytes: [UInt8], to name: SocketName? = nil, control: [ControlMessage] = [],
        flags: MessageFlags = []
    ) async throws(SocketError) -> Int {
        if let peer = try peerToOpen(name, flags) { try await connect(to: peer) }
        return try await suspending("sendmsg", until: .writable, flags) {
            () throws(SocketError) in try backing.send(bytes.span, to: name, control, flags)
        }
    }

    /// Whom a stream is to be connected to before it sends (`fastOpen`). The kernel does that itself;
    /// a host of Sockeye's bytes follow the handshake so far.
    private func peerToOpen(
        _ name: SocketName?, _ flags: MessageFlags
    ) throws(SocketError) -> SocketName? {
        guard flags.contains(.fastOpen), kind == .stream, backing is HostEndpoint else {
            return nil
        }
        guard (try? remoteName) == nil else { throw SocketError(EISCONN, in: "sendmsg") }
        guard let name, name.address != nil else { throw SocketError(EOPNOTSUPP, in: "sendmsg") }
        return name
    }

    /// Sends one message, or bytes of a stream, gathered from several places. POSIX `writev`.
    ///
    /// - Throws: What `sendMessage` throws.
    public func send(
        gathering parts: [[UInt8]], flags: MessageFlags = []
    ) throws(SocketError) -> Int {
        try sendMessage(Array(parts.joined()).span, flags: flags)
    }

    // MARK: - In

    /// Waits for a message, or for bytes of a stream, and takes as many bytes as fit. POSIX
    /// `recvmsg`.
    ///
    /// - Parameter flags: With `dontWait` it does not wait, with `waitAll` it waits until a stream
    ///   has filled `buffer`, ended or failed; with `peek` all stays where it is.
    /// - Throws: What `receive` throws; `EAGAIN` where it may not wait.
    public func receiveMessage(
        into buffer: inout MutableSpan<UInt8>, flags: MessageFlags = []
    ) throws(SocketError) -> ReceivedMessage {
        let deadline = deadline(for: .readable)
        var collection = Collection(
            isNonblocking ? flags.union(.dontWait) : flags, limit: buffer.count, kind)
        while true {
            var rest = buffer._mutatingExtracting(droppingFirst: collection.count)
            do throws(SocketError) {
                let message = try backing.receiveMessage(into: &rest, collection.flags)
                if let whole = collection.add(message, endsAtMark: isAtMarkOfHost) { return whole }
            } catch {
                guard mayWait(after: error, flags) else { return try collection.end(error) }
            }
            do throws(SocketError) {
                try block(until: .readable, deadline, in: "recvmsg")
            } catch {
                return try collection.end(error)
            }
        }
    }

    /// Waits for a message, or for bytes of a stream, and takes as many bytes as fit.
    public func receiveMessage(
        into buffer: inout [UInt8], flags: MessageFlags = []
    ) async throws(SocketError) -> ReceivedMessage {
        var collection = Collection(
            isNonblocking ? flags.union(.dontWait) : flags, limit: buffer.count, kind)
        let deadline = deadline(for: .readable)
        while true {
            do throws(SocketError) {
                var span = buffer.mutableSpan
                var rest = span._mutatingExtracting(droppingFirst: collection.count)
                let message = try backing.receiveMessage(into: &rest, collection.flags)
                if let whole = collection.add(message, endsAtMark: isAtMarkOfHost) { return whole }
            } catch {
                guard mayWait(after: error, flags) else { return try collection.end(error) }
            }
            do throws(SocketError) {
                try await suspendUntilReady(.readable, "recvmsg", deadline)
            } catch {
                return try collection.end(error)
            }
        }
    }

    /// Waits for a message, or for bytes of a stream, and scatters them over several places, each
    /// filled before the next. POSIX `readv`.
    ///
    /// - Parameter counts: How many bytes each place has.
    /// - Throws: What `receiveMessage` throws.
    public func receive(
        scattering counts: [Int], flags: MessageFlags = []
    ) throws(SocketError) -> [[UInt8]] {
        var bytes = [UInt8](repeating: 0, count: counts.reduce(0, +))
        var span = bytes.mutableSpan
        let count = try receiveMessage(into: &span, flags: flags).count
        var parts: [[UInt8]] = []
        var from = 0
        for size in counts {
            let end = min(from + size, count)
            parts.append(Array(bytes[min(from, end)..<end]))
            from += size
        }
        return parts
    }

    private var isAtMarkOfHost: Bool {
        kind == .stream && network.host != nil && (try? isAtMark) == true
    }

    /// What one call has received so far: with `waitAll` a stream's bytes come in parts.
    private struct Collection {
        let flags: MessageFlags
        private let limit: Int
        private let waitsForAll: Bool
        private var message: ReceivedMessage?

        init(_ flags: MessageFlags, limit: Int, _ kind: Kind) {
            self.flags = flags.subtracting(.waitAll)
            self.limit = limit
            // Messages come whole or not at all.
            waitsForAll =
                flags.contains(.waitAll) && !flags.contains(.dontWait)
                && (kind == .stream || kind == .local(.stream))
        }

        var count: Int { flags.contains(.peek) ? 0 : message?.count ?? 0 }

        /// Adds what was received; all of it if that is enough.
        mutating func add(
            _ part: ReceivedMessage, endsAtMark: @autoclosure () -> Bool
        ) -> ReceivedMessage? {
            guard waitsForAll else { return part }
            var whole = part
            whole.count += count
            whole.fullCount = whole.count
            message = whole
            // What comes before an urgent byte is not joined with what follows it.
            return part.count == 0 || whole.count >= limit || endsAtMark() ? whole : nil
        }

        /// Ends early: what there is goes before the error.
        func end(_ error: SocketError) throws(SocketError) -> ReceivedMessage {
            guard let message, message.count > 0 else { throw error }
            return message
        }
    }
}
