import Memory
import Stack
import Wire

/// Which flows of a host may pass a link: rules for the first packet of each, and a memory of those
/// that pass, so that answers and errors about them pass too.
///
///     packet -> part of a known flow? -> as decided
///                    | no
///                    +-> rules in their order, the first that matches -> remembered
///
/// Without a rule that allows, everything passes that no rule denies; with one, nothing else. ARP,
/// neighbour discovery and group membership always pass. Fragments follow the first of their
/// datagram. It fences honest programs: it sees what passes the link and nothing else.
public struct Firewall: ~Copyable, Sendable {
    /// How many packets met which fate, beside what the rules count.
    public struct Counters: Hashable, Sendable {
        public var passed: UInt64 = 0
        public var denied: UInt64 = 0
        /// ICMP errors about known flows.
        public var related: UInt64 = 0
        public var malformed: UInt64 = 0
        public var strayFragments: UInt64 = 0
        /// Flows that were allowed and could not be remembered.
        public var tableFull: UInt64 = 0
        public var wrongSide: UInt64 = 0
        /// Events that nobody took in time.
        public var lostEvents: UInt64 = 0

        public init() {}
    }

    public let rules: [FirewallRule]
    /// Whether flows pass that no rule matches.
    public let allowsByDefault: Bool
    public private(set) var counters = Counters()
    /// What each rule decided on, by its number, and at the end what none did.
    public private(set) var traffic: [TrackedFlow.Traffic]
    private var table: TrackingTable
    private var fragments = FragmentVerdicts()
    private var events = Ring<FirewallEvent>()

    private static var eventLimit: Int { 1024 }

    /// - Parameters:
    ///   - rules: The first that matches decides.
    ///   - flowLimit: How many flows are remembered at most.
    public init(
        _ rules: [FirewallRule], flowLimit: Int = 65_536, times: TrackingTimes = .linux,
        seed first: UInt64, _ second: UInt64
    ) {
        self.rules = rules
        allowsByDefault = !rules.contains { $0.action == .allow }
        traffic = Array(repeating: TrackedFlow.Traffic(), count: rules.count + 1)
        table = TrackingTable(limit: flowLimit, times: times, seed: first, second)
    }

    /// How many flows are remembered, and what became of the others.
    public var flowCount: Int { table.count }
    public var flowCounters: TrackingTable.Counters { table.counters }

    /// When flows can be forgotten; nothing is wrong if that is left to the next packet.
    public var nextDeadline: Instant { table.nextDeadline }

    /// Forgets the flows whose time is over.
    public mutating func advance(to now: Instant) { table.advance(to: now) }

    /// The flow that a rule logged first of those not taken yet.
    public mutating func nextEvent() -> FirewallEvent? { events.popFirst() }

    /// Whether flows were logged that nobody has taken yet.
    public var hasEvents: Bool { !events.isEmpty }

    /// Decides on a packet.
    ///
    /// - Parameters:
    ///   - networkOffset: Where the IP header begins: 14 behind an Ethernet header, else 0.
    ///   - program: Names the program on the fenced host that a flow belongs to; asked at most once for
    ///     a flow, and only if a rule wants to know. The host is the flow's source if it is outgoing.
    public mutating func judge(
        _ packet: borrowing Packet, _ direction: FlowDirection, networkOffset: Int,
        at now: Instant, program: (FlowTuple, FlowDirection) -> String?
    ) -> FirewallVerdict {
        switch TrackedPacket.read(packet, networkOffset: networkOffset) {
        case .other, .housekeeping: return .pass
        case .malformed: return count(.malformed)
        case .packet(let packet):
            table.advance(to: now)
            let verdict = judge(packet, direction, now, program)
            if let fragment = packet.fragment, !packet.isLaterFragment {
                fragments.note(verdict, on: fragment, at: now)
            }
            return verdict
        }
    }

    private mutating func judge(
        _ packet: TrackedPacket, _ direction: FlowDirection, _ now: Instant,
        _ program: (FlowTuple, FlowDirection) -> String?
    ) -> FirewallVerdict {
        if let fragment = packet.fragment, packet.isLaterFragment {
            guard let verdict = fragments.verdict(of: fragment, at: now) else {
                return count(.strayFragment)
            }
            return follow(verdict)
        }
        if packet.isError { return judgeError(packet, direction, now, program) }
        guard let match = table.find(packet.tuple) else {
            return judgeFirst(packet, direction, now, program)
        }
        let flow = table[match.index]
        let mark = flow.mark
        guard isFromItsSide(mark, direction, isReply: match.isReply) else {
            return count(.wrongSide)
        }
        if Self.begins(packet), flow.phase == .timeWait || flow.phase == .reset {
            table.remove(match.index)
            return judgeFirst(packet, direction, now, program)
        }
        table.note(packet, of: match, at: now)
        if flow.phase == .refused { return deny(mark, packet) }
        pass(mark, packet.byteCount)
        return .pass
    }

    /// Decides on a packet of no known flow.
    private mutating func judgeFirst(
        _ packet: TrackedPacket, _ direction: FlowDirection, _ now: Instant,
        _ program: (FlowTuple, FlowDirection) -> String?
    ) -> FirewallVerdict {
        let mark = Self.mark(decide(packet.tuple, direction, now, program), direction)
        let isAllowed = allows(mark)
        // A reset of a connection that nobody knows begins none.
        guard packet.segment?.flags.contains(.rst) != true else {
            if !isAllowed { return deny(mark, packet, mayAnswer: false) }
            pass(mark, packet.byteCount)
            return .pass
        }
        if let index = table.open(packet, isRefused: !isAllowed, at: now) {
            table.mark(index, as: mark)
        } else if isAllowed {
            return count(.tableFull)
        }
        guard isAllowed else { return deny(mark, packet) }
        pass(mark, packet.byteCount)
        return .pass
    }

    /// Decides on an ICMP error: with the flow that it is about, else by the rules. It is never
    /// answered.
    private mutating func judgeError(
        _ packet: TrackedPacket, _ direction: FlowDirection, _ now: Instant,
        _ program: (FlowTuple, FlowDirection) -> String?
    ) -> FirewallVerdict {
        if let match = table.find(packet.tuple), packet.destination == packet.tuple.source {
            let flow = table[match.index]
            // It travels against the packet that it quotes.
            let isFromItsSide = isFromItsSide(flow.mark, direction, isReply: !match.isReply)
            if flow.phase != .refused, isFromItsSide {
                counters.related &+= 1
                pass(flow.mark, packet.byteCount)
                return .pass
            }
        }
        let tuple = FlowTuple(
            source: packet.source, destination: packet.destination, proto: packet.proto)
        let mark = Self.mark(decide(tuple, direction, now, program), direction)
        guard allows(mark) else { return deny(mark, packet, mayAnswer: false) }
        pass(mark, packet.byteCount)
        return .pass
    }

    // MARK: - Rules

    /// The number of the first rule that matches, or of the default behind them.
    private mutating func decide(
        _ tuple: FlowTuple, _ direction: FlowDirection, _ now: Instant,
        _ program: (FlowTuple, FlowDirection) -> String?
    ) -> Int {
        var name: String?
        var hasAsked = false
        for number in rules.indices where rules[number].matches(tuple, direction) {
            if rules[number].program != nil || rules[number].logs, !hasAsked {
                name = program(tuple, direction)
                hasAsked = true
            }
            if let wanted = rules[number].program, wanted != name { continue }
            if rules[number].logs { log(number, tuple, direction, name, now) }
            return number
        }
        return rules.count
    }

    private mutating func log(
        _ number: Int, _ tuple: FlowTuple, _ direction: FlowDirection, _ program: String?,
        _ now: Instant
    ) {
        guard events.count < Self.eventLimit else {
            counters.lostEvents &+= 1
            return
        }
        events.append(
            FirewallEvent(
                time: now, isAllowed: rules[number].action == .allow, direction: direction,
                flow: tuple, program: program, rule: number,
                ruleText: rules[number].description))
    }

    /// What is remembered with a flow: the number of the rule, and which way the flow began.
    private static func mark(_ rule: Int, _ direction: FlowDirection) -> UInt32 {
        UInt32(truncatingIfNeeded: rule &* 2) | UInt32(direction.rawValue)
    }

    private static func rule(_ mark: UInt32) -> Int { Int(mark >> 1) }

    private func allows(_ mark: UInt32) -> Bool {
        let rule = Self.rule(mark)
        return rule < rules.count ? rules[rule].action == .allow : allowsByDefault
    }

    /// Whether a packet that bears the name of a flow comes from the side that it says.
    private func isFromItsSide(
        _ mark: UInt32, _ direction: FlowDirection, isReply: Bool
    ) -> Bool {
        (UInt32(direction.rawValue) == mark & 1) != isReply
    }

    /// Whether the packet is a SYN, which begins a connection.
    private static func begins(_ packet: TrackedPacket) -> Bool {
        guard let flags = packet.segment?.flags else { return false }
        return flags.contains(.syn) && !flags.contains(.ack) && !flags.contains(.rst)
    }

    // MARK: - Counts

    private mutating func pass(_ mark: UInt32, _ byteCount: Int) {
        counters.passed &+= 1
        add(mark, byteCount)
    }

    private mutating func deny(
        _ mark: UInt32, _ packet: TrackedPacket, mayAnswer: Bool = true
    ) -> FirewallVerdict {
        counters.denied &+= 1
        add(mark, packet.byteCount)
        let rule = Self.rule(mark)
        guard rule < rules.count else {
            return .drop(FirewallDenial(.notAllowed, answers: mayAnswer))
        }
        let answers = mayAnswer && rules[rule].action == .deny
        return .drop(FirewallDenial(.rule(rule), answers: answers))
    }

    private mutating func add(_ mark: UInt32, _ byteCount: Int) {
        let rule = Self.rule(mark)
        traffic[rule].packets &+= 1
        traffic[rule].bytes &+= UInt64(byteCount)
    }

    /// Counts a later part of a datagram; its sender has been told about the first.
    private mutating func follow(_ verdict: FirewallVerdict) -> FirewallVerdict {
        guard case .drop(var denial) = verdict else {
            counters.passed &+= 1
            return .pass
        }
        counters.denied &+= 1
        denial.answers = false
        return .drop(denial)
    }

    private mutating func count(_ reason: FirewallDenial.Reason) -> FirewallVerdict {
        switch reason {
        case .malformed: counters.malformed &+= 1
        case .strayFragment: counters.strayFragments &+= 1
        case .tableFull: counters.tableFull &+= 1
        case .wrongSide: counters.wrongSide &+= 1
        case .rule, .notAllowed: break
        }
        return .drop(FirewallDenial(reason))
    }

    /// Why a packet did not pass, in words: "denied by rule 2: out tcp to 10.0.0.0/8".
    public func text(of denial: FirewallDenial) -> String {
        switch denial.reason {
        case .rule(let number): "denied by rule \(number + 1): \(rules[number])"
        case .notAllowed: "denied: no rule allows it"
        case .malformed: "dropped by the firewall: malformed"
        case .strayFragment: "dropped by the firewall: a fragment without the first"
        case .tableFull: "dropped by the firewall: too many flows"
        case .wrongSide: "dropped by the firewall: from the wrong side of its flow"
        }
    }
}
