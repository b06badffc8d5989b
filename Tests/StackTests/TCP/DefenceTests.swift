import Memory
import Testing
import Wire

@testable import Stack

/// What strangers, old duplicates and hostile peers try (RFC 5961, RFC 7323 §5, CVEs by number).
@Suite("Defence", .overBothFamilies) struct DefenceTests {
    // MARK: - Challenges (RFC 5961 §7)

    @Test("Challenges are limited for each connection, and one cannot tell of another")
    func challengesOfTwo() throws {
        let script = Script()
        let listener = try script.listen()
        _ = try script.accept(from: listener)
        let (port, number) = (script.peerPort, script.hostISS)
        script.peerPort = 6000
        _ = try script.accept(from: listener)
        // A stranger uses up what the second connection has (CVE-2016-5696).
        for _ in 0..<200 { script.inject("S 1") }
        #expect(script.skipSent() == 1)
        script.peerPort = port
        script.inject("S 1")
        script.expectChallenge(from: number)
        script.wait(.milliseconds(500))
        script.inject("S 1")
        script.expectChallenge(from: number)
    }

    @Test("A half-open connection and one that is over have limits of their own")
    func challengesOfSmallForms() throws {
        for kind in [Situation.Kind.synReceived, .timeWait] {
            let situation = try Situation(kind)
            for _ in 0..<200 { situation.inject(". {n+100000} ack {s}") }
            situation.expect(". {s} ack {n}", then: kind.state)
            #expect(situation.script.host.counters[.tcpChallengeLimited] == 199)
        }
    }

    @Test("Two hosts whose numbers disagree do not acknowledge each other for ever")
    func noAckLoop() throws {
        let situation = try Situation(.established)
        var answers = 0
        for _ in 0..<1000 {
            situation.inject(". {n+100000} ack {s}")
            answers += situation.script.skipSent()
            situation.script.wait(.milliseconds(1))
        }
        #expect(answers == 2)
    }

    // MARK: - Old duplicates (RFC 7323 §5)

    private func stamped() throws -> (script: Script, endpoint: EndpointID, stamp: UInt32) {
        let script = Script(TCPConfiguration())
        let endpoint = try script.accept("<mss 1000,ts 1000 0>")
        return (script, endpoint, script.hostStamp)
    }

    @Test("After 24 idle days any timestamp counts, the peer's clock may have wrapped (§5.5)")
    func idleForLong() throws {
        let (script, endpoint, stamp) = try stamped()
        script.wait(.seconds(24 * 86400 - 60))
        script.inject("P. 1+10 ack 1 <ts -2000000000 \(stamp)>")
        script.skipSent()
        #expect(script.host.counters[.tcpOldTimestamp] == 1)
        script.wait(.seconds(120))
        script.inject("P. 1+10 ack 1 <ts -2000000000 \(stamp)>")
        #expect(try script.read(endpoint) == 10)
    }

    @Test("After 50 idle days too, when milliseconds in 32 bits have wrapped", arguments: [50, 75])
    func idleForLonger(_ days: Int) throws {
        let (script, endpoint, stamp) = try stamped()
        script.wait(.seconds(days * 86400))
        script.inject("P. 1+10 ack 1 <ts 900 \(stamp)>")
        #expect(try script.read(endpoint) == 10)
    }

    @Test("An old timestamp does not keep a reset at RCV.NXT from counting (§5.2)")
    func resetWithOldTimestamp() throws {
        let (script, endpoint, stamp) = try stamped()
        script.inject("R 1 <ts 5 \(stamp)>")
        #expect(try script.host.takeError(of: endpoint) == .connectionReset)
    }

    @Test("TS.Recent follows only segments at the left edge of what was acknowledged (§4.3)")
    func recentTimestamp() throws {
        let (script, _, stamp) = try stamped()
        script.inject("P. 11+10 ack 1 <ts 2000 \(stamp)>")
        script.expect(". 1 ack 1 <ts \(script.hostStamp) 1000>")
        script.inject("P. 1+10 ack 1 <ts 1500 \(stamp)>")
        script.expect(". 1 ack 21 <ts \(script.hostStamp) 1500>")
    }

    @Test("A number from the previous turn of the circle is no duplicate of today's")
    func wrappedNumbers() throws {
        let situation = try Situation(.established)
        // Half the circle away either side is not in the window.
        situation.inject("P. {n+2147483647}+5 ack {s}")
        situation.inject("P. {n-2147483647}+5 ack {s}")
        #expect(situation.script.skipSent() == 2)
        #expect(try situation.script.host.receivableCount(of: situation.endpoint) == 0)
    }

    // MARK: - Segment sizes and selective acknowledgments (CVE-2019-11477 to 11479)

    @Test("A segment size of 0 counts as absent, a tiny one as 88", arguments: [0, 1, 48, 87])
    func tinySegmentSize(_ size: Int) throws {
        let script = Script()
        let listener = try script.listen()
        script.injectSyn(rawOptions: [2, 4, 0, UInt8(size)])
        script.expect("S. 0 ack 1")
        script.inject(". 1 ack 1")
        let endpoint = try script.host.accept(listener)
        try script.send(endpoint, 4000)
        let absent = script.family == .inet ? 536 : 1220
        script.expect(". 1+\(size == 0 ? absent : 88) ack 1")
    }

    @Test(
        "Thousands of holes in tiny segments cost bounded memory and time",
        .timeLimit(.minutes(1)))
    func manyHoles() throws {
        var tcp = TCPConfiguration()
        tcp.timestamps = false
        tcp.initialWindow = 4000
        let script = Script(tcp)
        let endpoint = try script.accept("<mss 88,sackOK,wscale 7>")
        try script.send(endpoint, 70_000)
        script.skipSent()
        for place in stride(from: 89, to: 70_000, by: 176) {
            script.inject(". 1 ack 1 <sack \(place)-\(place + 88)>")
            // One byte a block, moved on by one each time.
            script.inject(". 1 ack 1 <sack \(place + 2)-\(place + 3) \(place + 5)-\(place + 6)>")
        }
        script.skipSent()
        #expect(script.state(endpoint) == .established)
        script.inject(". 1 ack 70001")
        script.expectNothing(for: .seconds(10))
        try script.close(endpoint)
        script.inject("R 1")
        #expect(script.isClean)
    }

    @Test("Overlapping and doubled blocks count once")
    func overlappingBlocks() throws {
        let script = Script(TCPConfiguration())
        let endpoint = try script.accept("<mss 1000,sackOK>")
        try script.send(endpoint, 10_000)
        #expect(script.skipSent() == 10)
        // 500 bytes three times over are no reason to believe that anything was lost.
        for _ in 0..<4 {
            script.inject(". 1 ack 1 <sack 1001-1501 1001-1301 1201-1501>")
        }
        script.expectNothing()
        #expect(script.host.counters[.tcpFastRetransmits] == 0)
    }

    // MARK: - Floods

    @Test("Ten thousand connections that never send hold no buffer, and none of them stays")
    func silentConnections() throws {
        let script = Script()
        let listener = try script.listen(80, backlog: 128)
        let before = script.pools.available
        var held: [EndpointID] = []
        for port in 1000..<11_000 as Range<UInt16> {
            script.peerPort = port
            held.append(try script.accept(from: listener))
        }
        let after = script.pools.available
        #expect(after.chunks == before.chunks && after.frames == before.frames)
        for endpoint in held { try script.host.close(endpoint) }
        script.collect()
        script.skipSent()
        script.wait(.seconds(600))
        script.skipSent()
        try script.close(listener)
        #expect(script.isClean)
    }

    @Test("Connections that wait for nobody to accept them are bounded by the backlog")
    func unaccepted() throws {
        let script = Script()
        _ = try script.listen(80, backlog: 3)
        for port in 1000..<2000 as Range<UInt16> {
            script.peerPort = port
            script.inject("S 0")
            script.inject(". 1 ack 1")
        }
        script.skipSent()
        #expect(script.host.tcp.connections.count == 4)
        #expect(script.host.counters[.tcpBacklogFull] == 996)
    }

    @Test("A window shrunk to nothing behind what was sent is probed, and opens again")
    func windowShrunkToNothing() throws {
        let script = Script()
        let endpoint = try script.accept(win: 4000, "<mss 1000>")
        try script.send(endpoint, 6000)
        #expect(script.skipSent() == 4)
        script.inject(". 1 ack 1001 win 0")
        script.expect(". 1001+1000 ack 1", after: .milliseconds(200))
        script.inject(". 1 ack 1001 win 0")
        script.wait(.seconds(30))
        script.skipSent()
        #expect(script.state(endpoint) == .established)
        script.inject(". 1 ack 4001 win 4000")
        script.expect(". 4001+1000 ack 1")
        script.expect("P. 5001+1000 ack 1")
    }

    @Test("A SYN from ourselves, nobody, everybody or a group opens nothing (LAND)")
    func impossibleSources() throws {
        let script = Script()
        _ = try script.listen()
        let sources: [IPAddress] =
            script.family == .inet
            ? [
                Script.hostAddress, .unspecifiedV4, .v4(10, 7, 0, 255), .v4(255, 255, 255, 255),
                .v4(224, 0, 0, 1), .v4(127, 0, 0, 1),
            ]
            : [
                Script.hostAddress, .unspecifiedV6, IPAddress(high: 0xFF02 << 48, low: 1),
                IPAddress(high: 0, low: 1),
            ]
        for source in sources {
            script.peerPort = 80
            script.inject(Segment("S 0 win 1000"), from: source)
        }
        script.expectNothing()
        #expect(script.halfOpenCount == 0)
        #expect(script.host.counters.dropped == UInt64(sources.count))
    }
}

extension Script {
    /// The next segment is an acknowledgment from this number of the host's stream on.
    func expectChallenge(
        from iss: UInt32, at location: SourceLocation = #_sourceLocation
    ) {
        expect(". \(Int32(bitPattern: iss &+ 1 &- hostISS)) ack 1", at: location)
    }
}
