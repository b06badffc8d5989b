import Testing
import Wire

@testable import Stack

/// A host with a connection in one of the states of RFC 9293 §3.3.2, where the next event meets it.
///
/// Lines of scripts name the numbers of the moment: `{n}` is RCV.NXT, `{s}` SND.NXT and `{u}`
/// SND.UNA, each with an offset if need be: `{n+1}`.
struct Situation {
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case closed
        case listen
        case synSent
        /// By a SYN that came to a listener, and by two that crossed.
        case synReceived
        case synReceivedByBoth
        case established
        case finWait1
        case finWait2
        case closeWait
        case closing
        case lastAck
        case timeWait

        var testDescription: String { rawValue }

        /// What `netstat` calls it.
        var state: ConnectionState {
            switch self {
            case .closed: .closed
            case .listen: .listen
            case .synSent: .synSent
            case .synReceived, .synReceivedByBoth: .synReceived
            case .established: .established
            case .finWait1: .finWait1
            case .finWait2: .finWait2
            case .closeWait: .closeWait
            case .closing: .closing
            case .lastAck: .lastAck
            case .timeWait: .timeWait
            }
        }

        /// Those from SYN-RECEIVED on (§3.10.7.4).
        static let synchronized: [Kind] = [
            .synReceived, .synReceivedByBoth, .established, .finWait1, .finWait2, .closeWait,
            .closing, .lastAck, .timeWait,
        ]
        /// Those between the handshake and TIME-WAIT.
        static let connected: [Kind] = [
            .established, .finWait1, .finWait2, .closeWait, .closing, .lastAck,
        ]
    }

    let script: Script
    let kind: Kind
    /// What the application holds: the connection, or the listener where there is none yet.
    let endpoint: EndpointID
    /// RCV.NXT, SND.NXT and SND.UNA, from the initial numbers on.
    private var next = 0
    private var sent = 0
    private var acknowledged = 0

    init(_ kind: Kind, _ tcp: TCPConfiguration = Script.plain) throws {
        let script = Script(tcp)
        self.script = script
        self.kind = kind
        switch kind {
        case .closed:
            endpoint = script.open()
        case .listen, .synReceived:
            endpoint = try script.listen()
            if kind == .synReceived {
                script.inject("S 0 win 65535 <mss 1000>")
                (next, sent) = (1, 1)
            }
        case .synSent, .synReceivedByBoth:
            endpoint = try script.connect()
            sent = 1
            if kind == .synReceivedByBoth {
                script.inject("S 0 win 65535 <mss 1000>")
                next = 1
            }
        default:
            endpoint = try script.accept("<mss 1000>")
            (next, sent, acknowledged) = (1, 1, 1)
        }
        try moveOn()
        script.skipSent()
        try #require(status == kind.state)
    }

    /// From ESTABLISHED to the later states.
    private mutating func moveOn() throws {
        switch kind {
        case .finWait1, .finWait2, .closing, .timeWait:
            try script.shutdown(endpoint)
            sent = 2
            if kind == .finWait2 || kind == .timeWait {
                script.inject(". 1 ack 2")
                acknowledged = 2
            }
            if kind == .closing || kind == .timeWait {
                script.inject("F. 1 ack \(acknowledged)")
                next = 2
            }
        case .closeWait, .lastAck:
            script.inject("F. 1 ack 1")
            next = 2
            if kind == .lastAck {
                try script.shutdown(endpoint)
                sent = 2
            }
        default: break
        }
    }

    /// STATUS (§3.10.6): what the table of sockets says of the connection, else of the listener.
    var status: ConnectionState {
        var isListening = false
        for entry in script.host.sockets {
            if entry.state == .listen { isListening = true }
            if entry.local.port == script.hostPort, entry.remote.port == script.peerPort,
                let state = entry.state
            {
                return state
            }
        }
        return isListening ? .listen : .closed
    }

    // MARK: - Lines

    /// A line with its numbers put in.
    func line(_ template: String) -> String {
        var text = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest.firstIndex(of: "}") {
            text += rest[..<open]
            text += String(number(rest[rest.index(after: open)..<close]))
            rest = rest[rest.index(after: close)...]
        }
        return text + rest
    }

    private func number(_ name: Substring) -> Int {
        let offset = Int(name.dropFirst()) ?? 0
        switch name.first {
        case "n": return next + offset
        case "s": return sent + offset
        default: return acknowledged + offset
        }
    }

    /// SEGMENT ARRIVES.
    func inject(_ template: String) { script.inject(line(template)) }

    func expect(_ template: String, at location: SourceLocation = #_sourceLocation) {
        script.expect(line(template), at: location)
    }

    /// The answer to expect, nil for none, and nothing besides; then the state.
    func expect(
        _ template: String?, then state: ConnectionState,
        at location: SourceLocation = #_sourceLocation
    ) {
        if let template { expect(template, at: location) }
        script.expectNothing(at: location)
        #expect(status == state, "\(script.family)", sourceLocation: location)
    }
}

/// An event in a state, and what RFC 9293 §3.10 has follow from it.
struct Step: CustomTestStringConvertible {
    let kind: Situation.Kind
    let segment: String
    /// nil for silence.
    let answer: String?
    let after: ConnectionState

    init(_ kind: Situation.Kind, _ segment: String, _ answer: String?, _ after: ConnectionState) {
        self.kind = kind
        self.segment = segment
        self.answer = answer
        self.after = after
    }

    var testDescription: String { "\(kind.rawValue): \(segment)" }

    /// The segment arrives in every one of `kinds` and changes nothing.
    static func all(
        _ kinds: [Situation.Kind], _ segment: String, _ answer: String?
    ) -> [Step] {
        kinds.map { Step($0, segment, answer, $0.state) }
    }

    func run() throws {
        let situation = try Situation(kind)
        situation.inject(segment)
        situation.expect(answer, then: after)
    }
}
