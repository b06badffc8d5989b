import Testing
import Wire

@testable import Stack

/// What is sent when, and sent again (RFC 9293 §3.8, RFC 5681, RFC 6298, RFC 6675).
@Suite("Sending", .overBothFamilies) struct SendingTests {
    // MARK: - Small segments

    @Test("Nagle: less than a segment waits while anything is out (RFC 9293 §3.7.4)")
    func nagle() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.send(endpoint, 10)
        script.expect("P. 1+10 ack 1")
        try script.send(endpoint, 20)
        try script.send(endpoint, 30)
        script.expectNothing(for: .milliseconds(150))
        script.inject(". 1 ack 11")
        script.expect("P. 11+50 ack 1")
    }

    @Test("Without Nagle small segments leave at once (TCP_NODELAY)")
    func noDelay() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.send(endpoint, 10)
        script.expect("P. 1+10 ack 1")
        try script.send(endpoint, 20)
        script.expectNothing()
        try script.host.setNoDelay(endpoint, true)
        script.collect()
        script.expect("P. 11+20 ack 1")
        try script.send(endpoint, 30)
        script.expect("P. 31+30 ack 1")
    }

    @Test("The rest of full segments leaves with them, the next waits (Minshall's variant)")
    func fullSegments() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.send(endpoint, 2500)
        script.expect(". 1+1000 ack 1")
        script.expect(". 1001+1000 ack 1")
        script.expect("P. 2001+500 ack 1")
        try script.send(endpoint, 300)
        script.expectNothing()
        script.inject(". 1 ack 2001")
        script.expectNothing()
        script.inject(". 1 ack 2501")
        script.expect("P. 2501+300 ack 1")
    }

    // MARK: - Windows

    @Test("The first flight is ten segments (RFC 6928)")
    func initialWindow() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.send(endpoint, 30_000)
        for number in 0..<10 { script.expect(". \(number * 1000 + 1)+1000 ack 1") }
        script.expectNothing()
        // Slow start: what is acknowledged comes on top (RFC 5681 §3.1).
        script.inject(". 1 ack 2001")
        #expect(script.skipSent() == 4)
    }

    @Test("No more leaves than the peer's window takes")
    func window() throws {
        let script = Script()
        let endpoint = try script.accept(win: 2500, "<mss 1000>")
        try script.send(endpoint, 5000)
        script.expect(". 1+1000 ack 1")
        script.expect(". 1001+1000 ack 1")
        // 500 bytes would make a silly window (RFC 9293 §3.8.6.2.1).
        script.expectNothing()
        script.inject(". 1 ack 2001 win 2500")
        script.expect(". 2001+1000 ack 1")
        script.expect(". 3001+1000 ack 1")
    }

    @Test("A scaled window counts by its scale (RFC 7323 §2)")
    func scaledWindow() throws {
        let script = Script(TCPConfiguration())
        let endpoint = try script.accept(win: 1, "<mss 1000,wscale 14>")
        try script.send(endpoint, 20_000)
        for number in 0..<10 { script.expect(". \(number * 1000 + 1)+1000 ack 1") }
        script.expectNothing()
    }

    @Test("A shut window is probed, more and more rarely, and reopens (RFC 9293 §3.8.6.1)")
    func zeroWindow() throws {
        let script = Script()
        let endpoint = try script.accept(win: 1000, "<mss 1000>")
        try script.send(endpoint, 2000)
        script.expect(". 1+1000 ack 1")
        script.inject(". 1 ack 1001 win 0")
        script.expectNothing()
        for milliseconds in [200, 400, 800, 1600] {
            script.expect(". 1000 ack 1", after: .milliseconds(milliseconds))
            script.inject(". 1 ack 1001 win 0")
        }
        script.inject(". 1 ack 1001 win 1000")
        script.expect("P. 1001+1000 ack 1")
        #expect(script.host.counters[.tcpZeroWindowProbes] == 4)
    }

    @Test("A window too small to be used is used after a while all the same (§3.8.6.2.1)")
    func tinyWindow() throws {
        let script = Script()
        let endpoint = try script.accept(win: 1000, "<mss 1000>")
        try script.send(endpoint, 2000)
        script.expect(". 1+1000 ack 1")
        script.inject(". 1 ack 1001 win 1")
        script.inject(". 1 ack 1001 win 1")
        script.expect(". 1001+1 ack 1", after: .milliseconds(200))
    }

    @Test("A window that is shut for ever is probed for ever, as long as the peer answers")
    func zeroWindowForEver() throws {
        let script = Script()
        let endpoint = try script.accept(win: 1000, "<mss 1000>")
        try script.send(endpoint, 2000)
        script.expect(". 1+1000 ack 1")
        script.inject(". 1 ack 1001 win 0")
        for _ in 0..<60 {
            script.wait(.seconds(121))
            #expect(script.skipSent() >= 1)
            script.inject(". 1 ack 1001 win 0")
        }
        #expect(script.state(endpoint) == .established)
    }

    @Test("A peer that shuts its window and vanishes is given up")
    func zeroWindowAndGone() throws {
        var tcp = Script.plain
        tcp.retries = 5
        let script = Script(tcp)
        let endpoint = try script.accept(win: 1000, "<mss 1000>")
        try script.send(endpoint, 2000)
        script.inject(". 1 ack 1001 win 0")
        script.wait(.seconds(600))
        #expect(try script.host.takeError(of: endpoint) == .timedOut)
    }

    @Test("A window shrunk below what was sent does no harm (RFC 9293 §3.8.6)")
    func shrunkWindow() throws {
        let script = Script()
        let endpoint = try script.accept(win: 3000, "<mss 1000>")
        try script.send(endpoint, 5000)
        #expect(script.skipSent() == 3)
        script.inject(". 1 ack 1001 win 500")
        script.expectNothing()
        script.expect(". 1001+1000 ack 1", after: .milliseconds(200))
        script.inject(". 1 ack 3001 win 3000")
        script.expect(". 3001+1000 ack 1")
        script.expect("P. 4001+1000 ack 1")
    }

    // MARK: - Retransmission

    @Test("What is not acknowledged is sent again, after a time that doubles (RFC 6298 §5)")
    func backOff() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.send(endpoint, 100)
        script.expect("P. 1+100 ack 1")
        for milliseconds in [200, 400, 800, 1600, 3200, 6400] {
            script.expect("P. 1+100 ack 1", after: .milliseconds(milliseconds))
        }
        script.inject(". 1 ack 101")
        script.expectNothing(for: .seconds(200))
        #expect(script.host.counters[.tcpTimeouts] == 6)
    }

    @Test("After so many attempts the connection fails (RFC 1122 §4.2.3.5)")
    func givesUp() throws {
        var tcp = Script.plain
        tcp.retries = 3
        let script = Script(tcp)
        let endpoint = try script.accept("<mss 1000>")
        try script.send(endpoint, 100)
        script.expect("P. 1+100 ack 1")
        for milliseconds in [200, 400, 800] {
            script.expect("P. 1+100 ack 1", after: .milliseconds(milliseconds))
        }
        script.expectNothing(for: .seconds(100))
        #expect(throws: StackError.timedOut) { try script.read(endpoint) }
    }

    @Test("After a timeout an acknowledgment carries the newest number, not the oldest")
    func ackAfterTimeout() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.send(endpoint, 3000)
        #expect(script.skipSent() == 3)
        script.expect(". 1+1000 ack 1", after: .milliseconds(200))
        script.inject("P. 1+10 ack 1")
        script.expect(". 3001 ack 11")
    }

    @Test("After a timeout all is sent again from the start, slowly (RFC 5681 §3.1)")
    func slowStartAfterTimeout() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.send(endpoint, 5000)
        #expect(script.skipSent() == 5)
        script.expect(". 1+1000 ack 1", after: .milliseconds(200))
        script.expectNothing(for: .milliseconds(100))
        script.inject(". 1 ack 1001")
        script.expect(". 1001+1000 ack 1")
        script.expect(". 2001+1000 ack 1")
        script.expectNothing()
        script.inject(". 1 ack 5001")
        script.expectNothing(for: .seconds(10))
    }

    @Test("Three duplicates tell of a loss without selective acknowledgments (RFC 5681 §3.2)")
    func fastRetransmit() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.send(endpoint, 10_000)
        #expect(script.skipSent() == 10)
        script.inject(". 1 ack 1")
        script.inject(". 1 ack 1")
        script.expectNothing()
        script.inject(". 1 ack 1")
        script.expect(". 1+1000 ack 1")
        script.expectNothing()
        #expect(script.host.counters[.tcpFastRetransmits] == 1)
        // A partial acknowledgment tells of the next hole (RFC 6582 §3.2).
        script.inject(". 1 ack 4001")
        script.expect(". 4001+1000 ack 1")
        script.inject(". 1 ack 10001")
        script.expectNothing(for: .seconds(10))
        #expect(script.host.counters[.tcpTimeouts] == 0)
    }

    @Test("The first duplicates let new text leave (limited transmit, RFC 3042)")
    func limitedTransmit() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.send(endpoint, 30_000)
        #expect(script.skipSent() == 10)
        script.inject(". 1 ack 1")
        script.expect(". 10001+1000 ack 1")
        script.inject(". 1 ack 1")
        script.expect(". 11001+1000 ack 1")
    }

    @Test("Selective acknowledgments tell what to send again: only that (RFC 6675)")
    func selective() throws {
        let script = Script(TCPConfiguration())
        let endpoint = try script.accept("<mss 1000,sackOK>")
        try script.send(endpoint, 10_000)
        #expect(script.skipSent() == 10)
        // 1–1000 and 3001–4000 are missing.
        script.inject(". 1 ack 1 <sack 1001-2001>")
        script.inject(". 1 ack 1 <sack 1001-3001>")
        script.expectNothing()
        script.inject(". 1 ack 1 <sack 4001-5001,sack 1001-3001>")
        script.expect(". 1+1000 ack 1")
        script.inject(". 1 ack 1 <sack 4001-6001 1001-3001>")
        script.inject(". 1 ack 1 <sack 4001-7001 1001-3001>")
        script.expect(". 3001+1000 ack 1")
        script.inject(". 1 ack 3001 <sack 4001-10001>")
        script.expectNothing()
        script.inject(". 1 ack 10001")
        script.expectNothing(for: .seconds(10))
        #expect(script.host.counters[.tcpRetransmittedSegments] == 2)
    }

    @Test("A peer that drops what it held gets it again (RFC 2018 §8)")
    func reneging() throws {
        let script = Script(TCPConfiguration())
        let endpoint = try script.accept("<mss 1000,sackOK>")
        try script.send(endpoint, 4000)
        #expect(script.skipSent() == 4)
        script.inject(". 1 ack 1 <sack 1001-4001>")
        script.expect(". 1+1000 ack 1")
        script.inject(". 1 ack 1001")
        script.skipSent()
        script.wait(.seconds(1))
        script.skipSent()
        script.inject(". 1 ack 2001")
        script.inject(". 1 ack 3001")
        script.wait(.seconds(1))
        script.inject(". 1 ack 4001")
        script.skipSent()
        script.expectNothing(for: .seconds(100))
    }

    @Test(
        "Selective acknowledgments that lie change nothing",
        arguments: [
            "2001-1001", "1-1001", "5001-6001", "0-1001", "1001-9001", "1001-1001",
        ])
    func lyingBlocks(_ block: String) throws {
        let script = Script(TCPConfiguration())
        let endpoint = try script.accept("<mss 1000,sackOK>")
        try script.send(endpoint, 4000)
        #expect(script.skipSent() == 4)
        var segment = Segment(". 1 ack 1")
        let edges = block.split(separator: "-", omittingEmptySubsequences: true)
        var options = TCPOptions()
        options.sackBlocks.append(
            SACKBlock(
                start: SequenceNumber(UInt32(edges[0]) ?? 0),
                end: SequenceNumber(UInt32(edges[1]) ?? 0)))
        segment.options = options
        for _ in 0..<5 { script.inject(segment) }
        script.expectNothing()
        script.expect(". 1+1000 ack 1", after: .milliseconds(200))
    }

    @Test("The timer follows the round trip that text measures (RFC 6298 §2)")
    func roundTrip() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        var sent = 1
        for _ in 0..<30 {
            try script.send(endpoint, 1000)
            script.wait(.milliseconds(150))
            sent += 1000
            script.inject(". 1 ack \(sent)")
        }
        #expect(script.host.counters[.tcpTimeouts] == 0)
        script.skipSent()
        try script.send(endpoint, 1000)
        script.expect("P. \(sent)+1000 ack 1")
        // SRTT close to 150 ms, and the least variation on top.
        script.expect("P. \(sent)+1000 ack 1", after: .milliseconds(347))
    }

    // MARK: - Keep-alive

    @Test("A silent peer is probed and at last given up (RFC 9293 §3.8.4)")
    func keepalive() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.host.setKeepalive(endpoint, true)
        script.expect(". 0 ack 1", after: .seconds(7200))
        for _ in 1..<9 { script.expect(". 0 ack 1", after: .seconds(75)) }
        script.expect("R. 1 ack 1", after: .seconds(75))
        #expect(try script.host.takeError(of: endpoint) == .timedOut)
        #expect(script.host.counters[.tcpKeepaliveProbes] == 9)
    }

    @Test("A peer that answers a keep-alive probe is left in peace")
    func keepaliveAnswered() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.host.setKeepalive(endpoint, true)
        script.expect(". 0 ack 1", after: .seconds(7200))
        script.inject(". 1 ack 1")
        script.expect(". 0 ack 1", after: .seconds(7200))
    }

    @Test("Without keep-alive a silent connection sends nothing")
    func silence() throws {
        let script = Script()
        _ = try script.accept("<mss 1000>")
        script.expectNothing(for: .seconds(100_000))
    }

    // MARK: - What the path says

    @Test("A hop that carries less makes smaller segments (RFC 1191 §3)")
    func packetTooBig() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1460>")
        try script.send(endpoint, 2920)
        script.expect(". 1+1460 ack 1")
        script.expect("P. 1461+1460 ack 1")
        script.inject(.packetTooBig(1300), about: 1)
        script.expect(". 1+1260 ack 1")
        script.expect(". 1261+1260 ack 1")
        script.expect("P. 2521+400 ack 1")
        #expect(script.host.counters[.tcpTimeouts] == 0)
    }

    @Test(
        "Such a message about a number that is not out is ignored (RFC 5927 §4)",
        arguments: [0, 2921])
    func forgedPacketTooBig(_ sequence: Int) throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1460>")
        try script.send(endpoint, 2920)
        #expect(script.skipSent() == 2)
        script.inject(.packetTooBig(1000), about: UInt32(sequence))
        script.expectNothing()
    }

    @Test("No message makes segments smaller than 552 bytes of packet, 1,280 of IPv6")
    func tinyPathMTU() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1460>")
        try script.send(endpoint, 1460)
        script.expect("P. 1+1460 ack 1")
        script.inject(.packetTooBig(68), about: 1)
        script.expect(script.family == .inet ? ". 1+512 ack 1" : ". 1+1220 ack 1")
    }

    @Test("An unreachable host ends an attempt, but not a connection (RFC 1122 §4.2.3.9)")
    func unreachable() throws {
        let script = Script()
        let attempt = try script.connect()
        script.expect("S 0")
        script.inject(.hostUnreachable, about: 0)
        #expect(try script.host.takeError(of: attempt) == .hostUnreachable)
        let other = try script.connect()
        script.expect("S 0")
        script.inject(.portUnreachable, about: 0)
        #expect(try script.host.takeError(of: other) == .connectionRefused)

        let third = Script()
        let endpoint = try third.accept()
        try third.send(endpoint, 10)
        third.expect("P. 1+10 ack 1")
        third.inject(.hostUnreachable, about: 1)
        #expect(third.state(endpoint) == .established)
        third.inject(". 1 ack 11")
        try third.send(endpoint, 10)
        third.expect("P. 11+10 ack 1")
    }
}
