import Devices
import Stack
import Wire

/// A connection inside and one of the machine's, bound together.
final class StreamFlow: KernelMember {
    enum Phase {
        /// The machine connects; nothing was said inside.
        case connecting(StreamRequest)
        /// Carried in from outside: the host inside is asked.
        case entering
        /// A connection inside that is there waits for the machine's.
        case joining
        /// Both handshakes are over, or that inside goes on in the name of the destination.
        case open
        case over
    }

    let socket: SystemSocket
    var place: Int?
    var phase: Phase
    var endpoint: EndpointID?
    /// Bytes that go out before those from inside.
    var preface: [UInt8] = []
    /// Whom else to ask where it is a connection to a name server.
    var names: NameStream?

    /// What the machine's socket is ready for, as far as is known: it tells of changes only.
    var isReadable = false
    var isWritable = false
    /// The machine's side sends no more, as it said, or as was read.
    var isEnding = false
    var hasEnded = false
    /// Inside nothing more is sent, and the machine's side was told.
    var hasEndedInside = false
    /// How many bytes are asked for: more where all came.
    var readCount = StreamFlow.smallRead

    static let smallRead = 16_384
    static let largeRead = 256 << 10

    init(_ socket: SystemSocket, _ phase: Phase) {
        self.socket = socket
        self.phase = phase
    }

    func isReady(
        _ ready: Poller.Interest, _ gateway: Gateway, _ host: inout Host, at now: Instant
    ) {
        if ready.contains(.readable) { isReadable = true }
        if ready.contains(.writable) { isWritable = true }
        if !ready.isDisjoint(with: [.ended, .hungUp, .failed]) {
            isEnding = true
            isReadable = true
            isWritable = true
        }
        gateway.run(self, &host)
    }
}
