import Testing
import Wire

@testable import Stack

/// How connections begin (RFC 9293 §3.5, §3.10.7.1–3).
@Suite("Opening", .overBothFamilies) struct OpeningTests {
    @Test("A passive open is a handshake of three (RFC 9293 §3.5, figure 6)")
    func passive() throws {
        let script = Script()
        let listener = try script.listen()
        script.inject("S 0 win 1000 <mss 1000>")
        script.expect("S. 0 ack 1 win 65535 <mss 1460>")
        #expect(throws: StackError.wouldBlock) { try script.host.accept(listener) }
        script.inject(". 1 ack 1 win 1000")
        script.expectNothing()
        let endpoint = try script.host.accept(listener)
        #expect(script.state(endpoint) == .established)
        #expect(try script.host.remoteAddress(of: endpoint).port == 5000)
    }

    @Test("An active open is a handshake of three, and tells that it is connected")
    func active() throws {
        let script = Script()
        let endpoint = try script.connect()
        script.expect("S 0 win 65535 <mss 1460>")
        #expect(script.state(endpoint) == .synSent)
        script.inject("S. 0 ack 1 win 1000 <mss 1000>")
        script.expect(". 1 ack 1 win 65535")
        #expect(script.state(endpoint) == .established)
        let ready = script.host.nextReady()
        #expect(ready?.endpoint == endpoint)
        #expect(ready?.events.contains([.connected, .writable]) == true)
    }

    @Test("All options are offered, and those that the peer offers too are used (RFC 7323, 2018)")
    func options() throws {
        let script = Script(TCPConfiguration())
        _ = try script.connect()
        script.wait(.zero)
        let stamp = script.hostStamp
        script.expect("S 0 win 65535 <mss 1460,sackOK,ts \(stamp) 0,wscale 5>")
        script.inject("S. 0 ack 1 win 1000 <mss 1000,sackOK,ts 77 \(stamp),wscale 2>")
        script.expect(". 1 ack 1 win 32768 <ts \(stamp) 77>")
    }

    @Test("An option that the peer does not offer is not used")
    func noOptions() throws {
        let script = Script(TCPConfiguration())
        let endpoint = try script.accept()
        try script.send(endpoint, 100)
        script.expect("P. 1+100 ack 1 win 65535 <>")
    }

    @Test("Both sides may open at once (RFC 9293 §3.5, figure 7)")
    func simultaneous() throws {
        let script = Script()
        let endpoint = try script.connect()
        script.expect("S 0")
        script.inject("S 0 win 1000 <mss 1000>")
        script.expect("S. 0 ack 1 win 65535 <mss 1460>")
        #expect(script.state(endpoint) == .synReceived)
        script.inject("S 0 win 1000 <mss 1000>")
        script.expect("S. 0 ack 1 win 65535 <mss 1460>")
        script.inject("S. 0 ack 1 win 1000 <mss 1000>")
        script.expectNothing()
        #expect(script.state(endpoint) == .established)
        try script.send(endpoint, 10)
        script.expect("P. 1+10 ack 1")
    }

    @Test("In SYN-SENT an unacceptable acknowledgment is answered with a reset (§3.10.7.3, first)")
    func unacceptableAckInSynSent() throws {
        let script = Script()
        let endpoint = try script.connect()
        script.expect("S 0")
        script.inject(". 5 ack 100")
        script.expect("R 100")
        script.inject("S. 0 ack 2")
        script.expect("R 2")
        script.inject("R. 0 ack 2")
        script.expectNothing()
        #expect(script.state(endpoint) == .synSent)
    }

    @Test("In SYN-SENT a reset that acknowledges the SYN means refused (§3.10.7.3, second)")
    func refused() throws {
        let script = Script()
        let endpoint = try script.connect()
        script.expect("S 0")
        script.inject("R 0")
        #expect(script.state(endpoint) == .synSent)
        script.inject("R. 0 ack 1")
        script.expectNothing(for: .seconds(300))
        #expect(try script.host.takeError(of: endpoint) == .connectionRefused)
        try script.close(endpoint)
        #expect(script.isClean)
    }

    @Test("A SYN is sent again after 1, 2, 4 … seconds, and at last the attempt times out")
    func synRetries() throws {
        let script = Script()
        let endpoint = try script.connect()
        script.expect("S 0 win 65535 <mss 1460>")
        for seconds in [1, 2, 4, 8, 16, 32] {
            script.expect("S 0 win 65535 <mss 1460>", after: .seconds(seconds))
        }
        script.expectNothing(for: .seconds(300))
        #expect(try script.host.takeError(of: endpoint) == .timedOut)
        #expect(script.host.counters[.tcpFailedAttempts] == 1)
    }

    @Test("A SYN-ACK is sent again, and a half-open connection is given up")
    func synAckRetries() throws {
        let script = Script()
        _ = try script.listen()
        script.inject("S 0 win 1000 <mss 1000>")
        script.expect("S. 0 ack 1 <mss 1460>")
        for seconds in [1, 2, 4, 8, 16] {
            script.expect("S. 0 ack 1 <mss 1460>", after: .seconds(seconds))
        }
        script.expectNothing(for: .seconds(300))
        #expect(script.isIdle)
    }

    @Test("A SYN that comes again is answered again")
    func synAgain() throws {
        let script = Script()
        _ = try script.listen()
        script.inject("S 0 win 1000 <mss 1000>")
        script.expect("S. 0 ack 1")
        script.inject("S 0 win 1000 <mss 1000>")
        script.expect("S. 0 ack 1")
        script.expectNothing()
    }

    @Test("A listener answers an acknowledgment with a reset and ignores resets (§3.10.7.2)")
    func listener() throws {
        let script = Script()
        _ = try script.listen()
        script.inject("R 0")
        script.expectNothing()
        script.inject(". 7 ack 33")
        script.expect("R 33")
        script.inject("SF 0")
        script.inject("- 0")
        script.inject("F 0")
        script.expectNothing()
        #expect(script.host.counters[.tcpBadFlags] == 3)
    }

    @Test("A port without a listener refuses (§3.10.7.1)")
    func closedPort() {
        let script = Script()
        script.inject("S 0 win 1000 <mss 1000>")
        script.expect("R. 0 ack 1")
        script.inject(". 4 ack 9")
        script.expect("R 9")
        script.inject("P 4+10")
        script.expect("R. 0 ack 14")
        script.inject("R. 4 ack 9")
        script.expectNothing()
        #expect(script.host.counters[.tcpNoListener] == 4)
    }

    @Test("A reset ends SYN-RECEIVED only at RCV.NXT, and leaves the listener as it was (RFC 5961)")
    func resetInSynReceived() throws {
        let script = Script()
        _ = try script.listen()
        script.inject("S 0 win 1000 <mss 1000>")
        script.expect("S. 0 ack 1")
        script.inject("R 100000")
        script.expectNothing()
        script.inject("R 2")
        script.expect(". 1 ack 1")
        #expect(script.halfOpenCount == 1)
        script.inject("R 1")
        #expect(script.isIdle)
        script.inject("S 10 win 1000 <mss 1000>")
        script.expect("S. 0 ack 11")
    }

    @Test("In SYN-RECEIVED an acknowledgment of anything but the SYN is answered with a reset")
    func unacceptableAckInSynReceived() throws {
        let script = Script()
        _ = try script.listen()
        script.inject("S 0 win 1000 <mss 1000>")
        script.expect("S. 0 ack 1")
        script.inject(". 1 ack 2")
        script.expect("R 2")
        script.inject(". 1 ack 0")
        script.expect("R 0")
        #expect(script.halfOpenCount == 1)
    }

    @Test("A peer that starts anew in SYN-RECEIVED is challenged, and its reset makes room for it")
    func restartInSynReceived() throws {
        let script = Script()
        _ = try script.listen()
        script.inject("S 0 win 1000 <mss 1000>")
        script.expect("S. 0 ack 1")
        script.inject("S 5000 win 1000 <mss 1000>")
        script.expect(". 1 ack 1")
        script.inject("R 1")
        script.inject("S 5000 win 1000 <mss 1000>")
        script.expect("S. 0 ack 5001")
    }

    @Test("With a full backlog SYNs are dropped and counted")
    func backlog() throws {
        let script = Script()
        let listener = try script.listen(80, backlog: 1)
        for port in 5000..<5002 as Range<UInt16> {
            script.peerPort = port
            script.inject("S 0 win 1000 <mss 1000>")
            script.expect("S. 0 ack 1")
            script.inject(". 1 ack 1 win 1000")
        }
        script.peerPort = 5002
        script.inject("S 0 win 1000 <mss 1000>")
        script.expectNothing()
        #expect(script.host.counters[.tcpBacklogFull] == 1)
        _ = try script.host.accept(listener)
        script.inject("S 0 win 1000 <mss 1000>")
        script.expect("S. 0 ack 1")
    }

    @Test("Half-open connections are bounded")
    func halfOpenLimit() throws {
        var tcp = Script.plain
        tcp.halfOpenLimit = 8
        let script = Script(tcp)
        _ = try script.listen()
        for port in 5000..<5020 as Range<UInt16> {
            script.peerPort = port
            script.inject("S 0 win 1000 <mss 1000>")
        }
        #expect(script.skipSent() == 8)
        #expect(script.host.counters[.tcpBacklogFull] == 12)
    }

    @Test("A closed listener resets what it had not accepted and forgets what was half open")
    func listenerClose() throws {
        let script = Script()
        let listener = try script.listen()
        script.inject("S 0 win 1000 <mss 1000>")
        script.expect("S. 0 ack 1")
        script.inject(". 1 ack 1 win 1000")
        script.peerPort = 6000
        script.inject("S 0 win 1000 <mss 1000>")
        script.expect("S. 0 ack 1")
        try script.close(listener)
        script.skipSent()
        #expect(script.isClean)
        #expect(script.host.counters[.tcpResetsSent] == 1)
        script.inject("S 0 win 1000 <mss 1000>")
        script.expect("R. \(Int32(bitPattern: 0 &- script.hostISS)) ack 1")
    }

    @Test("Text that comes with the last segment of the handshake is taken")
    func textWithHandshake() throws {
        let script = Script()
        let listener = try script.listen()
        script.inject("S 0 win 1000 <mss 1000>")
        script.expect("S. 0 ack 1")
        script.inject("P. 1+100 ack 1 win 1000")
        script.expect(". 1 ack 101")
        let endpoint = try script.host.accept(listener)
        #expect(try script.read(endpoint) == 100)
    }

    @Test("The segment size is the smallest of both offers, 536 or 1,220 without one (§3.7.1)")
    func segmentSize() throws {
        for (options, size) in [
            ("<mss 700>", 700), ("", Script.family == .inet ? 536 : 1220), ("<mss 9000>", 1460),
            ("<mss 1>", 88),
        ] {
            let script = Script()
            let endpoint = try script.accept(options)
            try script.send(endpoint, 3000)
            script.expect(". 1+\(size) ack 1")
        }
    }
}
