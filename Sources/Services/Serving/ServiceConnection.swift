import Glibc
import Memory
import Sockets
import Stack
import Synchronization
import Wire

/// A connection that a service holds, with the moment until which it waits for the peer.
///
/// Where the deadline passes, the connection is reset under whoever waits on it: the call fails
/// with `EBADF`.
public final class ServiceConnection: Sendable {
    let socket: Socket
    /// In nanoseconds of the network's clock.
    private let deadline = Atomic<Int64>(Instant.never.nanoseconds)

    init(_ socket: Socket) { self.socket = socket }

    /// Gives the peer so much time from now on, for whatever is done next.
    func allow(_ time: Duration) {
        let end = socket.network.clock.now + Interval(time)
        deadline.store(end.nanoseconds, ordering: .relaxed)
    }

    /// Whether its time is over at `now`.
    func isOverdue(at now: Instant) -> Bool {
        deadline.load(ordering: .relaxed) <= now.nanoseconds
    }

    /// The time of day where the service runs.
    var secondsSince1970: Int64 { socket.network.timeOfDay.components.seconds }

    // MARK: - Bytes

    /// Gives the first `count` bytes of `bytes` to the peer, waiting for room as often as needed.
    func send(_ bytes: [UInt8], first count: Int) async throws(SocketError) {
        guard count < bytes.count else { return try await socket.send(bytes) }
        let sent = try sendWithoutWaiting(bytes.span.extracting(first: count))
        if sent < count { try await socket.send(Array(bytes[sent..<count])) }
    }

    private func sendWithoutWaiting(_ bytes: Span<UInt8>) throws(SocketError) -> Int {
        do throws(SocketError) {
            return try socket.sendNow(bytes)
        } catch {
            guard error.isWouldBlock else { throw error }
            return 0
        }
    }

    // MARK: - The end

    /// Ends both sides without waiting: what was sent still arrives, and then the end of the
    /// stream. What the peer has sent so far is dropped, or the connection would be reset.
    func endNow() {
        try? socket.shutdown(.sending)
        var dropped = [UInt8](repeating: 0, count: 65_536)
        // As much as the largest receive buffer holds; who sends faster than that is reset.
        for _ in 0..<256 {
            var span = dropped.mutableSpan
            guard let count = try? socket.receiveNow(into: &span), count > 0 else { break }
        }
        socket.close()
    }

    /// Ends our side, waits a little for the peer to end its own and drops what it still sends:
    /// bytes that nobody read would reset the connection, and what was sent last be lost
    /// (RFC 9112 §9.6, RFC 2525 §2.17).
    func finish(within time: Duration = .seconds(5)) async throws(SocketError) {
        try socket.shutdown(.sending)
        allow(time)
        var dropped = [UInt8](repeating: 0, count: 16_384)
        while try await socket.receive(into: &dropped) > 0 {}
    }
}
