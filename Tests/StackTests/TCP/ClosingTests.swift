import Testing
import Wire

@testable import Stack

/// How connections end (RFC 9293 §3.6, §3.10.4–5, §3.10.7.4).
@Suite("Closing", .overBothFamilies) struct ClosingTests {
    @Test(
        "The side that closes first passes FIN-WAIT-1 and -2 and waits (RFC 9293 §3.6, figure 12)")
    func activeClose() throws {
        let script = Script()
        let endpoint = try script.accept()
        try script.shutdown(endpoint)
        script.expect("F. 1 ack 1")
        #expect(script.state(endpoint) == .finWait1)
        script.inject(". 1 ack 2")
        #expect(script.state(endpoint) == .finWait2)
        script.inject("F. 1 ack 2")
        script.expect(". 2 ack 2")
        #expect(script.timeWaitCount == 1)
        #expect(try script.read(endpoint) == 0)
        script.wait(.seconds(61))
        #expect(script.timeWaitCount == 0)
    }

    @Test("The side that closes last passes CLOSE-WAIT and LAST-ACK and is done")
    func passiveClose() throws {
        let script = Script()
        let endpoint = try script.accept()
        script.inject("F. 1 ack 1")
        script.expect(". 1 ack 2")
        #expect(script.state(endpoint) == .closeWait)
        #expect(try script.read(endpoint) == 0)
        try script.send(endpoint, 10)
        script.expect("P. 1+10 ack 2")
        try script.close(endpoint)
        script.expect("F. 11 ack 2")
        script.inject(". 2 ack 11")
        script.expectNothing()
        script.inject(". 2 ack 12")
        #expect(script.timeWaitCount == 0)
        #expect(script.host.counters.dropped == 0)
    }

    @Test("Both sides may close at once: CLOSING (RFC 9293 §3.6, figure 13)")
    func simultaneousClose() throws {
        let script = Script()
        let endpoint = try script.accept()
        try script.shutdown(endpoint)
        script.expect("F. 1 ack 1")
        script.inject("F. 1 ack 1")
        script.expect(". 2 ack 2")
        #expect(script.state(endpoint) == .closing)
        script.inject(". 2 ack 2")
        #expect(script.timeWaitCount == 1)
    }

    @Test("A FIN that acknowledges ours leads to TIME-WAIT at once")
    func finWithAck() throws {
        let script = Script()
        let endpoint = try script.accept()
        try script.shutdown(endpoint)
        script.expect("F. 1 ack 1")
        script.inject("F. 1 ack 2")
        script.expect(". 2 ack 2")
        #expect(script.timeWaitCount == 1)
    }

    @Test("After the end of our side the peer's bytes still arrive: half-close")
    func halfClose() throws {
        let script = Script()
        let endpoint = try script.accept()
        try script.send(endpoint, 5)
        try script.shutdown(endpoint)
        script.expect("P. 1+5 ack 1")
        script.expect("F. 6 ack 1")
        script.inject("P. 1+700 ack 7")
        script.expect(". 7 ack 701")
        #expect(try script.read(endpoint) == 700)
        #expect(throws: StackError.brokenPipe) { try script.send(endpoint, 1) }
        script.inject("FP. 701+1 ack 7")
        script.expect(". 7 ack 703")
        #expect(try script.read(endpoint) == 1)
        #expect(try script.read(endpoint) == 0)
    }

    @Test("Bytes still queued leave before the FIN")
    func closeWithQueue() throws {
        let script = Script()
        let endpoint = try script.accept(win: 1000, "<mss 1000>")
        try script.send(endpoint, 2500)
        script.expect(". 1+1000 ack 1")
        try script.close(endpoint)
        script.expectNothing()
        script.inject(". 1 ack 1001 win 2000")
        script.expect(". 1001+1000 ack 1")
        script.expect("FP. 2001+500 ack 1")
        script.inject(". 1 ack 2502")
        script.inject("F. 1 ack 2502")
        script.expect(". 2502 ack 2")
    }

    @Test("A lost FIN is sent again")
    func finRetransmission() throws {
        let script = Script()
        let endpoint = try script.accept()
        try script.shutdown(endpoint)
        script.expect("F. 1 ack 1")
        script.expect("F. 1 ack 1", after: .milliseconds(200))
        script.expect("F. 1 ack 1", after: .milliseconds(400))
        script.inject(". 1 ack 2")
        #expect(script.state(endpoint) == .finWait2)
    }

    @Test("A FIN that overtakes text counts when the text has come")
    func finBeforeText() throws {
        let script = Script()
        let endpoint = try script.accept()
        script.inject("FP. 101+100 ack 1")
        script.expect(". 1 ack 1")
        script.inject("P. 1+100 ack 1")
        script.expect(". 1 ack 202")
        #expect(script.state(endpoint) == .closeWait)
        #expect(try script.read(endpoint) == 200)
    }

    @Test("Closing with unread bytes resets (RFC 2525 §2.17)")
    func unread() throws {
        let script = Script()
        let endpoint = try script.accept()
        script.inject("P. 1+10 ack 1")
        script.expect(". 1 ack 11")
        try script.close(endpoint)
        script.expect("R. 1 ack 11")
        #expect(script.isClean)
    }

    @Test("Bytes that come after close are answered with a reset")
    func textAfterClose() throws {
        let script = Script()
        let endpoint = try script.accept()
        try script.close(endpoint)
        script.expect("F. 1 ack 1")
        script.inject("P. 1+10 ack 2")
        script.expect("R 2")
        #expect(script.isClean)
    }

    @Test("Abort resets (RFC 9293 §3.10.5)")
    func abort() throws {
        let script = Script()
        let endpoint = try script.accept()
        try script.host.abort(endpoint)
        script.collect()
        script.expect("R. 1 ack 1")
        #expect(script.isClean)
    }

    @Test("An orphan does not wait for the peer's FIN for ever")
    func orphanInFinWait2() throws {
        let script = Script()
        let endpoint = try script.accept()
        try script.close(endpoint)
        script.expect("F. 1 ack 1")
        script.inject(". 1 ack 2")
        script.expectNothing(for: .seconds(59))
        script.inject(". 1 ack 2")
        script.expectNothing(for: .seconds(2))
        script.inject("F. 1 ack 2")
        script.expect("R 2")
    }

    @Test("An orphan whose peer vanished is given up, and nothing is left")
    func orphanWithoutPeer() throws {
        var tcp = Script.plain
        tcp.retries = 4
        let script = Script(tcp)
        let listener = try script.listen()
        let endpoint = try script.accept(from: listener)
        try script.send(endpoint, 1000)
        try script.close(endpoint)
        try script.close(listener)
        script.wait(.seconds(600))
        script.skipSent()
        #expect(script.isClean)
    }

    // MARK: - TIME-WAIT

    /// A connection that is over: the host closed first, and its last ACK has left.
    private func timeWait(
        _ tcp: TCPConfiguration = Script.plain, _ options: String = "<mss 1460>"
    ) throws -> Script {
        let script = Script(tcp)
        let endpoint = try script.accept(options)
        try script.close(endpoint)
        script.expect("F. 1 ack 1")
        script.inject(
            "F. 1 ack 2" + (options.contains("ts ") ? " <ts 10 \(script.hostStamp)>" : ""))
        script.expect(". 2 ack 2")
        return script
    }

    @Test("In TIME-WAIT a FIN that comes again is acknowledged again, and the wait starts anew")
    func finInTimeWait() throws {
        let script = try timeWait()
        script.wait(.seconds(40))
        script.inject("F. 1 ack 2")
        script.expect(". 2 ack 2")
        script.expectNothing(for: .seconds(59))
        #expect(script.timeWaitCount == 1)
        script.wait(.seconds(2))
        #expect(script.timeWaitCount == 0)
    }

    @Test("In TIME-WAIT resets are ignored (RFC 1337), and so are plain acknowledgments")
    func resetInTimeWait() throws {
        let script = try timeWait()
        script.inject("R 2")
        script.inject(". 2 ack 2")
        script.expectNothing()
        #expect(script.timeWaitCount == 1)
        #expect(script.host.counters[.tcpTimeWait] == 2)
    }

    @Test("In TIME-WAIT an old SYN is answered with an acknowledgment, a newer one opens anew")
    func synInTimeWait() throws {
        let script = try timeWait()
        script.inject("S 1")
        script.expect(". 2 ack 2")
        script.inject("S 100 win 1000 <mss 1000>")
        script.expect("S. 0 ack 101")
        #expect(script.host.counters[.tcpTimeWaitsReused] == 1)
    }

    @Test("In TIME-WAIT a later timestamp opens anew whatever the number (RFC 6191 §2)")
    func timestampInTimeWait() throws {
        let script = try timeWait(TCPConfiguration(), "<mss 1000,ts 1 0>")
        script.inject("S -5000 win 1000 <mss 1000,ts 9 0>")
        script.expect(". 2 ack 2")
        script.inject("S -5000 win 1000 <mss 1000,ts 11 0>")
        script.expect("S. 0 ack -4999")
    }

    // MARK: - Resets and SYNs in every state (RFC 5961)

    /// A connection in `state`, and the number that the peer sends next.
    private func connection(
        in state: ConnectionState
    ) throws -> (script: Script, endpoint: EndpointID, next: Int, ack: Int) {
        let script = Script()
        let endpoint = try script.accept()
        var (next, ack) = (1, 1)
        switch state {
        case .established: break
        case .closeWait, .lastAck:
            script.inject("F. 1 ack 1")
            next = 2
            if state == .lastAck {
                try script.shutdown(endpoint)
                ack = 1
            }
        case .finWait1: try script.shutdown(endpoint)
        case .finWait2:
            try script.shutdown(endpoint)
            script.inject(". 1 ack 2")
            ack = 2
        case .closing:
            try script.shutdown(endpoint)
            script.inject("F. 1 ack 1")
            next = 2
        default: preconditionFailure("not a state of a connection")
        }
        script.skipSent()
        try #require(script.state(endpoint) == state)
        return (script, endpoint, next, ack)
    }

    static let states: [ConnectionState] = [
        .established, .finWait1, .finWait2, .closeWait, .closing, .lastAck,
    ]

    @Test("A reset at exactly RCV.NXT ends every state", arguments: states)
    func exactReset(_ state: ConnectionState) throws {
        let (script, endpoint, next, _) = try connection(in: state)
        script.inject("R \(next)")
        script.expectNothing(for: .seconds(300))
        let error: StackError? =
            switch state {
            case .closeWait: .brokenPipe
            case .closing, .lastAck: nil
            default: .connectionReset
            }
        #expect(try script.host.takeError(of: endpoint) == error)
        try script.close(endpoint)
        script.expectNothing()
    }

    @Test("After the peer's end a reset is told to who sends, not to who reads, as on Linux")
    func resetAfterEnd() throws {
        let script = Script()
        let endpoint = try script.accept()
        script.inject("P. 1+3 ack 1")
        script.expect(". 1 ack 4")
        script.inject("F. 4 ack 1")
        script.expect(". 1 ack 5")
        script.inject("R 5")
        #expect(try script.read(endpoint) == 3)
        #expect(try script.read(endpoint) == 0)
        #expect(throws: StackError.brokenPipe) { try script.send(endpoint, 1) }
    }

    @Test("A reset elsewhere in the window is challenged (RFC 5961 §3.2)", arguments: states)
    func inexactReset(_ state: ConnectionState) throws {
        let (script, endpoint, next, _) = try connection(in: state)
        guard state.mayReceive else { return }
        script.inject("R \(next + 1)")
        let sequence = state == .established ? 1 : 2
        script.expect(". \(sequence) ack \(next)")
        #expect(script.state(endpoint) == state)
        #expect(script.host.counters[.tcpBadReset] == 1)
    }

    @Test("A reset outside the window is ignored", arguments: states)
    func resetOutside(_ state: ConnectionState) throws {
        let (script, endpoint, next, _) = try connection(in: state)
        script.inject("R \(next - 1)")
        script.inject("R \(next + 100_000)")
        script.expectNothing()
        #expect(script.state(endpoint) == state)
        #expect(script.host.counters[.tcpOutOfWindow] == 2)
    }

    @Test("A SYN is challenged and changes nothing (RFC 5961 §4)", arguments: states)
    func syn(_ state: ConnectionState) throws {
        let (script, endpoint, next, _) = try connection(in: state)
        script.inject("S \(next)")
        script.inject("S \(next - 1)")
        #expect(script.skipSent() == 1)
        #expect(script.state(endpoint) == state)
        #expect(script.host.counters[.tcpChallengeAcks] == 1)
        #expect(script.host.counters[.tcpChallengeLimited] == 1)
    }

    @Test("An acknowledgment of what was never sent is challenged", arguments: states)
    func futureAck(_ state: ConnectionState) throws {
        let (script, endpoint, next, _) = try connection(in: state)
        script.inject(". \(next) ack 1000")
        #expect(script.skipSent() == 1)
        #expect(script.state(endpoint) == state)
        #expect(script.host.counters[.tcpUnacceptableAck] == 1)
    }

    @Test("An acknowledgment from long ago is challenged (RFC 5961 §5.2)", arguments: states)
    func ancientAck(_ state: ConnectionState) throws {
        let (script, endpoint, next, _) = try connection(in: state)
        script.inject("P. \(next)+5 ack -70000")
        #expect(script.skipSent() == 1)
        #expect(script.state(endpoint) == state)
        #expect(try script.host.receivableCount(of: endpoint) == 0)
    }

    @Test("A segment without ACK is dropped", arguments: states)
    func noAck(_ state: ConnectionState) throws {
        let (script, endpoint, next, _) = try connection(in: state)
        script.inject("P \(next)+5")
        script.expectNothing()
        #expect(script.state(endpoint) == state)
        #expect(try script.host.receivableCount(of: endpoint) == 0)
    }
}
