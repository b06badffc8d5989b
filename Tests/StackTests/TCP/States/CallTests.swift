import Testing
import Wire

@testable import Stack

/// The user's calls in every state (RFC 9293 §3.10.1–6), as POSIX has them.
@Suite("Calls in every state", .overBothFamilies)
struct CallTests {
    typealias Kind = Situation.Kind

    /// The error that a call met, nil for none.
    private func error(_ body: () throws -> Void) -> StackError? {
        do { try body() } catch { return error as? StackError }
        return nil
    }

    /// Those in which the application holds a connection.
    static let held: [Kind] = Kind.allCases.filter { $0 != .listen && $0 != .synReceived }

    // MARK: - OPEN

    @Test(
        "OPEN: active, a SYN leaves; of what is open already, an error (§3.10.1)", arguments: held)
    func open(_ kind: Kind) throws {
        let situation = try Situation(kind)
        let met = error {
            try situation.script.host.connect(
                situation.endpoint, to: SocketAddress(address: Script.peerAddress, port: 5000))
        }
        situation.script.collect()
        switch kind {
        case .closed:
            #expect(met == .inProgress)
            situation.script.expect("S 0 <mss 1460>")
        case .synSent, .synReceivedByBoth: #expect(met == .alreadyInProgress)
        default: #expect(met == .alreadyConnected)
        }
        situation.script.expectNothing()
    }

    @Test("OPEN: passive, of what is open already, an error (§3.10.1)", arguments: Kind.allCases)
    func listen(_ kind: Kind) throws {
        let situation = try Situation(kind)
        let met = error { try situation.script.host.listen(situation.endpoint, backlog: 1) }
        switch kind {
        case .closed, .listen, .synReceived: #expect(met == nil)
        default: #expect(met == .invalidArgument)
        }
        situation.script.expectNothing()
    }

    // MARK: - SEND

    @Test("SEND (§3.10.2)", arguments: Kind.allCases)
    func send(_ kind: Kind) throws {
        let situation = try Situation(kind)
        let bytes = [UInt8](repeating: 1, count: 5)
        let met = error { _ = try situation.script.host.send(situation.endpoint, bytes.span) }
        situation.script.collect()
        switch kind {
        case .synSent, .synReceivedByBoth: #expect(met == .wouldBlock)
        case .established, .closeWait:
            #expect(met == nil)
            situation.expect("P. {s}+5 ack {n}")
        default: #expect(met == .brokenPipe)
        }
        situation.script.expectNothing()
    }

    // MARK: - RECEIVE

    @Test("RECEIVE with nothing there (§3.10.3)", arguments: Kind.allCases)
    func receive(_ kind: Kind) throws {
        let situation = try Situation(kind)
        var count: Int?
        let met = error { count = try situation.script.read(situation.endpoint) }
        switch kind {
        case .closed, .listen, .synReceived: #expect(met == .notConnected)
        case .synSent, .synReceivedByBoth, .established, .finWait1, .finWait2:
            #expect(met == .wouldBlock)
        default: #expect(met == nil && count == 0)
        }
        situation.script.expectNothing()
    }

    @Test(
        "RECEIVE takes text in every state that it can wait in, then the end (§3.10.3)",
        arguments: [Kind.established, .finWait1, .finWait2])
    func receiveText(_ kind: Kind) throws {
        let situation = try Situation(kind)
        situation.inject("FP. {n}+5 ack {u}")
        #expect(try situation.script.read(situation.endpoint) == 5)
        #expect(try situation.script.read(situation.endpoint) == 0)
    }

    // MARK: - CLOSE

    /// What leaves at CLOSE, and the state after it.
    static func close(_ kind: Kind) -> (segment: String?, state: ConnectionState) {
        switch kind {
        case .closed, .listen, .synReceived, .synSent: (nil, .closed)
        // The FIN waits for the handshake.
        case .synReceivedByBoth: (nil, .synReceived)
        case .established: ("F. {s} ack {n}", .finWait1)
        case .closeWait: ("F. {s} ack {n}", .lastAck)
        default: (nil, kind.state)
        }
    }

    @Test("CLOSE (§3.10.4)", arguments: Kind.allCases)
    func close(_ kind: Kind) throws {
        let situation = try Situation(kind)
        try situation.script.close(situation.endpoint)
        let expected = Self.close(kind)
        situation.expect(expected.segment, then: expected.state)
        #expect(throws: StackError.badDescriptor) {
            try situation.script.close(situation.endpoint)
        }
    }

    @Test("CLOSE in SYN-RECEIVED: FIN-WAIT-1 follows the handshake (§3.10.4)")
    func closeInSynReceived() throws {
        let situation = try Situation(.synReceivedByBoth)
        try situation.script.close(situation.endpoint)
        situation.inject(". {n} ack {s}")
        situation.expect("F. {s} ack {n}", then: .finWait1)
    }

    @Test("CLOSE of our side alone: the end of the stream, and its second time", arguments: held)
    func shutdown(_ kind: Kind) throws {
        let situation = try Situation(kind)
        let met = error { try situation.script.shutdown(situation.endpoint) }
        switch kind {
        case .closed, .timeWait: #expect(met == .notConnected)
        // As on Linux the attempt ends.
        case .synSent: #expect(met == nil && situation.status == .closed)
        case .established:
            situation.expect("F. {s} ack {n}")
            #expect(situation.status == .finWait1)
        case .closeWait:
            situation.expect("F. {s} ack {n}")
            #expect(situation.status == .lastAck)
        default: #expect(met == nil && situation.status == kind.state)
        }
        situation.script.expectNothing()
    }

    // MARK: - ABORT

    @Test("ABORT: a reset where the peer must learn of it (§3.10.5)", arguments: Kind.allCases)
    func abort(_ kind: Kind) throws {
        let situation = try Situation(kind)
        try situation.script.host.abort(situation.endpoint)
        situation.script.collect()
        switch kind {
        case .synReceivedByBoth, .established, .finWait1, .finWait2, .closeWait:
            situation.expect("R. {s} ack {n}", then: .closed.orListening(situation))
        case .timeWait: situation.expect(nil, then: .timeWait)
        default: situation.expect(nil, then: .closed.orListening(situation))
        }
    }

    // MARK: - STATUS

    @Test("STATUS: both ends, the state and the queues (§3.10.6)", arguments: Kind.allCases)
    func status(_ kind: Kind) throws {
        let situation = try Situation(kind)
        #expect(situation.status == kind.state)
        guard kind == .established || kind == .closeWait else { return }
        try situation.script.send(situation.endpoint, 5)
        let entry = situation.script.host.sockets.first { $0.state == kind.state }
        #expect(entry?.remote.address == Script.peerAddress && entry?.sendQueue == 5)
    }
}

extension ConnectionState {
    /// LISTEN where the connection had come to a listener, which is still there.
    func orListening(_ situation: Situation) -> ConnectionState {
        situation.script.host.sockets.contains { $0.state == .listen } ? .listen : self
    }
}
