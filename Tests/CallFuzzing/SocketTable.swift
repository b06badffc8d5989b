import Sockets
import Synchronization

/// The sockets that fuzzed calls are made on, shared by all who make them: any may be closed under
/// the hands of others.
public final class SocketTable: Sendable {
    private let sockets = Mutex<[Socket]>([])
    private let limit: Int

    public init(limit: Int) { self.limit = limit }

    func add(_ socket: Socket) {
        let evicted = sockets.withLock { sockets -> Socket? in
            sockets.append(socket)
            return sockets.count > limit ? sockets.removeFirst() : nil
        }
        evicted?.close()
    }

    func pick(_ choice: (Int) -> Int) -> Socket? {
        sockets.withLock { sockets in
            sockets.isEmpty ? nil : sockets[choice(sockets.count)]
        }
    }

    func remove(_ socket: Socket) {
        // The last reference goes outside of the lock.
        let gone = sockets.withLock { sockets in
            let gone = sockets.filter { $0 === socket }
            sockets.removeAll { $0 === socket }
            return gone
        }
        withExtendedLifetime(gone) {}
    }

    public func closeAll() {
        let all = sockets.withLock { sockets in
            defer { sockets = [] }
            return sockets
        }
        for socket in all { socket.close() }
    }
}
