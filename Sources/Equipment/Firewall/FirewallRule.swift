import Wire

/// Which way a flow goes, seen from the host that is fenced: which way its first packet goes.
public enum FlowDirection: UInt8, Hashable, Sendable {
    case outgoing
    case incoming
}

/// Port numbers from one to another.
public struct PortRange: Hashable, Sendable {
    public let first: UInt16
    public let last: UInt16

    /// Nil where the last comes before the first.
    public init?(_ first: UInt16, _ last: UInt16) {
        guard first <= last else { return nil }
        self.first = first
        self.last = last
    }

    public func contains(_ port: UInt16) -> Bool { port >= first && port <= last }
}

/// Which flows may pass or may not; whatever is nil is not asked for.
public struct FirewallRule: Hashable, Sendable {
    /// What becomes of the flows that a rule matches.
    public enum Action: Hashable, Sendable {
        case allow
        /// The sender is told: by a reset (TCP), else by "administratively prohibited".
        case deny
        /// The sender learns nothing.
        case denySilently
    }

    public var action: Action
    public var direction: FlowDirection?
    public var proto: IPProtocol?
    /// Where the flow's first packet comes from.
    public var from: IPPrefix?
    /// Where the flow's first packet goes.
    public var to: IPPrefix?
    /// The port that the flow's first packet goes to is in one of these; none for any.
    public var ports: [PortRange] = []
    /// The port that it comes from is in one of these; none for any.
    public var sourcePorts: [PortRange] = []
    /// The name of the program on the fenced host.
    public var program: String?
    /// Whether a line is logged for each flow.
    public var logs = false

    /// A rule that matches everything.
    public init(_ action: Action) { self.action = action }

    /// Whether a flow matches, as far as its packet tells.
    func matches(_ tuple: FlowTuple, _ direction: FlowDirection) -> Bool {
        if let wanted = self.direction, wanted != direction { return false }
        if let wanted = proto, wanted != tuple.proto { return false }
        if let from, !from.contains(tuple.source) { return false }
        if let to, !to.contains(tuple.destination) { return false }
        return Self.holds(ports, tuple.destinationPort, tuple)
            && Self.holds(sourcePorts, tuple.sourcePort, tuple)
    }

    private static func holds(_ ranges: [PortRange], _ port: UInt16, _ tuple: FlowTuple) -> Bool {
        guard !ranges.isEmpty else { return true }
        guard tuple.hasPorts else { return false }
        for range in ranges where range.contains(port) { return true }
        return false
    }
}
