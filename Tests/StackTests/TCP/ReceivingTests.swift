import Memory
import Testing
import Wire

@testable import Stack

/// What is taken in and how it is acknowledged (RFC 9293 §3.8.6, §3.10.7.4; RFC 5681 §4.2).
@Suite("Receiving", .overBothFamilies) struct ReceivingTests {
    /// A connection past its first segments, which are acknowledged one by one.
    private func connection(
        _ tcp: TCPConfiguration = Script.plain, _ options: String = "<mss 1000>"
    ) throws -> (script: Script, endpoint: EndpointID, next: Int) {
        let script = Script(tcp)
        let endpoint = try script.accept(options)
        var next = 1
        for _ in 0..<16 {
            script.inject(". \(next)+1000 ack 1")
            next += 1000
        }
        script.skipSent()
        try script.read(endpoint)
        script.skipSent()
        return (script, endpoint, next)
    }

    @Test("One segment is acknowledged a little later, two at once (RFC 9293 §3.8.6.3)")
    func delayedAck() throws {
        let (script, _, next) = try connection()
        script.inject(". \(next)+1000 ack 1")
        script.expect(". 1 ack \(next + 1000)", after: .milliseconds(40))
        script.inject(". \(next + 1000)+1000 ack 1")
        script.expectNothing()
        script.inject(". \(next + 2000)+1000 ack 1")
        script.expect(". 1 ack \(next + 3000)")
        script.expectNothing(for: .seconds(1))
    }

    @Test("At the start of a connection every segment is acknowledged at once")
    func quickAck() throws {
        let script = Script()
        _ = try script.accept()
        script.inject("P. 1+10 ack 1")
        script.expect(". 1 ack 11")
    }

    @Test("Text that leaves carries the acknowledgment along")
    func piggyback() throws {
        let (script, endpoint, next) = try connection()
        script.inject("P. \(next)+10 ack 1")
        try script.send(endpoint, 5)
        script.expect("P. 1+5 ack \(next + 10)")
        script.inject(". \(next + 10) ack 6")
        script.expectNothing(for: .seconds(1))
    }

    @Test("A segment out of order, and one that fills a gap, are acknowledged at once (RFC 5681)")
    func outOfOrder() throws {
        let (script, endpoint, next) = try connection()
        script.inject(". \(next + 1000)+1000 ack 1")
        script.expect(". 1 ack \(next)")
        script.inject(". \(next)+1000 ack 1")
        script.expect(". 1 ack \(next + 2000)")
        #expect(try script.read(endpoint) == 2000)
        #expect(script.host.counters[.tcpOutOfOrder] == 1)
    }

    @Test("What was received before is acknowledged again")
    func duplicate() throws {
        let (script, endpoint, next) = try connection()
        script.inject(". \(next - 1000)+1000 ack 1")
        script.expect(". 1 ack \(next)")
        script.inject(". \(next - 500)+1000 ack 1")
        script.expect(". 1 ack \(next + 500)")
        #expect(try script.read(endpoint) == 500)
    }

    @Test("The block that text came to last is reported first (RFC 2018 §4)")
    func blocks() throws {
        let (script, _, next) = try connection(TCPConfiguration(), "<mss 1000,sackOK>")
        let at = { (segment: Int) in next + segment * 1000 }
        script.inject(". \(at(1))+1000 ack 1")
        script.expect(". 1 ack \(next) <sack \(at(1))-\(at(2))>")
        script.inject(". \(at(3))+1000 ack 1")
        script.expect(". 1 ack \(next) <sack \(at(3))-\(at(4)) \(at(1))-\(at(2))>")
        script.inject(". \(at(5))+1000 ack 1")
        script.expect(
            ". 1 ack \(next) <sack \(at(5))-\(at(6)) \(at(3))-\(at(4)) \(at(1))-\(at(2))>")
        script.inject(". \(at(2))+1000 ack 1")
        script.expect(". 1 ack \(next) <sack \(at(1))-\(at(4)) \(at(5))-\(at(6))>")
        script.inject(". \(next)+1000 ack 1")
        script.expect(". 1 ack \(at(4)) <sack \(at(5))-\(at(6))>")
        script.inject(". \(at(4))+1000 ack 1")
        script.expect(". 1 ack \(at(6)) <>")
    }

    @Test("A full buffer shuts the window, and reading opens it (RFC 9293 §3.8.6.2.2)")
    func windowShut() throws {
        var tcp = Script.plain
        tcp.receiveBuffer = 4000
        let script = Script(tcp)
        let endpoint = try script.accept("<mss 1000>")
        for number in 0..<4 { script.inject(". \(number * 1000 + 1)+1000 ack 1") }
        let count = script.skipSent()
        #expect(count == 4)
        script.inject(". 4001+1 ack 1")
        script.expect(". 1 ack 4001 win 0")
        // A few bytes more are not worth a segment: the silly window.
        try script.read(endpoint, 100)
        script.expectNothing(for: .seconds(5))
        try script.read(endpoint, 2900)
        script.expect(". 1 ack 4001 win 3000")
        try script.read(endpoint)
        script.expect(". 1 ack 4001 win 4000")
        script.inject(". 4001+1000 ack 1")
        script.expect(". 1 ack 5001 win 3000")
    }

    @Test("A probe without text is answered too")
    func probe() throws {
        let (script, _, next) = try connection()
        script.inject(". \(next - 1) ack 1")
        script.expect(". 1 ack \(next)")
    }

    @Test("Text beyond the window is left out, text before it too")
    func trimmed() throws {
        var tcp = Script.plain
        tcp.receiveBuffer = 4000
        let script = Script(tcp)
        let endpoint = try script.accept("<mss 1000>")
        script.inject(". 3501+1000 ack 1")
        script.skipSent()
        script.inject(". 4001+1000 ack 1")
        script.inject(". 9001+1000 ack 1")
        script.skipSent()
        script.inject(". 1+1400 ack 1")
        script.inject(". 1401+1400 ack 1")
        script.inject(". 2801+1400 ack 1")
        #expect(try script.read(endpoint, 10_000) == 4000)
    }

    @Test("An old duplicate fails the timestamp test (PAWS, RFC 7323 §5.3)")
    func oldTimestamp() throws {
        let script = Script(TCPConfiguration())
        let endpoint = try script.accept("<mss 1000,ts 1000 0>")
        let stamp = script.hostStamp
        script.inject("P. 1+10 ack 1 <ts 1005 \(stamp)>")
        script.expect(". 1 ack 11")
        script.inject("P. 11+10 ack 1 <ts 1004 \(stamp)>")
        script.expect(". 1 ack 11")
        #expect(script.host.counters[.tcpOldTimestamp] == 1)
        #expect(try script.read(endpoint) == 10)
        // Even where the number fits, from long ago or beyond the circle's half.
        script.inject("P. 11+10 ack 1 <ts -2147482000 \(stamp)>")
        script.skipSent()
        #expect(try script.host.receivableCount(of: endpoint) == 0)
        script.inject("P. 11+10 ack 1 <ts 1006 \(stamp)>")
        script.expect(". 1 ack 21")
    }

    @Test("Thousands of bytes one by one out of order cost a bounded memory (CVE-2018-5390)")
    func manyGaps() throws {
        let (script, endpoint, next) = try connection()
        let before = script.pools.available.chunks
        for number in 0..<5000 { script.inject(". \(next + 1 + number * 2)+1 ack 1") }
        script.skipSent()
        #expect(before - script.pools.available.chunks <= 3)
        #expect(script.host.counters[.tcpReassemblyFull] == 5000 - 512)
        script.inject(". \(next)+1 ack 1")
        #expect(try script.read(endpoint) == 2)
    }

    @Test("Christmas trees, null segments and the like change nothing")
    func nonsense() throws {
        let (script, endpoint, next) = try connection()
        script.inject("- \(next)")
        script.inject("FPU \(next)")
        script.inject("FSRPU. \(next + 1) ack 1")
        script.inject("FS. \(next) ack 1")
        script.skipSent()
        #expect(script.state(endpoint) == .established)
    }
}
