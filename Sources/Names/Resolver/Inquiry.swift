import Stack
import Wire

/// Asks servers, one after the other, for the records of one name. Knows no socket and no clock:
/// it says what is to be sent, and is told what came.
///
/// Each exchange is one socket with one server. What is not an answer to exactly what was asked in
/// it (id, name to the case of its letters, type) is as if it had not come (RFC 5452).
struct Inquiry: Sendable {
    enum Transport: Sendable {
        case datagram
        case stream
    }

    /// Messages for a server, and until when its replies are waited for.
    struct Exchange: Equatable, Sendable {
        let server: SocketAddress
        let transport: Transport
        let messages: [[UInt8]]
        let deadline: Instant
    }

    enum Step: Equatable, Sendable {
        case exchange(Exchange)
        /// In the order of the types.
        case finished([DNSVerdict])
    }

    /// How one of the questions stands with the present server.
    enum Standing: Equatable {
        case unasked
        case asked(id: UInt16, DNSQuestion)
        /// To be asked again without OPT.
        case refused
        /// To be asked again over a stream.
        case truncated
        case failed
    }

    struct Query {
        let type: DNSType
        var standing = Standing.unasked
        var verdict: DNSVerdict?
    }

    private let name: DNSName
    private let servers: [SocketAddress]
    private let configuration: ResolverConfiguration
    private var queries: [Query]
    /// Servers visited so far, all rounds together.
    private var visit = 0
    private let firstServer: Int
    private var extends = true
    private var failure = DNSFinding.Failure.silence

    /// - Parameter firstServer: Which of the servers is asked first.
    init(
        _ name: DNSName, _ types: [DNSType], of servers: [SocketAddress], firstServer: Int = 0,
        _ configuration: ResolverConfiguration
    ) {
        self.name = name
        self.servers = servers
        self.configuration = configuration
        self.firstServer = firstServer
        queries = types.map { Query(type: $0) }
    }

    // MARK: - Asking

    /// What is to be done now: at the start and whenever an exchange is over.
    mutating func next(_ random: inout some RandomNumberGenerator, at now: Instant) -> Step {
        while true {
            if queries.allSatisfy({ $0.verdict != nil }) || visit >= visitLimit {
                return .finished(
                    queries.map { $0.verdict ?? .finding(.failure(failure), lifetime: 0) })
            }
            if let exchange = exchange(&random, at: now) { return .exchange(exchange) }
            visit += 1
            extends = true
            for index in queries.indices { queries[index].standing = .unasked }
        }
    }

    private var visitLimit: Int { servers.count * configuration.attempts }

    /// The next exchange with the present server; nil when there is nothing more to ask it.
    private mutating func exchange(
        _ random: inout some RandomNumberGenerator, at now: Instant
    ) -> Exchange? {
        let open = queries.indices.filter { queries[$0].verdict == nil }
        var chosen: [Int]
        var transport: Transport = configuration.usesStreams ? .stream : .datagram
        let refused = open.filter { queries[$0].standing == .refused }
        let truncated = open.filter { queries[$0].standing == .truncated }
        if !refused.isEmpty {
            extends = false
            chosen = refused
        } else if !truncated.isEmpty {
            transport = .stream
            chosen = truncated
        } else {
            chosen = open.filter { queries[$0].standing == .unasked }
            if configuration.asksInTurn { chosen = Array(chosen.prefix(1)) }
        }
        guard !chosen.isEmpty else { return nil }
        var messages: [[UInt8]] = []
        for index in open where queries[index].isAsked { queries[index].standing = .failed }
        for index in chosen { messages.append(ask(index, &random)) }
        return Exchange(
            server: servers[(firstServer + visit) % servers.count], transport: transport,
            messages: messages, deadline: now + patience)
    }

    /// The first server has the whole time, and those behind it their shares, as in glibc.
    private var patience: Interval {
        let place = visit % servers.count
        let whole = configuration.timeout.nanoseconds << Int64(place)
        let share = place > 0 ? whole / Int64(servers.count) : whole
        return Interval(nanoseconds: max(share, Interval.seconds(1).nanoseconds))
    }

    private mutating func ask(
        _ index: Int, _ random: inout some RandomNumberGenerator
    ) -> [UInt8] {
        var id: UInt16
        repeat {
            id = UInt16(truncatingIfNeeded: random.next())
        } while queries.contains { $0.standing.id == id }
        let question = DNSQuestion(name: name.withRandomCase(&random), type: queries[index].type)
        queries[index].standing = .asked(id: id, question)
        return DNSWriter.query(
            question, id: id, extends: extends, trusts: configuration.trustsServers)
    }

    // MARK: - Replies

    /// Takes in what came from the server; whether the exchange is over, since nothing else is
    /// waited for.
    mutating func receive(_ message: ArraySlice<UInt8>, over transport: Transport) -> Bool {
        guard let reply = DNSReply(message),
            let index = queries.firstIndex(where: {
                $0.verdict == nil && $0.standing.id == reply.id
            }),
            case .asked(_, let question) = queries[index].standing
        else { return false }
        switch match(reply, question, transport) {
        case .foreign: return false
        case .unsure: queries[index].standing = .truncated
        case .exact: take(reply, question, transport, for: index)
        }
        return !queries.contains { $0.verdict == nil && $0.isAsked }
    }

    private enum Match {
        case exact
        /// Perhaps from a server that forgets the case of letters, perhaps from nobody: to be asked
        /// again over a stream, where no stranger can speak.
        case unsure
        case foreign
    }

    private func match(
        _ reply: DNSReply, _ question: DNSQuestion, _ transport: Transport
    ) -> Match {
        guard let repeated = reply.question else {
            // Who repeats no question can only have failed.
            return reply.code == 0 || reply.code == 3 ? .foreign : .exact
        }
        guard repeated == question else { return .foreign }
        return repeated.name.isExactly(question.name) || transport == .stream ? .exact : .unsure
    }

    private mutating func take(
        _ reply: DNSReply, _ question: DNSQuestion, _ transport: Transport, for index: Int
    ) {
        if reply.flags.contains(.truncated), transport == .datagram {
            queries[index].standing = .truncated
            return
        }
        let verdict = reply.verdict(on: DNSQuestion(name: name, type: question.type))
        switch verdict {
        case .withoutExtension where extends: queries[index].standing = .refused
        case .withoutExtension, .failed:
            failure = .servers
            queries[index].standing = .failed
        case .finding, .alias: queries[index].verdict = verdict
        }
    }

    /// Takes note that the exchange ended without all replies: its time is over, or the server
    /// cannot be reached.
    mutating func giveUpExchange() {
        for index in queries.indices where queries[index].isAsked {
            queries[index].standing = .failed
        }
    }
}

extension Inquiry.Query {
    fileprivate var isAsked: Bool { standing.id != nil }
}

extension Inquiry.Standing {
    fileprivate var id: UInt16? { if case .asked(let id, _) = self { id } else { nil } }
}
