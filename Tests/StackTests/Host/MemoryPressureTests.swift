import Equipment
import Memory
import Testing
import Wire

@testable import Stack

/// What happens when the pools are empty: back-pressure, and nobody is forgotten.
@Suite("Memory pressure") struct MemoryPressureTests {
    @Test("A sender that found no memory is woken when there is some")
    func wakes() throws {
        var setting = Simulation.Setting()
        setting.memoryLimit = 1 << 20
        let simulation = Simulation(setting)
        let (client, server, _) = try simulation.establish()
        var hoard = simulation.pools.queue()
        let block = [UInt8](repeating: 0, count: 1 << 20)
        #expect(hoard.append(block.span) < block.count)
        while simulation.client.nextReady() != nil {}
        #expect(throws: StackError.wouldBlock) {
            try simulation.client.send(client, block.span)
        }
        simulation.run(for: .seconds(1))
        #expect(simulation.client.nextReady() == nil)
        hoard.removeAll()
        simulation.run(for: .seconds(1))
        let ready = simulation.client.nextReady()
        #expect(ready?.endpoint == client && ready?.events.contains(.writable) == true)
        #expect(try simulation.client.send(client, block.span) > 0)
        _ = server
    }

    @Test("Many transfers through too little memory all come through")
    func crowd() throws {
        var setting = Simulation.Setting()
        setting.memoryLimit = 1 << 20
        setting.impairments.delay = .milliseconds(2)
        let simulation = Simulation(setting)
        let listener = try simulation.listen(80, backlog: 64)
        let clients = try (0..<20).map { _ in try simulation.connect() }
        var talkers: [Talker] = clients.map { Talker(.client, $0, sends: 200_000) }
        var accepted = 0
        var buffer = [UInt8](repeating: 0, count: 65536)
        let done = simulation.run(.seconds(600)) {
            while let endpoint = try? simulation.server.accept(listener) {
                accepted += 1
                talkers.append(Talker(.server, endpoint, sends: 0))
            }
            var isDone = accepted == 20
            for index in talkers.indices {
                let side = talkers[index].side
                if simulation.endpointState(side, talkers[index].endpoint) != .synSent {
                    talkers[index].act(&simulation[side], &buffer)
                }
                isDone = isDone && talkers[index].sawEnd
            }
            return isDone
        }
        #expect(done)
        #expect(talkers.allSatisfy { $0.isCorrect && $0.error == nil })
        #expect(talkers.reduce(0) { $0 + $1.received } == 20 * 200_000)
        for talker in talkers { try simulation[talker.side].close(talker.endpoint) }
        try simulation.server.close(listener)
        #expect(simulation.runUntilQuiet())
        #expect(simulation.isClean, "\(simulation.leftovers)")
    }
}
