/// How long neighbours of a link count as reachable, and how often they are asked
/// (RFC 4861 §6.3.2, §10).
struct NeighbourTimes: Sendable {
    /// How often a neighbour is asked that nothing is known of: MAX_MULTICAST_SOLICIT.
    static var multicastLimit: Int { 3 }
    /// How often a neighbour is asked directly: MAX_UNICAST_SOLICIT.
    static var unicastLimit: Int { 3 }
    /// How long a sign of life is waited for: DELAY_FIRST_PROBE_TIME.
    static var delay: Interval { .seconds(5) }
    /// Between requests of ARP (RFC 1122 §2.3.2.1: once a second at most).
    static var requestInterval: Interval { .seconds(1) }

    /// What routers said, or 30 s: BaseReachableTime.
    private(set) var base = Interval.seconds(30)
    /// From half of the base to one and a half of it.
    private(set) var reachable: Interval
    /// Between solicitations: RetransTimer.
    private(set) var retransmit = Interval.seconds(1)

    init(_ random: inout RandomSource) {
        reachable = Self.spread(base, &random)
    }

    /// A router's word, in milliseconds (RFC 4861 §6.3.4). Above an hour it is void (§6.2.1);
    /// below a second it would make the host ask for ever.
    mutating func setReachable(_ milliseconds: UInt32, _ random: inout RandomSource) {
        guard milliseconds > 0, milliseconds <= 3_600_000 else { return }
        let new = Interval.milliseconds(max(1000, Int(milliseconds)))
        guard new != base else { return }
        base = new
        reachable = Self.spread(base, &random)
    }

    /// A router's word, in milliseconds, from a tenth of a second to a minute.
    mutating func setRetransmit(_ milliseconds: UInt32) {
        guard milliseconds > 0 else { return }
        retransmit = .milliseconds(min(60_000, max(100, Int(milliseconds))))
    }

    /// A random factor from 0.5 to 1.5, so that hosts do not ask in step.
    private static func spread(_ base: Interval, _ random: inout RandomSource) -> Interval {
        base / 2 + base / 1024 * Int(random.next(below: 1024))
    }
}
