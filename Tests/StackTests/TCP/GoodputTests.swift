import Equipment
import Testing

@testable import Stack

/// How fast a transfer is over a line of 10 Mbit/s, and how often the sender had to wait for its
/// timer.
@Suite struct GoodputTests {
    struct Cell: CustomTestStringConvertible {
        var loss: Int
        var delay: Int
        /// The least that a transfer has to reach, in kbit/s.
        var atLeast: Int64
        var testDescription: String { "\(loss) per mille, \(delay) ms" }
    }

    struct Outcome {
        var kilobitsPerSecond: Int64 = 0
        var timeouts: UInt64 = 0
        var fastRetransmits: UInt64 = 0
        var retransmitted: UInt64 = 0
        var lost: UInt64 = 0
    }

    static let cells: [Cell] = [
        Cell(loss: 0, delay: 1, atLeast: 9200),
        Cell(loss: 0, delay: 20, atLeast: 8000),
        Cell(loss: 0, delay: 100, atLeast: 3200),
        Cell(loss: 5, delay: 1, atLeast: 8500),
        Cell(loss: 5, delay: 20, atLeast: 2000),
        Cell(loss: 5, delay: 100, atLeast: 500),
        Cell(loss: 20, delay: 1, atLeast: 6000),
        Cell(loss: 20, delay: 20, atLeast: 1500),
        Cell(loss: 20, delay: 100, atLeast: 250),
        Cell(loss: 100, delay: 1, atLeast: 600),
        Cell(loss: 100, delay: 20, atLeast: 150),
        Cell(loss: 100, delay: 100, atLeast: 60),
    ]

    @Test("Goodput over loss and delay does not fall below what it was", arguments: cells)
    func holds(_ cell: Cell) throws {
        var sum: Int64 = 0
        var line = "loss \(Double(cell.loss) / 10) % delay \(cell.delay) ms:"
        for seed in 1...3 as ClosedRange<UInt64> {
            let outcome = try Self.run(cell, seed)
            sum += outcome.kilobitsPerSecond
            line += " \(outcome.kilobitsPerSecond) kbit/s"
            line += " (lost \(outcome.lost), sent again \(outcome.retransmitted),"
            line += " recoveries \(outcome.fastRetransmits), timeouts \(outcome.timeouts))"
        }
        print(line)
        #expect(sum / 3 >= cell.atLeast)
    }

    static func run(_ cell: Cell, _ seed: UInt64) throws -> Outcome {
        var setting = Simulation.Setting()
        setting.impairments.delay = .milliseconds(cell.delay)
        setting.impairments.rate = BitRate(bitsPerSecond: 10_000_000)
        setting.forward.loss = .perMillion(cell.loss * 1000)
        setting.seed = seed
        let simulation = Simulation(setting)
        let (client, server, _) = try simulation.establish()
        let begin = simulation.now
        let size = cell.loss == 100 ? 300_000 : 1_000_000
        var left = Talker(.client, client, sends: size)
        var right = Talker(.server, server, sends: 0)
        let done = simulation.talk(&left, &right)
        try #require(done && left.isCorrect && right.isCorrect)
        let counters = simulation.client.counters
        var outcome = Outcome()
        outcome.kilobitsPerSecond =
            Int64(size) * 8 * 1_000_000 / (simulation.now - begin).nanoseconds
        outcome.timeouts = counters[.tcpTimeouts]
        outcome.fastRetransmits = counters[.tcpFastRetransmits]
        outcome.retransmitted = counters[.tcpRetransmittedSegments]
        outcome.lost = simulation.forward.counters.lost + simulation.forward.counters.queueDrops
        return outcome
    }
}
