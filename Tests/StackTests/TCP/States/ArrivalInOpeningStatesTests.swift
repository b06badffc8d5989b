import Testing
import Wire

@testable import Stack

/// SEGMENT ARRIVES in CLOSED, LISTEN and SYN-SENT (RFC 9293 §3.10.7.1–3).
@Suite("Segments in CLOSED, LISTEN and SYN-SENT", .overBothFamilies)
struct ArrivalInOpeningStatesTests {
    static let closed = [
        Step(.closed, "R 5", nil, .closed),
        Step(.closed, "R. 5 ack 9", nil, .closed),
        Step(.closed, "S 5", "R. 0 ack 6", .closed),
        Step(.closed, "- 5+10", "R. 0 ack 15", .closed),
        Step(.closed, "FU 5+10 urg 3", "R. 0 ack 16", .closed),
        Step(.closed, "S. 5 ack 9", "R 9", .closed),
        Step(.closed, ". 5 ack 9", "R 9", .closed),
        Step(.closed, "FP. 5+10 ack 9", "R 9", .closed),
    ]

    @Test("CLOSED: all but resets are answered with a reset (§3.10.7.1)", arguments: closed)
    func inClosed(_ step: Step) throws { try step.run() }

    static let listen = [
        Step(.listen, "R 0", nil, .listen),
        Step(.listen, "R. 0 ack 1", nil, .listen),
        Step(.listen, "SR 0", nil, .listen),
        Step(.listen, ". 5 ack 9", "R 9", .listen),
        Step(.listen, "S. 5 ack 9", "R 9", .listen),
        Step(.listen, "FPU. 5+10 ack 9 urg 1", "R 9", .listen),
        Step(.listen, "S 0 win 1000 <mss 1000>", "S. 0 ack 1 win 65535 <mss 1460>", .synReceived),
        // Text may be queued or left to come again: it is left (third).
        Step(.listen, "S 0+100", "S. 0 ack 1", .synReceived),
        Step(.listen, "SPU 0+100 urg 5", "S. 0 ack 1", .synReceived),
        Step(.listen, "SF 0", nil, .listen),
        Step(.listen, "- 0+10", nil, .listen),
        Step(.listen, "F 0", nil, .listen),
        Step(.listen, "FPU 0+10 urg 5", nil, .listen),
    ]

    @Test("LISTEN: reset, acknowledgment, SYN, anything else (§3.10.7.2)", arguments: listen)
    func inListen(_ step: Step) throws { try step.run() }

    static let synSent = [
        // First: the acknowledgment.
        Step(.synSent, ". 5 ack {u}", "R 0", .synSent),
        Step(.synSent, "S. 5 ack {s+1}", "R 2", .synSent),
        Step(.synSent, "R. 5 ack {s+1}", nil, .synSent),
        // Second: the reset, believed only with an acknowledgment.
        Step(.synSent, "R. 5 ack {s}", nil, .closed),
        Step(.synSent, "R 5", nil, .synSent),
        Step(.synSent, "SR 5", nil, .synSent),
        // Fourth: the SYN.
        Step(.synSent, "S. 0 ack {s} win 1000 <mss 1000>", ". 1 ack 1", .established),
        Step(.synSent, "S. 0+100 ack {s}", ". 1 ack 101", .established),
        Step(.synSent, "SF. 0 ack {s}", ". 1 ack 2", .closeWait),
        Step(.synSent, "S 0 win 1000 <mss 1000>", "S. 0 ack 1 win 65535 <mss 1460>", .synReceived),
        Step(.synSent, "S 0+100", "S. 0 ack 1", .synReceived),
        // Fifth: neither SYN nor reset.
        Step(.synSent, ". 5 ack {s}", nil, .synSent),
        Step(.synSent, "- 5+10", nil, .synSent),
        Step(.synSent, "F. 5 ack {s}", nil, .synSent),
    ]

    @Test("SYN-SENT: acknowledgment, reset, SYN, anything else (§3.10.7.3)", arguments: synSent)
    func inSynSent(_ step: Step) throws { try step.run() }

    @Test("SYN-SENT: what a reset means is told to the application")
    func refused() throws {
        let situation = try Situation(.synSent)
        situation.inject("R. 5 ack {s}")
        #expect(
            try situation.script.host.takeError(of: situation.endpoint) == .connectionRefused)
    }

    @Test("CLOSED: nothing answers what went to everybody (§3.10.7.1, MUST-57)")
    func toEverybody() throws {
        let script = Script()
        _ = try script.listen()
        let group =
            script.family == .inet
            ? IPAddress.v4(224, 0, 0, 1) : IPAddress(high: 0xFF02 << 48, low: 1)
        script.inject(Segment("S 0"), to: group)
        if script.family == .inet { script.inject(Segment("S 0"), to: .v4(10, 7, 0, 255)) }
        script.expectNothing()
        #expect(script.halfOpenCount == 0)
    }
}
