import Devices
public import Equipment
public import Memory
import Stack
import Synchronization
import Wire

/// A host's firewall at work: one for all its links, so that they share what is known of flows.
///
/// It stands between the host and what records and impairs its packets. Whom it denies aloud is
/// answered on the spot: the host itself, or the sender on the wire.
public final class LinkFirewall: Sendable {
    /// Names the program that a flow belongs to: the host is the source of outgoing flows, the
    /// destination of incoming ones. Called at most once for a flow, under the firewall's lock.
    public typealias ProgramLookup = @Sendable (FlowTuple, FlowDirection) -> String?
    /// Takes the line that a rule with `log` asks for.
    public typealias EventObserver = @Sendable (FirewallEvent) -> Void
    /// Is shown each packet that does not pass, which way it went, and why, in words.
    public typealias DenialObserver = @Sendable (borrowing Packet, FlowDirection, String) -> Void

    private let firewall: Mutex<Firewall>
    private let pools: BufferPools
    private let program: ProgramLookup
    private let event: EventObserver
    private let denial: DenialObserver?

    /// - Parameter pools: Where answers take their memory.
    public init(
        _ firewall: consuming Firewall, pools: BufferPools,
        program: @escaping ProgramLookup = { _, _ in nil },
        event: @escaping EventObserver = { _ in }, denial: DenialObserver? = nil
    ) {
        self.firewall = Mutex(firewall)
        self.pools = pools
        self.program = program
        self.event = event
        self.denial = denial
    }

    /// - Parameter rules: The first that matches decides.
    public convenience init(
        _ rules: [FirewallRule], pools: BufferPools,
        program: @escaping ProgramLookup = { _, _ in nil },
        event: @escaping EventObserver = { _ in }, denial: DenialObserver? = nil
    ) {
        let seed = SystemRandom.seed()
        self.init(
            Firewall(rules, seed: seed.0, seed.1), pools: pools, program: program, event: event,
            denial: denial)
    }

    /// How many packets met which fate.
    public var counters: Firewall.Counters { firewall.withLock { $0.counters } }

    /// What each rule decided on, in their order.
    public var traffic: [(rule: FirewallRule, traffic: TrackedFlow.Traffic)] {
        firewall.withLock { firewall in
            firewall.rules.indices.map { (firewall.rules[$0], firewall.traffic[$0]) }
        }
    }

    /// What no rule decided on, and whether it was allowed.
    public var defaultTraffic: (isAllowed: Bool, traffic: TrackedFlow.Traffic) {
        firewall.withLock { ($0.allowsByDefault, $0.traffic[$0.rules.count]) }
    }

    /// Whether a packet may pass; if it may not, `answer` becomes what its sender is to be told.
    func passes(
        _ packet: borrowing Packet, _ direction: FlowDirection, networkOffset: Int,
        at now: Instant, answer: inout Packet?
    ) -> Bool {
        var hasEvents = false
        var reason: String?
        let verdict = firewall.withLock { firewall in
            let verdict = firewall.judge(
                packet, direction, networkOffset: networkOffset, at: now, program: program)
            hasEvents = firewall.hasEvents
            if case .drop(let denied) = verdict, denial != nil {
                reason = firewall.text(of: denied)
            }
            return verdict
        }
        while hasEvents, let next = firewall.withLock({ $0.nextEvent() }) { event(next) }
        guard case .drop(let denied) = verdict else { return true }
        if let reason { denial?(packet, direction, reason) }
        if denied.answers {
            answer = Rejection.packet(
                answering: packet, networkOffset: networkOffset, from: pools)
        }
        return false
    }
}
