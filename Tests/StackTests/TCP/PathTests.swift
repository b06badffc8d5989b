import Equipment
import Testing

@testable import Stack

/// The matrix of paths: both families, every size of packet from the smallest to the largest, and
/// ways there that are nothing like the ways back.
@Suite("Paths") struct PathTests {
    /// What each side's link takes.
    struct Cell: CustomTestStringConvertible {
        var family: AddressFamily
        var clientMTU: Int
        var serverMTU: Int

        var testDescription: String { "\(family), MTU \(clientMTU) and \(serverMTU)" }

        var seeds: Range<UInt64> {
            let count: UInt64 = isLongRun ? 150 : 3
            let cell = UInt64(clientMTU) &* 7 &+ UInt64(serverMTU) &* 100_003
            return cell &* count..<cell &* count &+ count
        }

        /// Delay, rate, loss and disorder of each direction go by the seed.
        func setting(_ seed: UInt64) -> Simulation.Setting {
            var random = RandomSource(seed: seed, family == .inet ? 4 : 6)
            var setting = Simulation.Setting()
            setting.family = family
            setting.clientMTU = clientMTU
            setting.serverMTU = serverMTU
            setting.seed = seed
            setting.forward = Self.impairments(&random)
            setting.backward = Self.impairments(&random)
            setting.link = random.next(below: 2) == 0 ? .ip : .ethernet
            setting.segments = random.next(below: 3) == 0
            setting.offloadsChecksums = random.next(below: 4) == 0
            setting.tcp.timestamps = random.next(below: 4) > 0
            setting.tcp.selectiveAcks = random.next(below: 4) > 0
            setting.tcp.windowScaling = random.next(below: 4) > 0
            return setting
        }

        private static func impairments(_ random: inout RandomSource) -> Impairments {
            var one = Impairments()
            let delays: [Interval] = [.microseconds(50), .milliseconds(4), .milliseconds(90)]
            one.delay = delays[Int(random.next(below: 3))]
            let rates: [BitRate?] = [nil, nil, .megabits(100), .megabits(5), .kilobits(512)]
            one.rate = rates[Int(random.next(below: 5))]
            one.loss = .percent([0, 0, 1, 8][Int(random.next(below: 4))])
            one.duplication = .percent([0, 0, 2][Int(random.next(below: 3))])
            one.corruption = .percent([0, 0, 2][Int(random.next(below: 3))])
            one.reordering = .percent([0, 0, 10][Int(random.next(below: 3))])
            one.reorderingHold = one.delay / 4 + .microseconds(10)
            if random.next(below: 4) == 0 { one.jitter = one.delay / 8 }
            return one
        }
    }

    static let cells: [Cell] = [AddressFamily.inet, .inet6].flatMap { family in
        let sizes = family == .inet ? [576, 1280, 1500, 9000, 65535] : [1280, 1500, 9000, 65535]
        return sizes.flatMap { client in
            sizes.map { Cell(family: family, clientMTU: client, serverMTU: $0) }
        }
    }

    @Test("Every byte arrives once and in order, and nothing is left", arguments: cells)
    func arrives(_ cell: Cell) throws {
        var problems: [String] = []
        for seed in cell.seeds {
            let transfer = ImpairedTransfer(
                setting: cell.setting(seed), forwardBytes: 150_000, backwardBytes: 60_000)
            let outcome = try transfer.run()
            if let problem = outcome.problem {
                problems.append("\(cell.setting(seed)): \(problem)")
            }
        }
        #expect(problems == [])
    }

    @Test("No packet is larger than what both sides' links take", arguments: cells)
    func sizes(_ cell: Cell) throws {
        var setting = Simulation.Setting()
        setting.family = cell.family
        setting.clientMTU = cell.clientMTU
        setting.serverMTU = cell.serverMTU
        let simulation = Simulation(setting)
        let (client, server, _) = try simulation.establish()
        var left = Talker(.client, client, sends: 300_000)
        var right = Talker(.server, server, sends: 300_000)
        #expect(simulation.talk(&left, &right))
        let limit = min(cell.clientMTU, cell.serverMTU)
        #expect(simulation.digest.largest <= limit)
        // And none is smaller for no reason: a full segment fills the link.
        #expect(simulation.digest.largest > limit - 60)
    }
}
