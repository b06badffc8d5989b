import CLinux
import Glibc
import Memory
import Stack
import Synchronization

/// A link over a UNIX stream socket: four bytes of length, most significant first, before each
/// Ethernet frame, as QEMU's `-netdev stream` and passt speak it.
///
/// There is one peer at a time. What is sent while there is none is lost and counted. A peer that
/// names a length no frame has is cut off. Any thread may use it; one may receive while another
/// sends.
public final class UNIXStreamLink: Sendable {
    /// Who calls whom.
    public enum Role: Equatable, Sendable {
        /// Connects to whoever listens at the path.
        case client
        /// Makes the path and takes the first who comes; others wait for their turn.
        case server
    }

    /// What follows when the peer goes.
    public enum Ending: Equatable, Sendable {
        /// The link waits for the next peer: a client tries to reach one each second, at first too.
        case waitsForNext
        /// The link ends: `receive` throws `ENOTCONN` from then on.
        case ends
    }

    public let capabilities: DeviceCapabilities
    private let state: Mutex<UNIXStreamState>
    private let output = Mutex(RecordWriter())
    /// Readable when frames may wait or a peer comes; belongs to the link.
    public let descriptor: Int32
    /// When `receive` is to be called again without the descriptor telling, in nanoseconds: for
    /// frames that were read already, and for what the link does by itself.
    private let inputDeadline = Atomic(Instant.never.nanoseconds)
    private let outputDeadline = Atomic(Instant.never.nanoseconds)

    /// - Parameters:
    ///   - path: Behind `@` a name of the abstract namespace, which anybody may connect to; the
    ///     file of a server is for this user only, and is removed at the end.
    ///   - mtu: The most bytes of an IP packet: 68 to 65,535.
    ///   - pools: Where frames that come in take their memory.
    /// - Throws: Of a server `EADDRINUSE` when somebody listens there already, `ENOENT` or
    ///   `EACCES` when the directory does not take the path. Of a client `EACCES`, and unless it
    ///   waits for the next peer `ENOENT` or `ECONNREFUSED` when nobody listens.
    public init(
        _ path: String, as role: Role, whenPeerGoes ending: Ending = .waitsForNext,
        mtu: Int = 1500, pools: BufferPools
    ) throws(DeviceError) {
        capabilities = DeviceCapabilities(mtu: min(max(68, mtu), 65535))
        var state = try UNIXStreamState(path, ending, pools)
        switch role {
        case .client: try state.connectFirst()
        case .server: try state.listen(path)
        }
        descriptor = state.descriptor
        if let connection = state.connection {
            output.withLock { $0.attach(connection) }
        }
        inputDeadline.store(state.deadline.nanoseconds, ordering: .relaxed)
        self.state = Mutex(state)
    }

    /// A link over a connection that was made already; it ends with it.
    ///
    /// - Parameters:
    ///   - stream: Nobody else uses it from now on.
    ///   - path: Where it was accepted.
    /// - Throws: `EMFILE` or `ENFILE` when no descriptor can be had.
    public init(
        _ stream: LocalStream, acceptedAt path: String, mtu: Int = 1500, pools: BufferPools
    ) throws(DeviceError) {
        capabilities = DeviceCapabilities(mtu: min(max(68, mtu), 65535))
        var state = try UNIXStreamState(path, .ends, pools)
        try state.take(stream)
        descriptor = state.descriptor
        if let connection = state.connection { output.withLock { $0.attach(connection) } }
        self.state = Mutex(state)
    }

    static func bindingAdvice(_ code: Int32) -> String {
        switch code {
        case EADDRINUSE: "somebody uses that path, or it is no socket"
        case ENAMETOOLONG: "a path has at most 107 bytes"
        case EINVAL: "that is no path"
        default: ""
        }
    }

    /// Whether a peer is there.
    public var isConnected: Bool { state.withLock { $0.connection != nil } }

    /// Whether the link's peer has gone, and no other is waited for.
    public var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// Removes the file of a server's path, where nobody shall come any more.
    public func giveUpPath() { state.withLock { $0.giveUpPath() } }

    /// What was dropped so far.
    public var counters: DeviceCounters {
        state.withLock { $0.counters } + output.withLock { $0.counters }
    }

    /// When `receive` has something to do without the descriptor telling of it.
    public var nextDeadline: Instant {
        Instant(
            nanoseconds: min(
                inputDeadline.load(ordering: .relaxed), outputDeadline.load(ordering: .relaxed)))
    }

    /// The next frame that has come in, nil when there is none at the moment.
    ///
    /// - Throws: `ENOTCONN` when the peer has gone and the link ends with it.
    public func receive() throws(DeviceError) -> Packet? {
        if outputDeadline.load(ordering: .relaxed) != Instant.never.nanoseconds {
            output.withLock { output in settle(&output) }
        }
        return try state.withLock { (state) throws(DeviceError) in
            let packet = state.next { connection in output.withLock { $0.attach(connection) } }
            inputDeadline.store(state.deadline.nanoseconds, ordering: .relaxed)
            guard packet == nil, state.hasEnded else { return packet }
            throw DeviceError(operation: "read from \(state.label)", code: ENOTCONN)
        }
    }

    /// Sends a frame, which comes back when the peer has not read what was sent before.
    public func send(_ packet: consuming Packet) -> DeviceSendResult {
        var offered: Packet? = packet
        return output.withLock { output in
            guard let packet = offered.take() else { return .sent }
            let result = output.send(packet)
            settle(&output)
            return result
        }
    }

    /// Sends what is left of a record, and sees to it that somebody tries again if something is.
    private func settle(_ output: inout RecordWriter) {
        let isDone = output.flush()
        let deadline = isDone ? Instant.never : MonotonicClock.now() + .microseconds(200)
        outputDeadline.store(deadline.nanoseconds, ordering: .relaxed)
    }
}
