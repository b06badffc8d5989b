import Equipment
import Testing

/// 100,000 packets on a line with losses in bursts, measured against what the chain of states
/// promises, within five standard deviations.
@Suite("Losses in bursts")
struct BurstLossTests {
    private func losses(_ text: String, count: Int = 100_000) throws -> [Bool] {
        try LinkRun(text, count: count).losses
    }

    /// Whether the mean of the lengths of runs, which are geometrically distributed with the
    /// parameter `end`, is 1 / `end`.
    private func agrees(_ runs: [Int], end: Double) -> Bool {
        let deviation = (1 - end).squareRoot() / end / Double(runs.count).squareRoot()
        return abs(Sample.mean(runs.map(Double.init)) - 1 / end) <= 5 * deviation + 1e-9
    }

    @Test(
        "by Gilbert, loss takes p/(p+r) of the packets, in bursts of 1/r on average",
        arguments: [(0.01, 0.2), (0.05, 0.5), (0.002, 0.05), (0.3, 0.3), (1, 1)])
    func gilbert(p: Double, r: Double) throws {
        let lost = try losses("loss gilbert \(p * 100)% \(r * 100)%")
        let correlation = 1 - p - r
        #expect(Sample.agrees(lost, with: p / (p + r), correlation: max(correlation, -0.9)))
        #expect(agrees(Sample.runs(lost), end: r))
        #expect(agrees(Sample.runs(lost.map { !$0 }), end: p))
    }

    @Test("the correlation from one packet to the next is 1 − p − r")
    func correlation() throws {
        let lost = try losses("loss gilbert 10% 30%")
        let measured = Sample.correlation(lost.map { $0 ? 1 : 0 })
        #expect(abs(measured - 0.6) < 0.02)
    }

    @Test("by Gilbert and Elliott, good and bad times have their own rates")
    func gilbertElliott() throws {
        // Bad times take 1/5 of the packets and lose 60 % of them, good ones lose 1 %.
        let lost = try losses("loss gemodel 2% 8% 60% 1%")
        #expect(Sample.agrees(lost, with: 0.2 * 0.6 + 0.8 * 0.01, correlation: 0.9))
        // Within a burst losses are independent: after a loss, 0.6 × what is left of bad times.
        let pairs = zip(lost, lost.dropFirst()).filter { $0.0 }
        let again = Double(pairs.count { $0.1 }) / Double(pairs.count)
        let bad = 0.2 * 0.6 / (0.2 * 0.6 + 0.8 * 0.01)
        let stays = bad * (0.92 * 0.6 + 0.08 * 0.01) + (1 - bad) * (0.98 * 0.01 + 0.02 * 0.6)
        #expect(abs(again - stays) < 5 * (stays * (1 - stays) / Double(pairs.count)).squareRoot())
    }

    @Test("four states: what each step's probability makes of the shares of the states")
    func fourStates() throws {
        let (p13, p31, p32, p23, p14) = (0.02, 0.2, 0.3, 0.4, 0.01)
        let lost = try losses("loss state 2% 20% 30% 40% 1%")
        // The shares of the states in the long run, that of the first being 1 to begin with.
        let third = p13 / p31
        let second = third * p32 / p23
        let fourth = p14
        let all = 1 + second + third + fourth
        #expect(Sample.agrees(lost, with: (third + fourth) / all, correlation: 0.8))
    }

    @Test("four states with two of them only are Gilbert's")
    func twoStates() throws {
        let lost = try losses("loss state 5% 25%")
        #expect(Sample.agrees(lost, with: 0.05 / 0.3, correlation: 0.7))
        #expect(agrees(Sample.runs(lost), end: 0.25))
    }

    @Test("isolated losses in gaps are isolated")
    func isolated() throws {
        let lost = try losses("loss state 0% 100% 0% 100% 10%")
        #expect(Sample.runs(lost).allSatisfy { $0 == 1 })
        #expect(Sample.agrees(lost, with: 0.1 / 1.1))
    }

    @Test("a loss with correlation has both the rate and the correlation that were asked for")
    func correlated() throws {
        for (rate, correlation) in [(0.02, 0.25), (0.1, 0.5), (0.3, 0.9)] {
            let run = try LinkRun("loss \(rate * 100)% \(correlation * 100)%", count: 100_000)
            #expect(Sample.agrees(run.losses, with: rate, correlation: correlation))
            let measured = Sample.correlation(run.losses.map { $0 ? 1 : 0 })
            #expect(abs(measured - correlation) < 0.05)
            #expect(run.counters.lost == UInt64(run.losses.count { $0 }))
        }
    }

    @Test("bursts come beside independent losses")
    func both() throws {
        let lost = try losses("loss 10% loss gilbert 10% 10%")
        #expect(Sample.agrees(lost, with: 1 - 0.9 * 0.5, correlation: 0.8))
    }

    @Test("the fate of a packet does not depend on what the queue did to those before it")
    func queueApart() throws {
        let whole = try LinkRun("loss gilbert 5% 20%", count: 5000)
        let pressed = try LinkRun("loss gilbert 5% 20% rate 20mbit queue 3", count: 5000)
        #expect(pressed.counters.queueDrops > 500)
        let arrived = Set(whole.arrivals.map(\.number))
        #expect(pressed.arrivals.allSatisfy { arrived.contains($0.number) })
    }
}
