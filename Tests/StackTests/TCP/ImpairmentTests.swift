import Equipment
import Testing

@testable import Stack

/// A transfer each way over an impaired link, and what became of it.
struct ImpairedTransfer {
    var setting: Simulation.Setting
    var forwardBytes = 100_000
    var backwardBytes = 40_000

    struct Outcome: Equatable {
        var problem: String?
        var duration = Interval.zero
        var digest = PacketDigest()
        var timeouts: UInt64 = 0
        var fastRetransmits: UInt64 = 0
    }

    func run() throws -> Outcome {
        let simulation = Simulation(setting)
        var outcome = Outcome()
        let (client, server, listener) = try simulation.establish()
        let begin = simulation.now
        var left = Talker(.client, client, sends: forwardBytes)
        var right = Talker(.server, server, sends: backwardBytes)
        let done = simulation.talk(&left, &right)
        outcome.duration = simulation.now - begin
        try simulation.client.close(client)
        try simulation.server.close(server)
        try simulation.server.close(listener)
        let isQuiet = simulation.runUntilQuiet()
        outcome.digest = simulation.digest
        outcome.timeouts =
            simulation.client.counters[.tcpTimeouts] + simulation.server.counters[.tcpTimeouts]
        outcome.fastRetransmits =
            simulation.client.counters[.tcpFastRetransmits]
            + simulation.server.counters[.tcpFastRetransmits]
        if !done {
            outcome.problem =
                "stalled after \(right.received) and \(left.received) bytes, errors "
                + "\(String(describing: left.error)) \(String(describing: right.error))"
        } else if !left.isCorrect || !right.isCorrect {
            outcome.problem = "bytes differ"
        } else if right.received != forwardBytes || left.received != backwardBytes {
            outcome.problem = "\(right.received) and \(left.received) bytes arrived"
        } else if !isQuiet || !simulation.isClean {
            outcome.problem = "left behind: \(simulation.leftovers)"
        }
        return outcome
    }
}

/// Every byte once and in order, no stall and nothing left behind, over links that lose, delay,
/// reorder, double and jitter.
@Suite struct ImpairmentTests {
    /// What one cell of the matrix does to packets; the rest goes by the seed.
    struct Cell: CustomTestStringConvertible {
        var loss: Int
        var delay: Interval
        var disorder: Int

        var testDescription: String {
            "loss \(loss) %, delay \(delay.microseconds) us, disorder \(disorder) %"
        }

        /// Some of its own, so that the matrix has as many different ones as transfers.
        var seeds: Range<UInt64> {
            let cell = UInt64(loss * 31 + disorder) &+ UInt64(delay.microseconds) &* 1009
            let count: UInt64 = isLongRun ? 100 : 4
            return cell &* count..<cell &* count &+ count
        }

        func setting(_ seed: UInt64) -> Simulation.Setting {
            var setting = Simulation.Setting()
            setting.impairments.loss = .percent(loss)
            setting.impairments.delay = delay
            setting.impairments.reordering = .percent(disorder)
            setting.impairments.reorderingHold = delay / 4 + .microseconds(10)
            setting.impairments.duplication = .percent(disorder / 2)
            if disorder == 30 { setting.impairments.jitter = delay / 8 }
            setting.seed = seed
            setting.family = seed / 2 % 2 == 1 ? .inet6 : .inet
            setting.link = seed % 2 == 1 ? .ethernet : .ip
            setting.segments = seed % 3 == 2
            setting.offloadsChecksums = seed % 4 == 3
            setting.tcp.timestamps = seed % 5 != 3
            setting.tcp.selectiveAcks = seed % 3 != 1
            setting.tcp.windowScaling = seed % 7 != 5
            return setting
        }
    }

    static let matrix: [Cell] = [0, 1, 5, 15].flatMap { loss in
        [.microseconds(50), .milliseconds(20), .milliseconds(150)].flatMap { delay in
            [0, 5, 30].map { Cell(loss: loss, delay: delay, disorder: $0) }
        }
    }

    @Test("Every byte arrives once and in order, and nothing is left", arguments: matrix)
    func arrives(_ cell: Cell) throws {
        var problems: [String] = []
        for seed in cell.seeds {
            let outcome = try ImpairedTransfer(setting: cell.setting(seed)).run()
            if let problem = outcome.problem { problems.append("seed \(seed): \(problem)") }
        }
        #expect(problems == [])
    }

    @Test("The same seed gives the same packets at the same times", arguments: 1...5)
    func repeats(_ seed: UInt64) throws {
        let cell = Cell(loss: 5, delay: .milliseconds(20), disorder: 30)
        let first = try ImpairedTransfer(setting: cell.setting(seed)).run()
        let second = try ImpairedTransfer(setting: cell.setting(seed)).run()
        let other = try ImpairedTransfer(setting: cell.setting(seed + 100)).run()
        #expect(first.digest.count > 100)
        #expect(first.digest == second.digest)
        #expect(first.digest != other.digest)
    }
}
