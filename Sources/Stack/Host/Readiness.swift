/// What an endpoint is ready for, as `poll` names it.
public struct Readiness: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Bytes, a datagram, a connection or the end of the stream can be taken (POLLIN).
    public static let readable = Readiness(rawValue: 1 << 0)
    /// Bytes can be given (POLLOUT).
    public static let writable = Readiness(rawValue: 1 << 1)
    /// An error waits (POLLERR).
    public static let error = Readiness(rawValue: 1 << 2)
    /// Nothing more can pass either way (POLLHUP).
    public static let hangup = Readiness(rawValue: 1 << 3)
    /// The peer sends no more (POLLRDHUP).
    public static let readHangup = Readiness(rawValue: 1 << 4)
    /// A connection was established since the endpoint was last asked.
    public static let connected = Readiness(rawValue: 1 << 5)
    /// An urgent byte waits; as an event also that one was announced (POLLPRI, SIGURG).
    public static let priority = Readiness(rawValue: 1 << 6)
    /// The peer has acknowledged all that was given and the end of our side: what `close` waits for
    /// with `SO_LINGER`.
    public static let drained = Readiness(rawValue: 1 << 7)
    /// What the last call waited for that found no room: of endpoints within the host, whose
    /// datagrams and connections wait for room at somebody who is no peer. A call that waits waits
    /// for this; `poll` knows nothing of it.
    public static let room = Readiness(rawValue: 1 << 8)
}
