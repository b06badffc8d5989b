import Testing
import Wire

@testable import Stack

/// What is kept of connections that are over.
@Suite("Records of connections", .overBothFamilies) struct ConnectionRecordTests {
    @Test("A connection that both sides closed is kept with what it carried, and is taken once")
    func inOrder() throws {
        let script = Script()
        script.host.keepEndedConnections(atMost: 4)
        let endpoint = try script.accept()
        let begun = script.host.connectionRecords
        #expect(begun.count == 1)
        #expect(begun[0].state == .established && begun[0].ended == nil)
        script.inject("F. 1 ack 1")
        script.expect(". 1 ack 2")
        try script.send(endpoint, 10)
        script.expect("P. 1+10 ack 2")
        try script.close(endpoint)
        script.expect("F. 11 ack 2")
        let early = script.host.nextEndedConnection()
        #expect(early == nil)
        script.inject(". 2 ack 12")
        let taken = script.host.nextEndedConnection()
        let record = try #require(taken)
        #expect(record.endedInOrder)
        #expect(record.error == nil)
        #expect(record.counters.bytesAcknowledged == 10)
        #expect(record.local == begun[0].local && record.remote == begun[0].remote)
        #expect(record.opened == begun[0].opened)
        let now = script.host.now
        #expect(record.ended == now)
        let (next, current) = (script.host.nextEndedConnection(), script.host.connectionRecords)
        #expect(next == nil)
        #expect(current.isEmpty)
    }

    @Test("One that was reset says so, and is not in order")
    func reset() throws {
        let script = Script()
        script.host.keepEndedConnections(atMost: 4)
        _ = try script.accept()
        script.inject("R 1")
        let taken = script.host.nextEndedConnection()
        let record = try #require(taken)
        #expect(record.error == .connectionReset)
        #expect(!record.endedInOrder)
    }

    @Test("Nobody who does not ask pays; more than are wanted are counted")
    func bounds() throws {
        let silent = Script()
        _ = try silent.accept()
        silent.inject("R 1")
        let (none, missed) = (
            silent.host.nextEndedConnection(), silent.host.missedEndedConnections
        )
        #expect(none == nil)
        #expect(missed == 0)

        let simulation = Simulation()
        simulation.client.keepEndedConnections(atMost: 1)
        for port in UInt16(80)...82 {
            let (client, server, _) = try simulation.establish(port)
            try simulation.client.abort(client)
            try simulation.server.abort(server)
        }
        let first = simulation.client.nextEndedConnection()
        let second = simulation.client.nextEndedConnection()
        let others = simulation.client.missedEndedConnections
        #expect(first != nil)
        #expect(second == nil)
        #expect(others == 2)
    }

    @Test("The shortest round trip is that of the path, the smoothed one is not below")
    func roundTrip() throws {
        var setting = Simulation.Setting()
        setting.impairments.delay = .milliseconds(20)
        let simulation = Simulation(setting)
        _ = try simulation.establish()
        let records = simulation.client.connectionRecords
        let record = try #require(records.first)
        #expect(record.shortestRoundTrip == .milliseconds(40))
        #expect(record.roundTrip >= record.shortestRoundTrip)
    }
}
