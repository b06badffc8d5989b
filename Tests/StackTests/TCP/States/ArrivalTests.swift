import Testing
import Wire

@testable import Stack

/// SEGMENT ARRIVES in SYN-RECEIVED and later states, in the order of RFC 9293 §3.10.7.4.
@Suite("Segments in the synchronized states", .overBothFamilies)
struct ArrivalTests {
    typealias Kind = Situation.Kind

    // MARK: - First: the sequence number

    static let unacceptable =
        Step.all(Kind.synchronized, ". {n+100000}+1 ack {s}", ". {s} ack {n}")
        + Step.all(Kind.synchronized, "P. {n-1}+1 ack {s}", ". {s} ack {n}")
        + Step.all(Kind.synchronized, ". {n-10} ack {u}", ". {s} ack {n}")
        + Step.all(Kind.synchronized, "F. {n+100000} ack {s}", ". {s} ack {n}")
        + Step.all(Kind.synchronized, "R {n+100000}", nil)
        + Step.all(Kind.synchronized, "R {n-1}", nil)

    @Test(
        "First: an unacceptable segment is acknowledged, unless it is a reset",
        arguments: unacceptable)
    func first(_ step: Step) throws { try step.run() }

    @Test(
        "First: what is half old or half too new counts as far as it is in the window",
        arguments: [Kind.established, .finWait1, .finWait2])
    func trimmed(_ kind: Kind) throws {
        let situation = try Situation(kind)
        situation.inject("P. {n-1}+11 ack {u}")
        situation.expect(". {s} ack {n+10}")
        situation.inject(". {n+65534}+100 ack {u}")
        situation.expect(". {s} ack {n+10}", then: kind.state)
        #expect(try situation.script.host.receivableCount(of: situation.endpoint) == 10)
    }

    @Test(
        "First: a shut window still takes acknowledgments, resets and urgent pointers",
        arguments: [Kind.established])
    func shutWindow(_ kind: Kind) throws {
        var tcp = Script.plain
        tcp.receiveBuffer = 1000
        let situation = try Situation(kind, tcp)
        let script = situation.script
        script.inject(". 1+1000 ack 1")
        script.expect(". 1 ack 1001 win 0")
        try script.send(situation.endpoint, 10)
        script.expect("P. 1+10 ack 1001")
        script.inject("PU. 1001+10 ack 11 urg 3")
        script.expect(". 11 ack 1001 win 0")
        script.expectNothing(for: .seconds(1))
        #expect(throws: StackError.wouldBlock) {
            try script.host.receiveUrgent(situation.endpoint)
        }
        script.inject("R 1001")
        #expect(situation.status == .listen)
    }

    // MARK: - Second: the reset (RFC 5961 §3)

    static let exactReset =
        Kind.connected.map { Step($0, "R {n}", nil, .listen) } + [
            // Back to LISTEN, and nobody is told; both opened: refused.
            Step(.synReceived, "R {n}", nil, .listen),
            Step(.synReceivedByBoth, "R {n}", nil, .closed),
            // It must not cut the wait short (RFC 1337).
            Step(.timeWait, "R {n}", nil, .timeWait),
        ]

    @Test("Second: a reset at RCV.NXT", arguments: exactReset)
    func reset(_ step: Step) throws { try step.run() }

    static let inexactReset =
        Step.all(
            [.synReceived, .synReceivedByBoth] + Kind.connected, "R {n+1}", ". {s} ack {n}")
        + Step.all([.timeWait], "R {n+1}", nil)

    @Test("Second: a reset elsewhere in the window is challenged", arguments: inexactReset)
    func challenged(_ step: Step) throws { try step.run() }

    @Test("Second: what a reset means is told to the application", arguments: Kind.connected)
    func told(_ kind: Kind) throws {
        let situation = try Situation(kind)
        situation.inject("R {n}")
        let error: StackError? =
            switch kind {
            case .closeWait: .brokenPipe
            case .closing, .lastAck: nil
            default: .connectionReset
            }
        #expect(try situation.script.host.takeError(of: situation.endpoint) == error)
    }

    // MARK: - Third: the SYN (RFC 5961 §4)

    static let syns =
        Step.all([.synReceived, .synReceivedByBoth] + Kind.connected, "S {n}", ". {s} ack {n}")
        + Step.all(Kind.connected, "S {n-1}", ". {s} ack {n}")
        + Step.all(Kind.connected, "S. {n} ack {s}", ". {s} ack {n}")
        + Step.all([.timeWait], "S {n}", ". {s} ack {n}")
        + [
            // Ours was lost: it is sent once more.
            Step(.synReceived, "S 0", "S. 0 ack 1", .synReceived),
            Step(.synReceivedByBoth, "S 0", "S. 0 ack 1", .synReceived),
            // A SYN beyond the old connection's numbers opens a new one (RFC 6191).
            Step(.timeWait, "S {n+1}", "S. 0 ack 4", .synReceived),
        ]

    @Test("Third: a SYN", arguments: syns)
    func syn(_ step: Step) throws { try step.run() }

    // MARK: - Fifth: the acknowledgment

    static let acknowledgments =
        Step.all(
            [.synReceived, .synReceivedByBoth] + Kind.connected, "P {n}+5", nil)
        + Step.all(Kind.connected, ". {n} ack {s+1}", ". {s} ack {n}")
        + Step.all(Kind.connected, ". {n} ack {u}", nil)
        + Step.all(Kind.connected, "P. {n}+5 ack -70000", ". {s} ack {n}")
        + [
            Step(.synReceived, ". {n} ack {s}", nil, .established),
            Step(.synReceived, ". {n} ack {s+1}", "R 2", .synReceived),
            Step(.synReceived, ". {n} ack {u}", "R 0", .synReceived),
            Step(.synReceivedByBoth, ". {n} ack {s}", nil, .established),
            Step(.synReceivedByBoth, "S. 0 ack {s}", nil, .established),
            Step(.synReceivedByBoth, ". {n} ack {s+1}", "R 2", .synReceived),
            Step(.synReceivedByBoth, ". {n} ack {u}", "R 0", .synReceived),
            // Of our FIN.
            Step(.finWait1, ". {n} ack {s}", nil, .finWait2),
            Step(.closing, ". {n} ack {s}", nil, .timeWait),
            Step(.lastAck, ". {n} ack {s}", nil, .listen),
            Step(.timeWait, ". {n} ack {s}", nil, .timeWait),
        ]

    @Test("Fifth: an acknowledgment", arguments: acknowledgments)
    func acknowledgment(_ step: Step) throws { try step.run() }

    // MARK: - Sixth: the urgent pointer

    @Test("Sixth: an urgent pointer", arguments: Kind.connected)
    func urgent(_ kind: Kind) throws {
        let situation = try Situation(kind)
        situation.inject("U. {n} ack {u} urg 5")
        let mayCome = [.established, .finWait1, .finWait2].contains(kind)
        #expect(throws: mayCome ? StackError.wouldBlock : .invalidArgument) {
            try situation.script.host.receiveUrgent(situation.endpoint)
        }
        situation.expect(nil, then: kind.state)
    }

    // MARK: - Seventh: the text

    static let texts = [
        Step(.synReceived, "P. {n}+5 ack {s}", ". {s} ack {n+5}", .established),
        Step(.synReceivedByBoth, "P. {n}+5 ack {s}", ". {s} ack {n+5}", .established),
        Step(.established, "P. {n}+5 ack {u}", ". {s} ack {n+5}", .established),
        Step(.finWait1, "P. {n}+5 ack {u}", ". {s} ack {n+5}", .finWait1),
        Step(.finWait1, "P. {n}+5 ack {s}", ". {s} ack {n+5}", .finWait2),
        Step(.finWait2, "P. {n}+5 ack {u}", ". {s} ack {n+5}", .finWait2),
        // After the peer's FIN there is none.
        Step(.closeWait, "P. {n}+5 ack {u}", nil, .closeWait),
        Step(.closing, "P. {n}+5 ack {u}", nil, .closing),
        Step(.lastAck, "P. {n}+5 ack {u}", nil, .lastAck),
        Step(.timeWait, "P. {n}+5 ack {u}", ". {s} ack {n}", .timeWait),
    ]

    @Test("Seventh: text", arguments: texts)
    func text(_ step: Step) throws { try step.run() }

    // MARK: - Eighth: the FIN

    static let fins = [
        Step(.synReceived, "F. {n} ack {s}", ". {s} ack {n+1}", .closeWait),
        Step(.synReceivedByBoth, "F. {n} ack {s}", ". {s} ack {n+1}", .closeWait),
        Step(.established, "F. {n} ack {u}", ". {s} ack {n+1}", .closeWait),
        Step(.established, "FP. {n}+5 ack {u}", ". {s} ack {n+6}", .closeWait),
        Step(.finWait1, "F. {n} ack {u}", ". {s} ack {n+1}", .closing),
        Step(.finWait1, "F. {n} ack {s}", ". {s} ack {n+1}", .timeWait),
        Step(.finWait2, "F. {n} ack {u}", ". {s} ack {n+1}", .timeWait),
        // Once more.
        Step(.closeWait, "F. {n-1} ack {u}", ". {s} ack {n}", .closeWait),
        Step(.closing, "F. {n-1} ack {u}", ". {s} ack {n}", .closing),
        Step(.lastAck, "F. {n-1} ack {u}", ". {s} ack {n}", .lastAck),
        Step(.timeWait, "F. {n-1} ack {u}", ". {s} ack {n}", .timeWait),
    ]

    @Test("Eighth: a FIN", arguments: fins)
    func fin(_ step: Step) throws { try step.run() }
}
