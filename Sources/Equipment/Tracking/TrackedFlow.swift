import Stack
import Wire

/// What is remembered of a flow.
public struct TrackedFlow: Sendable {
    /// What passed in one direction.
    public struct Traffic: Hashable, Sendable {
        public var packets: UInt64 = 0
        /// Of whole IP packets.
        public var bytes: UInt64 = 0

        public init() {}
    }

    /// As the packets of whoever began bear it.
    public let original: FlowTuple
    /// As the packets that answer bear it: the original reversed, unless somebody translates.
    public let reply: FlowTuple
    public internal(set) var phase: FlowPhase
    /// When it is forgotten if nothing of it is seen.
    public internal(set) var deadline: Instant
    /// What passed from whoever began, and what was answered.
    public internal(set) var sent = Traffic()
    public internal(set) var answered = Traffic()
    /// The owner's.
    public var mark: UInt32 = 0
    /// Neighbours in the list of all flows of this phase, by place.
    var next: UInt32
    var previous: UInt32
    var tcp: TCPTracking?

    init(_ original: FlowTuple, _ reply: FlowTuple, _ phase: FlowPhase, until deadline: Instant) {
        self.original = original
        self.reply = reply
        self.phase = phase
        self.deadline = deadline
        next = .max
        previous = .max
    }
}
