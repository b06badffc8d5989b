import Devices
import Stack

/// Closing that waits for the peer. POSIX `close` with `SO_LINGER`.
extension Socket {
    /// Ends our side of a stream, waits until the peer has acknowledged all of it, as long as the
    /// stream's option `linger` says, and lets go of the socket; whether all was acknowledged. What
    /// was not still arrives, but nobody learns of it.
    ///
    /// Without that option, and for sockets of other kinds, it is `close`.
    @discardableResult
    public func closeLingering() -> Bool {
        guard let limit = beginLingering() else { return true }
        let deadline = network.time.now() + limit
        while !isDrained {
            do throws(SocketError) {
                try block(until: .drained, deadline, in: "close")
            } catch {
                break
            }
        }
        return endLingering()
    }

    /// Ends our side of a stream, waits until the peer has acknowledged all of it, as long as the
    /// stream's option `linger` says or until the task is cancelled, and lets go of the socket;
    /// whether all was acknowledged.
    @discardableResult
    public func closeLingering() async -> Bool {
        guard let limit = beginLingering() else { return true }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !self.isDrained {
                    do throws(SocketError) {
                        try await self.suspendUntilReady(.drained, "close")
                    } catch {
                        return
                    }
                }
            }
            group.addTask { try? await self.network.clock.sleep(for: Duration(limit)) }
            _ = await group.next()
            group.cancelAll()
        }
        return endLingering()
    }

    /// Ends our side; nil where there is nothing to wait for, and the socket is closed.
    private func beginLingering() -> Interval? {
        let limit = try? onHost("close") { (host: inout Host, endpoint) throws(StackError) in
            let limit = try host.streamOptions(of: endpoint).linger
            if let limit, limit > .zero { try host.shutdownSend(endpoint) }
            return limit
        }
        guard let limit = limit ?? nil, limit > .zero else {
            close()
            return nil
        }
        return limit
    }

    private var isDrained: Bool { (try? readiness)?.contains(.drained) ?? true }

    private func endLingering() -> Bool {
        let isDrained = isDrained
        close()
        return isDrained
    }
}
