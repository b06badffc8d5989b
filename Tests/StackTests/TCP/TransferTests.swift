import Equipment
import Testing

@testable import Stack

/// Streams between two hosts over links that work.
@Suite struct TransferTests {
    static let settings: [Simulation.Setting] = Simulation.LinkKind.allCases.flatMap { link in
        [(false, false), (true, false), (true, true), (false, true)].map { sums, segments in
            var setting = Simulation.Setting()
            setting.link = link
            setting.offloadsChecksums = sums
            setting.segments = segments
            setting.impairments.delay = .milliseconds(5)
            return setting
        }
    }

    @Test("A connection is established on every kind of link", arguments: settings)
    func connects(_ setting: Simulation.Setting) throws {
        let simulation = Simulation(setting)
        let (client, server, _) = try simulation.establish()
        simulation.run(for: .milliseconds(100))
        #expect(simulation.endpointState(.client, client) == .established)
        #expect(simulation.endpointState(.server, server) == .established)
        // One SYN, one SYN-ACK, one ACK.
        #expect(simulation.client.counters[.tcpSegmentsSent] == 2)
        #expect(simulation.server.counters[.tcpSegmentsSent] == 1)
    }

    @Test("Megabytes pass both ways at once, and nothing is left", arguments: settings)
    func transfers(_ setting: Simulation.Setting) throws {
        let simulation = Simulation(setting)
        let (client, server, listener) = try simulation.establish()
        var left = Talker(.client, client, sends: 3_000_000)
        var right = Talker(.server, server, sends: 2_000_000)
        let done = simulation.talk(&left, &right)
        #expect(done)
        #expect(left.isCorrect && right.isCorrect)
        #expect(right.received == 3_000_000)
        #expect(left.received == 2_000_000)
        #expect(left.error == nil && right.error == nil)
        try simulation.client.close(client)
        try simulation.server.close(server)
        try simulation.server.close(listener)
        #expect(simulation.runUntilQuiet())
        #expect(simulation.isClean)
        #expect(simulation.client.counters[.tcpRetransmittedSegments] == 0)
        #expect(simulation.server.counters[.tcpRetransmittedSegments] == 0)
    }
}
