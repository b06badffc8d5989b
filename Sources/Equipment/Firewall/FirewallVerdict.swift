import Stack
import Wire

/// What is to become of a packet.
public enum FirewallVerdict: Equatable, Sendable {
    case pass
    case drop(FirewallDenial)
}

/// Why a packet does not pass.
public struct FirewallDenial: Equatable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// The rule with this number, counted from 0.
        case rule(Int)
        /// No rule matched, and only what is allowed may pass.
        case notAllowed
        /// The headers make no sense.
        case malformed
        /// A part of a datagram of whose first part nothing is known.
        case strayFragment
        /// There was no room to remember the flow.
        case tableFull
        /// It bears the name of a flow, and comes from that flow's other side.
        case wrongSide
    }

    public var reason: Reason
    /// Whether the sender is told.
    public var answers: Bool

    init(_ reason: Reason, answers: Bool = false) {
        self.reason = reason
        self.answers = answers
    }
}

/// A flow that a rule with `log` decided on.
public struct FirewallEvent: Equatable, Sendable {
    public var time: Instant
    public var isAllowed: Bool
    public var direction: FlowDirection
    public var flow: FlowTuple
    /// The program on the fenced host, where somebody knows it.
    public var program: String?
    /// The number of the rule, counted from 0, and its words.
    public var rule: Int
    public var ruleText: String
}

extension FirewallEvent: CustomStringConvertible {
    /// One line: `denied out tcp 10.0.2.15:40000 > 10.1.2.3:80 by curl (out tcp to 10.0.0.0/8)`.
    public var description: String {
        let verb = isAllowed ? "allowed" : "denied"
        let way = direction == .outgoing ? "out" : "in"
        let who = program.map { " by \($0)" } ?? ""
        return "\(verb) \(way) \(flow)\(who) (\(ruleText))"
    }
}
