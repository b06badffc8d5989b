import Memory
import Testing
import Wire

@testable import Stack

/// Urgent data (RFC 9293 §3.8.5, RFC 6093) as Berkeley's sockets and Linux have it.
@Suite("Urgent data", .overBothFamilies) struct UrgentTests {
    private func accept(
        win: UInt16 = 65535, inline: Bool = false
    ) throws -> (script: Script, endpoint: EndpointID) {
        let script = Script()
        let endpoint = try script.accept(win: win, "<mss 1000>")
        if inline {
            var options = try script.host.streamOptions(of: endpoint)
            options.isUrgentInline = true
            try script.host.setStreamOptions(options, of: endpoint)
        }
        return (script, endpoint)
    }

    private func sendUrgent(_ script: Script, _ endpoint: EndpointID, _ count: Int) throws {
        let bytes = [UInt8](repeating: 7, count: count)
        #expect(try script.host.sendUrgent(endpoint, bytes.span) == count)
        script.collect()
    }

    /// The byte that stands at `place` of the peer's stream.
    private func byte(at place: Int) -> UInt8 { Pattern.repeated[place - 1] }

    // MARK: - Sending

    @Test("The pointer names the number behind the urgent byte, and Nagle does not hold it back")
    func pointer() throws {
        let (script, endpoint) = try accept()
        try script.send(endpoint, 10)
        script.expect("P. 1+10 ack 1")
        try sendUrgent(script, endpoint, 3)
        script.expect("PU. 11+3 ack 1 urg 3")
        // Urgent until it is acknowledged: the pointer goes on naming the same number.
        script.inject(". 1 ack 11")
        script.expect("PU. 11+3 ack 1 urg 3", after: .milliseconds(200))
        script.inject(". 1 ack 14")
        try script.send(endpoint, 5)
        script.expect("P. 14+5 ack 1")
    }

    @Test("Every segment up to the urgent byte carries the pointer, none behind it")
    func manySegments() throws {
        let (script, endpoint) = try accept()
        try sendUrgent(script, endpoint, 2500)
        try script.send(endpoint, 1500)
        script.expect("U. 1+1000 ack 1 urg 2500")
        script.expect("U. 1001+1000 ack 1 urg 1500")
        script.expect("PU. 2001+500 ack 1 urg 500")
        script.expect(". 2501+1000 ack 1")
        script.expect("P. 3501+500 ack 1")
    }

    @Test("A later urgent byte moves the pointer on")
    func moved() throws {
        let (script, endpoint) = try accept(win: 1000)
        try sendUrgent(script, endpoint, 1000)
        script.expect("PU. 1+1000 ack 1 urg 1000")
        try sendUrgent(script, endpoint, 500)
        script.expect("U. 1001 ack 1 urg 500")
        script.inject(". 1 ack 1001 win 1000")
        script.expect("PU. 1001+500 ack 1 urg 500")
    }

    @Test("A shut window keeps back the byte, but not the word that one is there (§3.8.6.1)")
    func shutWindow() throws {
        let (script, endpoint) = try accept(win: 1000)
        try script.send(endpoint, 1000)
        script.expect("P. 1+1000 ack 1")
        script.inject(". 1 ack 1001 win 0")
        try sendUrgent(script, endpoint, 1)
        script.expect("U. 1001 ack 1 urg 1")
        script.expect("U. 1000 ack 1 urg 2", after: .milliseconds(200))
        script.inject(". 1 ack 1001 win 1000")
        script.expect("PU. 1001+1 ack 1 urg 1")
    }

    @Test("An urgent byte too far away to be named is announced as far as the pointer reaches")
    func farAway() throws {
        var tcp = Script.plain
        tcp.initialWindow = 100
        let script = Script(tcp)
        let endpoint = try script.accept(win: 1000, "<mss 1000>")
        try script.send(endpoint, 70_000)
        script.expect(". 1+1000 ack 1")
        try sendUrgent(script, endpoint, 10)
        script.expect("U. 1001 ack 1 urg 65535")
        script.inject(". 1 ack 1001 win 65535")
        script.expect("U. 1001+1000 ack 1 urg 65535")
    }

    @Test("Merged packets are not made of urgent text: one pointer would be wrong in most of it")
    func merged() throws {
        var setting = Simulation.Setting()
        setting.segments = true
        let simulation = Simulation(setting)
        let (client, server, _) = try simulation.establish()
        simulation.traces = true
        let bytes = [UInt8](repeating: 1, count: 5000)
        _ = try simulation.client.sendUrgent(client, bytes.span)
        simulation.run(for: .milliseconds(100))
        #expect(try simulation.server.receiveUrgent(server) == 1)
        #expect(simulation.trace.filter { $0.contains("> U") || $0.contains("> PU") }.count == 4)
    }

    // MARK: - Receiving

    @Test("The urgent byte is taken apart, and the stream goes on without it")
    func apart() throws {
        let (script, endpoint) = try accept()
        while script.host.nextReady() != nil {}
        script.inject("PU. 1+10 ack 1 urg 5")
        #expect(script.host.nextReady()?.events.contains(.priority) == true)
        #expect(try script.host.readiness(of: endpoint).contains([.priority, .readable]))
        #expect(try script.host.receivableCount(of: endpoint) == 4)
        #expect(try script.host.receiveUrgent(endpoint) == byte(at: 5))
        #expect(try !script.host.readiness(of: endpoint).contains(.priority))
        #expect(throws: StackError.invalidArgument) {
            try script.host.receiveUrgent(endpoint)
        }
        // A read stops at the mark, and the next one passes it.
        #expect(try !script.host.isAtMark(endpoint))
        #expect(try script.read(endpoint) == 4)
        #expect(try script.host.isAtMark(endpoint))
        // As on Linux what is behind the mark is not counted, and can be read.
        #expect(try script.host.receivableCount(of: endpoint) == 0)
        #expect(try script.host.readiness(of: endpoint).contains(.readable))
        #expect(try script.read(endpoint) == 5)
        #expect(try !script.host.isAtMark(endpoint))
    }

    @Test("A read at a mark with nothing behind it passes the urgent byte, as on Linux")
    func nothingBehind() throws {
        let (script, endpoint) = try accept()
        script.inject("PU. 1+1 ack 1 urg 1")
        #expect(try script.host.isAtMark(endpoint))
        #expect(throws: StackError.wouldBlock) { try script.read(endpoint) }
        #expect(try !script.host.isAtMark(endpoint))
        #expect(throws: StackError.invalidArgument) {
            try script.host.receiveUrgent(endpoint)
        }
    }

    @Test("A look at the stream stops at the mark too, and does not move it")
    func peeked() throws {
        let (script, endpoint) = try accept()
        script.inject("PU. 1+10 ack 1 urg 5")
        var bytes = [UInt8](repeating: 0, count: 32)
        var span = bytes.mutableSpan
        #expect(try script.host.receive(endpoint, into: &span, .peek) == 4)
        #expect(try script.host.receive(endpoint, into: &span, .discard) == 4)
        #expect(try script.host.receive(endpoint, into: &span, .peek) == 5)
        let first = span[0]
        #expect(first == byte(at: 6))
        #expect(try script.host.isAtMark(endpoint))
        #expect(try script.host.receiveUrgent(endpoint, .peek) == byte(at: 5))
        #expect(try script.host.receiveUrgent(endpoint) == byte(at: 5))
        #expect(try script.read(endpoint) == 5)
    }

    @Test("In line the urgent byte stays in the stream, and the mark stands before it")
    func inline() throws {
        let (script, endpoint) = try accept(inline: true)
        script.inject("PU. 1+10 ack 1 urg 5")
        #expect(throws: StackError.invalidArgument) {
            try script.host.receiveUrgent(endpoint)
        }
        #expect(try script.read(endpoint) == 4)
        #expect(try script.host.isAtMark(endpoint))
        #expect(try script.read(endpoint) == 6)
        #expect(try !script.host.isAtMark(endpoint))
    }

    @Test("A byte that is announced and has not come: the call would block, the event tells")
    func announced() throws {
        let (script, endpoint) = try accept()
        while script.host.nextReady() != nil {}
        script.inject("U. 1 ack 1 urg 3")
        #expect(script.host.nextReady()?.events.contains(.priority) == true)
        #expect(try !script.host.readiness(of: endpoint).contains(.priority))
        #expect(throws: StackError.wouldBlock) { try script.host.receiveUrgent(endpoint) }
        script.inject("P. 1+10 ack 1")
        #expect(try script.host.receiveUrgent(endpoint) == byte(at: 3))
        #expect(try script.read(endpoint) == 2)
        #expect(try script.read(endpoint) == 7)
    }

    @Test("An announced byte that never comes is the end of the stream after the peer's FIN")
    func announcedAndOver() throws {
        let (script, endpoint) = try accept()
        script.inject("U. 1 ack 1 urg 100")
        script.inject("F. 1 ack 1")
        #expect(try script.host.receiveUrgent(endpoint) == nil)
        #expect(try script.read(endpoint) == 0)
    }

    @Test("The urgent byte of a segment that is out of order is there at once")
    func outOfOrder() throws {
        let (script, endpoint) = try accept()
        script.inject("PU. 11+10 ack 1 urg 10")
        #expect(try script.host.receiveUrgent(endpoint) == byte(at: 20))
        #expect(try script.host.receivableCount(of: endpoint) == 0)
        script.inject("P. 1+10 ack 1")
        #expect(try script.read(endpoint) == 19)
    }

    @Test("A later mark replaces one that was not read, whose byte does not come back")
    func replaced() throws {
        let (script, endpoint) = try accept()
        script.inject("PU. 1+5 ack 1 urg 1")
        #expect(try script.host.isAtMark(endpoint))
        script.inject("PU. 6+5 ack 1 urg 5")
        #expect(try script.host.receiveUrgent(endpoint) == byte(at: 10))
        #expect(try script.read(endpoint) == 8)
    }

    @Test("With nothing but the urgent byte the stream is not readable")
    func alone() throws {
        let (script, endpoint) = try accept()
        script.inject("PU. 1+1 ack 1 urg 1")
        #expect(try script.host.readiness(of: endpoint) == [.priority, .writable])
        #expect(try script.host.receiveUrgent(endpoint) == byte(at: 1))
        #expect(throws: StackError.wouldBlock) { try script.read(endpoint) }
        script.inject("P. 2+3 ack 1")
        #expect(try script.read(endpoint) == 3)
    }

    @Test("An urgent pointer of 0, far past the data or back to what was read does no harm")
    func oddPointers() throws {
        let (script, endpoint) = try accept(inline: true)
        script.inject("PU. 1+10 ack 1 urg 0")
        script.inject("PU. 11+10 ack 1 urg 65535")
        script.inject("PU. 21+10 ack 1 urg 5")
        script.inject("PU. 1+10 ack 1 urg 5")
        script.inject("SU. 31 ack 1 urg 5")
        var count = 0
        while let more = try? script.read(endpoint), more > 0 { count += more }
        #expect(count == 30)
        #expect(script.state(endpoint) == .established)
    }

    @Test("An urgent pointer across the end of the circle of numbers is as good as any")
    func wrapping() throws {
        let script = Script()
        script.peerISS = 0xFFFF_FFFD
        let endpoint = try script.accept("<mss 1000>")
        script.inject("PU. 1+10 ack 1 urg 5")
        #expect(try script.host.receiveUrgent(endpoint) == byte(at: 5))
        #expect(try script.read(endpoint) == 4)
        #expect(try script.read(endpoint) == 5)
    }

    @Test("Urgent pointers are for states that receive (§3.10.7.4, sixth)")
    func afterTheEnd() throws {
        let (script, endpoint) = try accept()
        script.inject("F. 1 ack 1")
        script.inject("U. 2 ack 1 urg 5")
        #expect(throws: StackError.invalidArgument) {
            try script.host.receiveUrgent(endpoint)
        }
        #expect(try !script.host.readiness(of: endpoint).contains(.priority))
    }

    @Test("Streams with urgent bytes among others arrive whole over a link that loses")
    func throughLosses() throws {
        var setting = Simulation.Setting()
        setting.impairments.loss = .percent(5)
        setting.impairments.delay = .milliseconds(5)
        setting.seed = 11
        let simulation = Simulation(setting)
        let (client, server, _) = try simulation.establish()
        var options = try simulation.server.streamOptions(of: server)
        options.isUrgentInline = true
        try simulation.server.setStreamOptions(options, of: server)
        var (sent, received, marks) = (0, 0, 0)
        var buffer = [UInt8](repeating: 0, count: 65536)
        let isWhole = simulation.run(.seconds(600)) {
            while sent < 200_000, let taken = giveSome(simulation, client, sent) { sent += taken }
            while true {
                if let isMark = try? simulation.server.isAtMark(server), isMark { marks += 1 }
                var span = buffer.mutableSpan
                guard let count = try? simulation.server.receive(server, into: &span), count > 0
                else { break }
                received += count
            }
            return received >= 200_000
        }
        #expect(isWhole && marks > 0)
    }

    /// Sends a piece, now and then as urgent; how much was taken.
    private func giveSome(_ simulation: Simulation, _ id: EndpointID, _ sent: Int) -> Int? {
        let bytes = Array(Pattern.repeated[..<997])
        do throws(StackError) {
            if sent % 5 == 0 { return try simulation.client.sendUrgent(id, bytes.span) }
            return try simulation.client.send(id, bytes.span)
        } catch {
            return nil
        }
    }
}
