/// How often one connection sends challenge acknowledgments: every half second at most (RFC 5961 §7).
///
/// Each connection has its own. A limit that all shared could be used up, and seen to be used up, by
/// somebody who wants to learn of another connection (CVE-2016-5696).
struct ChallengeLimit: Sendable {
    /// When one left last, in ms; 0 for never.
    private var last: UInt32 = 0

    /// Whether one may leave now; what is refused is counted.
    mutating func take(_ network: inout NetworkLayer) -> Bool {
        let now = max(1, UInt32(truncatingIfNeeded: network.now.milliseconds))
        guard last == 0 || now &- last >= 500 else {
            network.counters.count(.tcpChallengeLimited)
            return false
        }
        last = now
        network.counters.count(.tcpChallengeAcks)
        return true
    }
}
