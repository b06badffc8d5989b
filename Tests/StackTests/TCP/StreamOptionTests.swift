import Memory
import Testing
import Wire

@testable import Stack

/// What an application may choose for one stream, and its effect on the wire.
@Suite("Options of streams", .overBothFamilies) struct StreamOptionTests {
    private func choose(
        _ script: Script, _ endpoint: EndpointID, _ change: (inout StreamOptions) -> Void
    ) throws {
        var options = try script.host.streamOptions(of: endpoint)
        change(&options)
        try script.host.setStreamOptions(options, of: endpoint)
        script.collect()
    }

    private func endpoint(_ script: Script) -> EndpointID { script.open() }

    // MARK: - Values

    @Test("What was not chosen is what the host's configuration says")
    func defaults() throws {
        let script = Script()
        let endpoint = endpoint(script)
        let options = try script.host.streamOptions(of: endpoint)
        #expect(options.userTimeout == nil && options.linger == nil)
        #expect(options.keepaliveIdle == .seconds(7200) && options.keepaliveProbes == 9)
        #expect(options.synRetries == 6 && options.finTimeout == .seconds(60))
        let datagrams = script.host.open(.datagram)
        #expect(throws: StackError.notSupported) {
            try script.host.streamOptions(of: datagrams)
        }
    }

    @Test("Values outside their range are refused and change nothing")
    func ranges() throws {
        let changes: [(inout StreamOptions) -> Void] = [
            { $0.keepaliveIdle = .zero }, { $0.keepaliveInterval = .seconds(32_768) },
            { $0.keepaliveProbes = 128 }, { $0.synRetries = 0 }, { $0.maximumSegmentSize = 87 },
            { $0.maximumSegmentSize = 32_768 }, { $0.userTimeout = .milliseconds(-1) },
            { $0.linger = .seconds(-1) }, { $0.finTimeout = .seconds(-1) },
        ]
        let script = Script()
        let endpoint = endpoint(script)
        let before = try script.host.streamOptions(of: endpoint)
        for change in changes {
            #expect(throws: StackError.invalidArgument) {
                try choose(script, endpoint, change)
            }
        }
        #expect(try script.host.streamOptions(of: endpoint) == before)
    }

    @Test("A listener's choices go over to what it accepts")
    func inherited() throws {
        let script = Script()
        let listener = try script.listen()
        try choose(script, listener) {
            $0.userTimeout = .seconds(7)
            $0.linger = .seconds(3)
        }
        let accepted = try script.accept(from: listener)
        let options = try script.host.streamOptions(of: accepted)
        #expect(options.userTimeout == .seconds(7) && options.linger == .seconds(3))
    }

    // MARK: - User timeout

    @Test("Bytes that nobody acknowledges fail after the user timeout (RFC 5482, §3.10.8)")
    func userTimeout() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try choose(script, endpoint) { $0.userTimeout = .seconds(1) }
        try script.send(endpoint, 10)
        script.expect("P. 1+10 ack 1")
        script.expect("P. 1+10 ack 1", after: .milliseconds(200))
        script.expect("P. 1+10 ack 1", after: .milliseconds(400))
        script.wait(.milliseconds(399))
        #expect(script.state(endpoint) == .established)
        script.wait(.milliseconds(2))
        script.expectNothing()
        #expect(try script.host.takeError(of: endpoint) == .timedOut)
        #expect(script.host.counters[.tcpUserTimeouts] == 1)
    }

    @Test("Each acknowledgment of new bytes starts the user timeout anew")
    func userTimeoutRestarts() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try choose(script, endpoint) { $0.userTimeout = .seconds(1) }
        var sent = 1
        for _ in 0..<5 {
            try script.send(endpoint, 10)
            script.wait(.milliseconds(700))
            sent += 10
            script.inject(". 1 ack \(sent)")
        }
        #expect(script.state(endpoint) == .established)
        #expect(script.host.counters[.tcpTimeouts] > 0)
    }

    @Test("A window that stays shut counts too, however often the peer answers")
    func userTimeoutOfShutWindow() throws {
        let script = Script()
        let endpoint = try script.accept(win: 1000, "<mss 1000>")
        try choose(script, endpoint) { $0.userTimeout = .seconds(2) }
        try script.send(endpoint, 2000)
        script.inject(". 1 ack 1001 win 0")
        for _ in 0..<19 {
            script.wait(.milliseconds(100))
            script.inject(". 1 ack 1001 win 0")
        }
        #expect(script.state(endpoint) == .established)
        script.wait(.milliseconds(200))
        #expect(try script.host.takeError(of: endpoint) == .timedOut)
    }

    @Test("An attempt to connect fails after the user timeout")
    func userTimeoutOfSyn() throws {
        let script = Script()
        let endpoint = endpoint(script)
        try choose(script, endpoint) { $0.userTimeout = .seconds(5) }
        connect(script, endpoint)
        #expect(script.skipSent() == 1)
        script.wait(.milliseconds(4999))
        #expect(script.state(endpoint) == .synSent)
        script.wait(.milliseconds(2))
        #expect(try script.host.takeError(of: endpoint) == .timedOut)
    }

    private func connect(_ script: Script, _ endpoint: EndpointID) {
        try? script.host.connect(
            endpoint, to: SocketAddress(address: Script.peerAddress, port: 5000))
        script.collect()
    }

    // MARK: - Keep-alive

    @Test("Keep-alive by the stream's own times (TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT)")
    func keepalive() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.host.setKeepalive(endpoint, true)
        try choose(script, endpoint) {
            $0.keepaliveIdle = .seconds(10)
            $0.keepaliveInterval = .seconds(2)
            $0.keepaliveProbes = 3
        }
        script.expect(". 0 ack 1", after: .seconds(10))
        script.expect(". 0 ack 1", after: .seconds(2))
        script.expect(". 0 ack 1", after: .seconds(2))
        script.expect("R. 1 ack 1", after: .seconds(2))
        #expect(try script.host.takeError(of: endpoint) == .timedOut)
    }

    @Test("With a user timeout keep-alive gives up by that, not by the number of probes")
    func keepaliveWithUserTimeout() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.host.setKeepalive(endpoint, true)
        try choose(script, endpoint) {
            $0.keepaliveIdle = .seconds(10)
            $0.keepaliveInterval = .seconds(2)
            $0.keepaliveProbes = 1
            $0.userTimeout = .seconds(15)
        }
        for seconds in [10, 2, 2] { script.expect(". 0 ack 1", after: .seconds(seconds)) }
        script.expect("R. 1 ack 1", after: .seconds(2))
    }

    @Test("A stream that is retransmitting is not probed besides")
    func keepaliveWhileSending() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.host.setKeepalive(endpoint, true)
        try choose(script, endpoint) { $0.keepaliveIdle = .seconds(1) }
        try script.send(endpoint, 10)
        script.wait(.seconds(20))
        #expect(script.host.counters[.tcpKeepaliveProbes] == 0)
        #expect(script.host.counters[.tcpTimeouts] > 4)
    }

    // MARK: - Handshakes

    @Test("A SYN is sent again as often as the stream says (TCP_SYNCNT)")
    func synRetries() throws {
        let script = Script()
        let endpoint = endpoint(script)
        try choose(script, endpoint) { $0.synRetries = 2 }
        connect(script, endpoint)
        script.wait(.seconds(100))
        #expect(script.skipSent() == 3)
        #expect(try script.host.takeError(of: endpoint) == .timedOut)
    }

    @Test("The listener's choice counts for SYN-ACKs")
    func synAckRetries() throws {
        let script = Script()
        let listener = try script.listen()
        try choose(script, listener) { $0.synRetries = 1 }
        script.inject("S 0 win 1000 <mss 1000>")
        script.wait(.seconds(100))
        #expect(script.skipSent() == 2)
        #expect(script.isIdle)
    }

    @Test("A smaller segment size is announced and kept to (TCP_MAXSEG)")
    func maximumSegmentSize() throws {
        let script = Script()
        let active = endpoint(script)
        try choose(script, active) { $0.maximumSegmentSize = 700 }
        connect(script, active)
        script.hostPort = try script.host.localAddress(of: active).port
        script.expect("S 0 <mss 700>")
        script.inject("S. 0 ack 1 <mss 1460>")
        script.expect(". 1 ack 1")
        try script.send(active, 1400)
        script.expect(". 1+700 ack 1")
        #expect(try script.host.segmentSize(of: active) == 700)

        let other = Script()
        let listener = try other.listen()
        try choose(other, listener) { $0.maximumSegmentSize = 600 }
        other.inject("S 0 <mss 1460>")
        other.expect("S. 0 ack 1 <mss 600>")
        other.inject(". 1 ack 1")
        try other.send(try other.host.accept(listener), 1200)
        other.expect(". 1+600 ack 1")
    }

    // MARK: - Corks and acknowledgments

    @Test("A cork keeps back less than a segment until it is drawn (TCP_CORK)")
    func cork() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try choose(script, endpoint) { $0.isCorked = true }
        try script.send(endpoint, 400)
        try script.send(endpoint, 400)
        script.expectNothing()
        try script.send(endpoint, 400)
        script.expect(". 1+1000 ack 1")
        script.inject(". 1 ack 1001")
        script.expectNothing()
        try choose(script, endpoint) { $0.isCorked = false }
        script.expect("P. 1001+200 ack 1")
    }

    @Test("A cork holds for 200 ms or so at most, and not the end of the stream")
    func corkGivesWay() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try choose(script, endpoint) { $0.isCorked = true }
        try script.send(endpoint, 400)
        script.expect("P. 1+400 ack 1", after: .milliseconds(200))
        script.inject(". 1 ack 401")
        #expect(script.host.counters[.tcpZeroWindowProbes] == 0)
        try script.send(endpoint, 100)
        script.expectNothing()
        try script.shutdown(endpoint)
        script.expect("FP. 401+100 ack 1")
    }

    @Test("Acknowledgments leave at once, or late, as the stream says (TCP_QUICKACK)")
    func quickAcks() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.host.setQuickAcks(endpoint, false)
        script.inject("P. 1+10 ack 1")
        script.expectNothing()
        try script.host.setQuickAcks(endpoint, true)
        script.collect()
        script.expect(". 1 ack 11")
        script.inject("P. 11+10 ack 1")
        script.expect(". 1 ack 21")
    }

    // MARK: - Letting go

    @Test("Drained: when all has been acknowledged, the end of our side too (SO_LINGER)")
    func drained() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.send(endpoint, 10)
        #expect(try !script.host.readiness(of: endpoint).contains(.drained))
        script.inject(". 1 ack 11")
        #expect(try !script.host.readiness(of: endpoint).contains(.drained))
        try script.shutdown(endpoint)
        while script.host.nextReady() != nil {}
        #expect(try !script.host.readiness(of: endpoint).contains(.drained))
        script.inject(". 1 ack 12")
        #expect(script.host.nextReady()?.events.contains(.drained) == true)
        #expect(try script.host.readiness(of: endpoint).contains(.drained))
    }

    @Test("A connection that ends badly is drained as well: nobody is to wait for it")
    func drainedByReset() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.send(endpoint, 10)
        try script.shutdown(endpoint)
        while script.host.nextReady() != nil {}
        script.inject("R 1")
        #expect(script.host.nextReady()?.events.contains(.drained) == true)
        #expect(try script.host.readiness(of: endpoint).contains(.drained))
    }

    @Test("Lingering for no time resets (SO_LINGER, 0)")
    func lingerZero() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try choose(script, endpoint) { $0.linger = .zero }
        try script.send(endpoint, 10)
        script.expect("P. 1+10 ack 1")
        try script.close(endpoint)
        script.expect("R. 11 ack 1")
        #expect(script.isClean)
    }

    @Test("An orphan waits for the peer's FIN as long as the stream says (TCP_LINGER2)")
    func finTimeout() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try choose(script, endpoint) { $0.finTimeout = .seconds(5) }
        try script.close(endpoint)
        script.expect("F. 1 ack 1")
        script.inject(". 1 ack 2")
        script.wait(.milliseconds(4900))
        #expect(!script.isIdle)
        script.wait(.milliseconds(200))
        #expect(script.isClean)
    }

    @Test("Or does not wait at all")
    func noFinTimeout() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try choose(script, endpoint) { $0.finTimeout = nil }
        try script.close(endpoint)
        script.expect("F. 1 ack 1")
        script.inject(". 1 ack 2")
        #expect(script.isClean)
    }

    // MARK: - Orphans

    @Test("Orphans are bounded: one too many is reset and counted (tcp_max_orphans)")
    func orphanLimit() throws {
        var tcp = Script.plain
        tcp.orphanLimit = 2
        let script = Script(tcp)
        let listener = try script.listen()
        for port in 5000..<5003 as Range<UInt16> {
            script.peerPort = port
            let endpoint = try script.accept(from: listener)
            try script.close(endpoint)
            script.expect(port == 5002 ? "R. 1 ack 1" : "F. 1 ack 1")
        }
        #expect(script.host.counters[.tcpOrphansReset] == 1)
        // One of them ends, and there is room again.
        script.peerPort = 5001
        script.inject("R 1")
        script.peerPort = 5003
        let endpoint = try script.accept(from: listener)
        try script.close(endpoint)
        script.expect("F. 1 ack 1")
    }

    @Test("An orphan's bytes are sent again less often than anybody's")
    func orphanRetries() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.send(endpoint, 10)
        try script.close(endpoint)
        script.wait(.seconds(1000))
        #expect(script.skipSent() == 2 + 8)
        #expect(script.isIdle)
    }

    @Test("A peer that never reads does not hold an orphan's memory for ever")
    func orphanAndShutWindow() throws {
        let script = Script()
        let endpoint = try script.accept(win: 1000, "<mss 1000>")
        try script.send(endpoint, 5000)
        script.inject(". 1 ack 1001 win 0")
        try script.close(endpoint)
        for _ in 0..<2000 {
            script.wait(.milliseconds(500))
            script.inject(". 1 ack 1001 win 0")
        }
        #expect(script.isClean)
    }
}
