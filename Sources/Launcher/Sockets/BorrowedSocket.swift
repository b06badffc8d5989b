import Wire

/// A socket that the program holds and takes for an Internet one: a kernel AF_UNIX socket, our end
/// of it, and the flow behind.
struct BorrowedSocket: ~Copyable {
    enum Kind {
        case stream, datagram
    }

    /// How far a stream is. A datagram socket stays idle.
    enum Phase: Equatable {
        /// It can be connected.
        case idle
        /// The flow's handshake runs. With `end`, the program does not wait: its socket is
        /// connected to our end and stuffed, so that it does not poll writable. Without, it waits.
        case connecting
        /// Bytes flow; `isReported` when a connect call has returned success.
        case established(isReported: Bool)
        /// A connect that the program did not wait for has failed, and the AF_UNIX socket is used
        /// up; `isReported` when another connect call has returned the failure.
        case failed(isReported: Bool)
        /// Both directions have ended, or a reset has.
        case over
    }

    let kind: Kind
    /// What names the socket wherever the program passes it.
    var inode: UInt64
    /// Where the program was last seen to hold it.
    var holder: CallerDescriptor
    /// The program's end, kept until connected where the machine forbids to fetch it later.
    var duplicate: Descriptor?

    var phase = Phase.idle
    var flow: FlowID?
    /// Our end.
    var end: Descriptor?

    /// What bind(2) has fixed, for as long as the socket lives.
    var bound: SocketAddress?
    var local: SocketAddress?
    var remote: SocketAddress?
    /// What SO_ERROR reports next.
    var error: SystemError?
    var options = SocketOptions()

    /// Calls that wait for something to happen to this socket.
    var waits: [WaitingCall] = []

    /// Bytes we put into the program's socket so that it would not poll writable.
    var stuffing = Stuffing()
    var pump = StreamPump()
    var arrivals = DatagramList()

    init(kind: Kind, inode: UInt64, holder: CallerDescriptor) {
        self.kind = kind
        self.inode = inode
        self.holder = holder
    }
}

/// A call that waits, and until when.
struct WaitingCall {
    let call: SystemCall
    /// In nanoseconds of CLOCK_MONOTONIC, nil for ever.
    let deadline: Int64?
}
