import Testing
import Wire

@testable import Stack

/// The timeouts of RFC 9293 §3.10.8 in every state, and peers that vanish.
@Suite("Timeouts in every state", .overBothFamilies)
struct TimeoutTests {
    typealias Kind = Situation.Kind

    // MARK: - RETRANSMISSION TIMEOUT

    /// What is sent again, nil where nothing is out.
    static func again(_ kind: Kind) -> String? {
        switch kind {
        case .synSent: "S 0 <mss 1460>"
        case .synReceived, .synReceivedByBoth: "S. 0 ack 1 <mss 1460>"
        case .finWait1, .closing, .lastAck: "F. 1 ack {n}"
        default: nil
        }
    }

    @Test(
        "RETRANSMISSION TIMEOUT: what is at the front of the queue is sent again",
        arguments: Kind.allCases)
    func retransmission(_ kind: Kind) throws {
        let situation = try Situation(kind)
        situation.script.wait(.milliseconds(1010))
        if let again = Self.again(kind) {
            situation.expect(again)
        } else {
            situation.script.expectNothing()
        }
        #expect(situation.status == kind.state)
    }

    @Test(
        "RETRANSMISSION TIMEOUT: text, in the states that send it",
        arguments: [Kind.established, .closeWait])
    func text(_ kind: Kind) throws {
        let situation = try Situation(kind)
        try situation.script.send(situation.endpoint, 10)
        situation.expect("P. {s}+10 ack {n}")
        situation.script.expect(
            situation.line("P. {s}+10 ack {n}"), after: .milliseconds(200))
    }

    // MARK: - USER TIMEOUT

    @Test(
        "USER TIMEOUT: the connection is gone and the application told",
        arguments: [
            Kind.synSent, .synReceivedByBoth, .established, .finWait1, .closeWait, .closing,
            .lastAck,
        ])
    func user(_ kind: Kind) throws {
        let situation = try Situation(kind)
        let script = situation.script
        var options = try script.host.streamOptions(of: situation.endpoint)
        options.userTimeout = .seconds(5)
        try script.host.setStreamOptions(options, of: situation.endpoint)
        if kind == .established || kind == .closeWait { try script.send(situation.endpoint, 10) }
        script.wait(.milliseconds(4900))
        #expect(situation.status == kind.state)
        script.wait(.milliseconds(2200))
        script.skipSent()
        #expect(situation.status == .closed.orListening(situation))
        #expect(try script.host.takeError(of: situation.endpoint) == .timedOut)
        script.expectNothing(for: .seconds(100))
    }

    // MARK: - TIME-WAIT TIMEOUT

    @Test(
        "TIME-WAIT TIMEOUT: the name is free after two segment lifetimes", arguments: Kind.allCases)
    func timeWait(_ kind: Kind) throws {
        let situation = try Situation(kind)
        situation.script.wait(.milliseconds(59_900))
        if kind == .timeWait { #expect(situation.status == .timeWait) }
        situation.script.wait(.milliseconds(200))
        situation.script.skipSent()
        if kind == .timeWait { #expect(situation.status == .listen) }
        #expect(situation.script.timeWaitCount == 0)
    }

    // MARK: - Silence

    @Test("A peer that vanishes leaves nothing behind, in no state", arguments: Kind.allCases)
    func vanished(_ kind: Kind) throws {
        let situation = try Situation(kind)
        let script = situation.script
        if kind == .established || kind == .closeWait { try script.send(situation.endpoint, 3000) }
        try script.host.close(situation.endpoint)
        script.wait(.seconds(1000))
        script.skipSent()
        #expect(script.isClean, "\(script.host.leftovers)")
        #expect(script.host.tcp.orphans == 0)
    }

    @Test(
        "With keep-alive the application learns that its peer has vanished",
        arguments: [Kind.established, .finWait2, .closeWait])
    func keepalive(_ kind: Kind) throws {
        let situation = try Situation(kind)
        let script = situation.script
        try script.host.setKeepalive(situation.endpoint, true)
        script.wait(.seconds(7200 + 9 * 75 + 1))
        #expect(script.skipSent() == 10)
        #expect(try script.host.takeError(of: situation.endpoint) == .timedOut)
        try script.host.close(situation.endpoint)
        #expect(script.isClean)
    }
}
