import Memory

/// An endpoint that reaches others of its host only: `AF_UNIX`.
struct LocalSocket: ~Copyable {
    enum State {
        case idle
        case listening(backlog: Int)
        case connected
    }

    /// nil while it waits to be accepted.
    var endpoint: SlabIndex?
    let type: LocalType
    /// A datagram endpoint stays idle; it has a peer or has not.
    var state = State.idle
    var name: LocalName?
    /// Whether the name leads here; those that were accepted only bear their listener's.
    var ownsName = false
    /// The other end, or where datagrams go; it may be gone.
    var peer: SlabIndex?
    /// The peer's name when it went.
    var lastPeerName: LocalName?
    /// Ends of connections that nobody has accepted yet.
    var waiting = Ring<SlabIndex>()
    var messages = Ring<LocalMessage>()
    /// The bytes of `messages`, one after the other.
    var bytes: ByteQueue
    /// What was sent and has not been read, in the measure of `LocalCharge`.
    var charged = 0
    var sendBuffer: UInt32 = LocalLayer.defaultSendBuffer
    var error: StackError?
    /// No more is sent, no more is taken. On a connection both sides say so at once.
    var sendIsShut = false
    var receiveIsShut = false
    var credentials: Credentials
    /// Those of the peer when the connection was made (`SO_PEERCRED`).
    var peerCredentials: Credentials?
    /// Whether messages come with credentials (`SO_PASSCRED`).
    var passesCredentials = false
    /// Who had no room when this one called last.
    var heldBy: SlabIndex?
    /// Who found no room here.
    var held: [SlabIndex] = []
    /// Datagram endpoints that have this one for a peer.
    var followers: [SlabIndex] = []

    init(
        endpoint: SlabIndex?, _ type: LocalType, _ credentials: Credentials,
        bytes: consuming ByteQueue
    ) {
        self.endpoint = endpoint
        self.type = type
        self.credentials = credentials
        self.bytes = bytes
    }

    /// Whether one more datagram, or connection at a listener, is one too many.
    var isFull: Bool {
        if case .listening(let backlog) = state { return waiting.count > backlog }
        return messages.count > LocalLayer.datagramLimit
    }

    /// Whether what was sent leaves room enough to go on, as Linux counts it.
    var hasRoom: Bool { charged &* 4 <= Int(sendBuffer) }

    var isConnected: Bool {
        if case .connected = state { return true }
        return false
    }

    var isListening: Bool {
        if case .listening = state { return true }
        return false
    }

    mutating func takeError() -> StackError? {
        let taken = error
        error = nil
        return taken
    }

    /// Puts a message at the end; whether there was memory for all of it, without which nothing of
    /// it stays.
    mutating func append(_ message: LocalMessage, _ content: Span<UInt8>) -> Bool {
        let before = bytes.count
        guard bytes.append(content) == content.count else {
            bytes.truncate(to: before)
            return false
        }
        messages.append(message)
        return true
    }
}

/// The types of endpoints within a host.
public enum LocalType: UInt8, Hashable, Sendable {
    /// `SOCK_STREAM`
    case stream
    /// `SOCK_DGRAM`
    case datagram
    /// `SOCK_SEQPACKET`
    case sequencedPacket
}
