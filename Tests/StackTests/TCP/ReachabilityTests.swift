import Equipment
import Testing

@testable import Stack

/// What TCP tells the layer below of its progress (RFC 4861 §7.3.1, RFC 1122 §2.3.2.1).
@Suite("Forward progress") struct ReachabilityTests {
    /// How often the client asked for its neighbour in five minutes of small questions, each
    /// acknowledged or not.
    private func requests(isAcknowledged: Bool) throws -> UInt64 {
        var setting = Simulation.Setting()
        setting.link = .ethernet
        let simulation = Simulation(setting)
        let (client, server, _) = try simulation.establish()
        var buffer = [UInt8](repeating: 0, count: 100)
        for _ in 0..<300 {
            if isAcknowledged {
                _ = try simulation.client.send(client, [1].span)
            } else {
                // The server's text needs acknowledgments only, and who sends those cannot know
                // whether they arrive.
                _ = try simulation.server.send(server, [1].span)
                simulation.run(for: .milliseconds(10))
                var span = buffer.mutableSpan
                _ = try? simulation.client.receive(client, into: &span)
            }
            simulation.run(for: .seconds(1))
        }
        return simulation.client.counters[.arpRequestsSent]
    }

    @Test("A neighbour through which a stream makes progress is not asked whether it is there")
    func confirmed() throws {
        let asked = try requests(isAcknowledged: true)
        #expect(asked == 1)
        let other = try requests(isAcknowledged: false)
        #expect(other > 1)
    }
}
