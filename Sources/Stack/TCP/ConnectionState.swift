/// The states of a connection (RFC 9293 §3.3.2).
///
/// LISTEN belongs to a `Listener`, SYN-RECEIVED of a passive open to a `HalfOpen`, TIME-WAIT to a
/// `TimeWait`: each has a small form of its own.
public enum ConnectionState: UInt8, Sendable {
    case closed
    case listen
    case synSent
    case synReceived
    case established
    case finWait1
    case finWait2
    case closeWait
    case closing
    case lastAck
    case timeWait

    /// Whether both sides know each other's sequence numbers.
    var isSynchronized: Bool {
        switch self {
        case .closed, .listen, .synSent: false
        default: true
        }
    }

    /// Whether the application may still give data.
    var maySend: Bool { self == .established || self == .closeWait }

    /// Whether the peer may still send data.
    var mayReceive: Bool { self == .established || self == .finWait1 || self == .finWait2 }

    /// The RFC's name of the state.
    public var name: String {
        switch self {
        case .closed: "CLOSED"
        case .listen: "LISTEN"
        case .synSent: "SYN-SENT"
        case .synReceived: "SYN-RECEIVED"
        case .established: "ESTABLISHED"
        case .finWait1: "FIN-WAIT-1"
        case .finWait2: "FIN-WAIT-2"
        case .closeWait: "CLOSE-WAIT"
        case .closing: "CLOSING"
        case .lastAck: "LAST-ACK"
        case .timeWait: "TIME-WAIT"
        }
    }
}
