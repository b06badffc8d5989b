import Devices
import Sockets
import Wire

/// A socket that the program holds and takes for an Internet one: a kernel AF_UNIX socket, our end
/// of it, and the socket of the network behind.
struct BorrowedSocket: ~Copyable {
    /// How far a stream is. Sockets of messages stay idle.
    enum Phase: Equatable {
        /// It can be connected.
        case idle
        /// It listens.
        case listening
        /// The handshake runs. With `end`, the program does not wait: its socket is connected to
        /// our end and stuffed, so that it does not poll writable. Without, it waits.
        case connecting
        /// Bytes flow; `isReported` when a connect call has returned success.
        case established(isReported: Bool)
        /// A connect that the program did not wait for has failed, and the AF_UNIX socket is used
        /// up; `isReported` when another connect call has returned the failure.
        case failed(isReported: Bool)
        /// Both directions have ended, or a reset has.
        case over
    }

    /// The socket that carries it.
    let socket: Socket
    /// What names the socket wherever the program passes it; 0 while it waits to be accepted.
    var inode: UInt64
    /// Where the program was last seen to hold it.
    var holder: CallerDescriptor
    /// The program's end, kept until connected where the machine forbids to fetch it later.
    var duplicate: Descriptor?

    var phase = Phase.idle
    /// Our end.
    var end: SystemSocket?
    /// Whether the set of the network's sockets has it.
    var isWatched = false
    /// Whether it was bound to the link to the gateway, for its peer's sake.
    var leavesByGateway = false
    /// Whether the set of programs knows whose port it has.
    var isNamed = false

    /// Whether the program has set options that its AF_UNIX socket keeps.
    var hasNativeOptions = false

    /// What SO_ERROR reports next, where the network's socket does not know it.
    var error: SocketError?

    /// Calls that wait for something to happen to this socket.
    var waits: [WaitingCall] = []

    /// Where connections are handed over while it listens.
    var handover: Handover?
    /// The port of the machine's on which it is reached from outside.
    var port: (any MachinePort)?

    /// Bytes we put into the program's socket so that it would not poll writable.
    var stuffing = Stuffing()
    var pump = StreamPump()
    var messages = MessageQueues()

    init(_ socket: Socket, inode: UInt64, holder: CallerDescriptor) {
        self.socket = socket
        self.inode = inode
        self.holder = holder
    }

    var isStream: Bool { socket.kind == .stream }

    var isConnected: Bool {
        if case .established = phase { true } else { false }
    }
}

/// A call that waits, and until when.
struct WaitingCall {
    let call: SystemCall
    /// In nanoseconds of CLOCK_MONOTONIC, nil for ever.
    let deadline: Int64?
    /// What it fails with then.
    let timeoutError: SocketError
}
