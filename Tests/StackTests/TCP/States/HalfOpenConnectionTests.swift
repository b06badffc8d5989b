import Testing
import Wire

@testable import Stack

/// Half-open connections and old duplicates: the figures of RFC 9293 §3.5 and §3.5.1, with the host
/// on either side.
@Suite("Half-open connections", .overBothFamilies)
struct HalfOpenConnectionTests {
    @Test("Figure 8: an old SYN is found out by the reset that answers the SYN-ACK")
    func oldDuplicateSyn() throws {
        let script = Script()
        _ = try script.listen()
        script.inject("S 90 win 1000 <mss 1000>")
        script.expect("S. 0 ack 91")
        // The peer, which is in SYN-SENT with another number, finds that unacceptable.
        script.inject("R 91")
        #expect(script.halfOpenCount == 0)
        script.inject("S 100 win 1000 <mss 1000>")
        script.expect("S. 0 ack 101")
        script.inject(". 101 ack 1")
        #expect(script.host.counters[.tcpEstablished] == 1)
    }

    @Test("Figure 8, the other side: in SYN-SENT an answer to an old SYN is reset")
    func answerToOldSyn() throws {
        let script = Script()
        let endpoint = try script.connect()
        script.expect("S 0")
        script.inject("S. 300 ack -9")
        script.expect("R -9")
        script.inject("S. 400 ack 1")
        script.expect(". 1 ack 401")
        #expect(script.state(endpoint) == .established)
    }

    @Test("Figure 9: a peer that crashed and opens anew learns that we have not")
    func crashedPeerOpens() throws {
        let situation = try Situation(.established)
        let script = situation.script
        script.inject("S 400 win 1000 <mss 1000>")
        // Not its number: the challenge makes it send a reset at ours.
        script.expect(". 1 ack 1")
        script.inject("R 1")
        #expect(try script.host.takeError(of: situation.endpoint) == .connectionReset)
        script.inject("S 400 win 1000 <mss 1000>")
        script.expect("S. 0 ack 401")
    }

    @Test("Figure 9, the other side: who crashed resets what it does not know, and tries again")
    func crashedHostOpens() throws {
        let script = Script()
        let endpoint = try script.connect()
        script.expect("S 0")
        script.inject(". 300 ack -100")
        script.expect("R -100")
        script.expect("S 0", after: .seconds(1))
        script.inject("S. 900 ack 1")
        script.expect(". 1 ack 901")
        #expect(script.state(endpoint) == .established)
    }

    @Test("Figure 10: who still has a connection and sends is reset by the peer that crashed")
    func textToCrashedPeer() throws {
        let situation = try Situation(.established)
        let script = situation.script
        try script.send(situation.endpoint, 10)
        script.expect("P. 1+10 ack 1")
        script.inject("R 1")
        #expect(situation.status == .listen)
        #expect(throws: StackError.connectionReset) { try script.read(situation.endpoint) }
    }

    @Test("Figure 10, the other side: a host that crashed resets text for a connection it had")
    func textToCrashedHost() throws {
        let script = Script()
        script.inject("P. 300+10 ack 100")
        script.expect("R 100")
        script.expectNothing()
    }

    @Test("Figure 11: two listeners and an old SYN come to rest where they were")
    func twoListeners() throws {
        let script = Script()
        _ = try script.listen()
        script.inject("S 90 win 1000 <mss 1000>")
        script.expect("S. 0 ack 91")
        script.inject("R 91")
        script.expectNothing(for: .seconds(100))
        #expect(script.isIdle)
    }

    @Test("Figure 7: two SYNs that cross make one connection, with all options")
    func crossing() throws {
        let script = Script(TCPConfiguration())
        let endpoint = try script.connect()
        script.skipSent()
        script.inject("S 0 win 1000 <mss 1000,sackOK,ts 7 0,wscale 3>")
        let stamp = script.hostStamp
        script.expect("S. 0 ack 1 <mss 1460,sackOK,ts \(stamp) 7,wscale 5>")
        script.inject("S. 0 ack 1 win 1000 <mss 1000,sackOK,ts 7 \(stamp),wscale 3>")
        script.expectNothing()
        #expect(script.state(endpoint) == .established)
        script.inject("P. 1+5 ack 1 <ts 8 \(stamp)>")
        script.expect(". 1 ack 6")
    }
}
