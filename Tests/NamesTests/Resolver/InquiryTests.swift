import Stack
import Testing
import Wire

@testable import Names

/// The machine that asks servers, with replies that are honest, late, wrong or forged.
@Suite("Asking servers")
struct InquiryTests {
    private let servers = (1...3).map { SocketAddress(address: .v4(10, 0, 0, $0), port: 53) }
    private var dice = Dice(1)
    private let name = DNSName("www.example.com") ?? .root

    private func inquiry(
        _ types: [DNSType] = [.a, .aaaa], servers count: Int = 1,
        _ change: (inout ResolverConfiguration) -> Void = { _ in }
    ) -> Inquiry {
        var configuration = ResolverConfiguration()
        change(&configuration)
        return Inquiry(name, types, of: Array(servers.prefix(count)), configuration)
    }

    private mutating func exchange(
        _ inquiry: inout Inquiry, at now: Instant = .zero
    ) throws -> Inquiry.Exchange {
        guard case .exchange(let exchange) = inquiry.next(&dice, at: now) else {
            throw Unexpected()
        }
        return exchange
    }

    private mutating func findings(_ inquiry: inout Inquiry) throws -> [DNSFinding] {
        guard case .finished(let verdicts) = inquiry.next(&dice, at: .zero) else {
            throw Unexpected()
        }
        return verdicts.compactMap {
            if case .finding(let finding, _) = $0 { finding } else { nil }
        }
    }

    private struct Unexpected: Error {}

    @Test("both families are asked for at once, with ids and letters that nobody foresees")
    mutating func together() throws {
        var inquiry = inquiry()
        let exchange = try exchange(&inquiry)
        #expect(exchange.server == servers[0])
        #expect(exchange.transport == .datagram)
        #expect(exchange.deadline == .zero + .seconds(5))
        try #require(exchange.messages.count == 2)
        let asked = exchange.messages.map { ReplyMaker.question(of: $0) }
        #expect(asked.map(\.question?.type) == [.a, .aaaa])
        #expect(asked[0].id != asked[1].id)
        #expect(asked.allSatisfy { $0.question?.name == name })
        let spellings = Set(asked.compactMap { $0.question?.name.description })
        #expect(spellings.count == 2)
        #expect(!spellings.contains("www.example.com"))
        // OPT with 1,232 bytes (RFC 6891 §6.1.2).
        #expect(exchange.messages[0].suffix(11) == [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0])
        // In whichever order the replies come.
        #expect(
            inquiry.receive(ReplyMaker.address(exchange.messages[1])[...], over: .datagram) == false
        )
        #expect(
            inquiry.receive(ReplyMaker.address(exchange.messages[0])[...], over: .datagram) == true)
        let found = try findings(&inquiry)
        guard case .records(let a) = found[0], case .records(let aaaa) = found[1] else {
            throw Unexpected()
        }
        #expect(a.addresses == [.v4(192, 0, 2, 1)])
        #expect(aaaa.addresses == [IPAddress("2001:db8::1")])
    }

    @Test("ids are drawn anew for each exchange")
    mutating func ids() throws {
        var seen: Set<UInt16> = []
        for _ in 0..<200 {
            var inquiry = inquiry([.a])
            seen.insert(ReplyMaker.question(of: try exchange(&inquiry).messages[0]).id)
        }
        #expect(seen.count > 190)
    }

    @Test("what answers another question is as if it had not come")
    mutating func forged() throws {
        var inquiry = inquiry([.a])
        let query = try exchange(&inquiry).messages[0]
        let honest = ReplyMaker.address(query, 66)
        var wrong: [[UInt8]] = [[], [0], Array(honest.prefix(11)), query]
        for id in [UInt16(0), 1, 0xFFFF] {
            var maker = ReplyMaker(to: query)
            maker.id ^= id | 1
            maker.answers = [.a("www.example.com", 66)]
            wrong.append(maker.bytes)
        }
        for name in ["www.example.org", "xxx.example.com", "example.com"] {
            var maker = ReplyMaker(to: query)
            maker.question = DNSName(name).map { DNSQuestion(name: $0, type: .a) }
            maker.answers = [.a(name, 66)]
            wrong.append(maker.bytes)
        }
        var other = ReplyMaker(to: query)
        other.question = DNSQuestion(name: name, type: .aaaa)
        wrong.append(other.bytes)
        var classes = ReplyMaker(to: query)
        classes.question = classes.question.map {
            DNSQuestion(name: $0.name, type: .a, recordClass: 3)
        }
        wrong.append(classes.bytes)
        // Without a question, only an error is believed.
        var bare = ReplyMaker(to: query)
        bare.question = nil
        bare.answers = [.a("www.example.com", 66)]
        wrong.append(bare.bytes)
        bare.code = 3
        wrong.append(bare.bytes)
        // An operation that is no query; two questions; a record that is cut off.
        var operation = ReplyMaker(to: query)
        operation.flags |= 0x2800
        wrong.append(operation.bytes)
        var twice = honest
        twice[5] = 2
        wrong.append(twice)
        wrong.append(Array(honest.dropLast()))
        for message in wrong {
            #expect(inquiry.receive(message[...], over: .datagram) == false, "\(message)")
        }
        #expect(inquiry.receive(ReplyMaker.address(query, 7)[...], over: .datagram) == true)
        guard case .records(let records) = try findings(&inquiry)[0] else { throw Unexpected() }
        #expect(records.addresses == [.v4(192, 0, 2, 7)])
    }

    @Test("records of other names than the question's are not believed")
    mutating func strangers() throws {
        var inquiry = inquiry([.a])
        var maker = ReplyMaker(to: try exchange(&inquiry).messages[0])
        maker.answers = [.a("bank.example", 66)]
        maker.authorities = [.soa("com")]
        #expect(inquiry.receive(maker.bytes[...], over: .datagram) == true)
        #expect(try findings(&inquiry) == [.noData])
    }

    @Test("who forgets the case of letters is asked again where no stranger can speak")
    mutating func folded() throws {
        var inquiry = inquiry([.a])
        let query = try exchange(&inquiry).messages[0]
        var maker = ReplyMaker(to: query)
        maker.question = DNSQuestion(name: name, type: .a)
        maker.answers = [.a("www.example.com", 66)]
        #expect(inquiry.receive(maker.bytes[...], over: .datagram) == true)
        let second = try exchange(&inquiry)
        #expect(second.transport == .stream)
        var again = ReplyMaker(to: second.messages[0])
        again.question = DNSQuestion(name: name, type: .a)
        again.answers = [.a("www.example.com", 7)]
        #expect(inquiry.receive(again.bytes[...], over: .stream) == true)
        guard case .records(let records) = try findings(&inquiry)[0] else { throw Unexpected() }
        #expect(records.addresses == [.v4(192, 0, 2, 7)])
    }

    @Test("silent servers are asked in turn, each as often and as long as resolv.conf says")
    mutating func silence() throws {
        var inquiry = inquiry([.a], servers: 3) { $0.timeout = .seconds(4) }
        var now = Instant.zero
        var visits: [SocketAddress] = []
        var waits: [Interval] = []
        for _ in 0..<6 {
            let exchange = try exchange(&inquiry, at: now)
            visits.append(exchange.server)
            waits.append(exchange.deadline - now)
            now = exchange.deadline
            inquiry.giveUpExchange()
        }
        #expect(visits == servers + servers)
        // The second and third have the time of the first, twice and four times, in three parts.
        let parts = [4_000_000_000, 8_000_000_000 / 3, 16_000_000_000 / 3].map {
            Interval(nanoseconds: $0)
        }
        #expect(waits == parts + parts)
        #expect(try findings(&inquiry) == [.failure(.silence)])
    }

    @Test("a server that cannot help gives way to the next", arguments: [2, 5, 9, 11] as [UInt16])
    mutating func failures(code: UInt16) throws {
        var inquiry = inquiry([.a], servers: 2) { $0.attempts = 1 }
        let first = try exchange(&inquiry)
        let failure = ReplyMaker.failure(first.messages[0], code)
        #expect(inquiry.receive(failure[...], over: .datagram) == true)
        let second = try exchange(&inquiry)
        #expect(second.server == servers[1])
        let again = ReplyMaker.failure(second.messages[0], code)
        #expect(inquiry.receive(again[...], over: .datagram) == true)
        #expect(try findings(&inquiry) == [.failure(.servers)])
    }

    @Test("one that knows nothing and points at others gives way too")
    mutating func lame() throws {
        var inquiry = inquiry([.a], servers: 2)
        var maker = ReplyMaker(to: try exchange(&inquiry).messages[0])
        maker.flags = 0x8100
        #expect(inquiry.receive(maker.bytes[...], over: .datagram) == true)
        #expect(try exchange(&inquiry).server == servers[1])
    }

    @Test(
        "one that does not understand the extension is asked without",
        arguments: [1, 4] as [UInt16])
    mutating func plain(code: UInt16) throws {
        var inquiry = inquiry([.a])
        let first = try exchange(&inquiry)
        var maker = ReplyMaker(to: first.messages[0])
        maker.code = code
        if code == 1 { maker.question = nil }
        #expect(inquiry.receive(maker.bytes[...], over: .datagram) == true)
        let second = try exchange(&inquiry)
        #expect(second.server == servers[0])
        #expect(second.messages[0].count == first.messages[0].count - 11)
        #expect(
            inquiry.receive(ReplyMaker.address(second.messages[0])[...], over: .datagram) == true)
        #expect(try findings(&inquiry).count == 1)
    }

    @Test("a truncated reply is asked for again over a stream, and the other is kept")
    mutating func truncated() throws {
        var inquiry = inquiry()
        let first = try exchange(&inquiry)
        var maker = ReplyMaker(to: first.messages[0])
        maker.flags |= 0x0200
        #expect(inquiry.receive(maker.bytes[...], over: .datagram) == false)
        #expect(
            inquiry.receive(ReplyMaker.address(first.messages[1], 2)[...], over: .datagram) == true)
        let second = try exchange(&inquiry)
        #expect(second.transport == .stream)
        #expect(second.server == servers[0])
        try #require(second.messages.count == 1)
        #expect(
            inquiry.receive(ReplyMaker.address(second.messages[0], 3)[...], over: .stream) == true)
        #expect(try findings(&inquiry).count == 2)
    }

    @Test("only what is missing is asked of the next server")
    mutating func half() throws {
        var inquiry = inquiry(servers: 2)
        let first = try exchange(&inquiry)
        #expect(
            inquiry.receive(ReplyMaker.address(first.messages[0])[...], over: .datagram) == false)
        inquiry.giveUpExchange()
        let second = try exchange(&inquiry)
        #expect(second.server == servers[1])
        #expect(second.messages.map { ReplyMaker.question(of: $0).question?.type } == [.aaaa])
        // What the first server says now is too late.
        #expect(
            inquiry.receive(ReplyMaker.address(first.messages[1])[...], over: .datagram) == false)
    }

    @Test("single-request asks one after the other, use-vc over a stream, rotate begins elsewhere")
    mutating func options() throws {
        var inTurn = inquiry { $0.asksInTurn = true }
        let first = try exchange(&inTurn)
        #expect(first.messages.count == 1)
        #expect(inTurn.receive(ReplyMaker.address(first.messages[0])[...], over: .datagram) == true)
        let second = try exchange(&inTurn)
        #expect(second.messages.map { ReplyMaker.question(of: $0).question?.type } == [.aaaa])
        #expect(second.server == servers[0])

        var stream = inquiry { $0.usesStreams = true }
        #expect(try exchange(&stream).transport == .stream)

        var configuration = ResolverConfiguration()
        configuration.attempts = 1
        var rotated = Inquiry(name, [.a], of: servers, firstServer: 5, configuration)
        var visits: [SocketAddress] = []
        for _ in 0..<3 {
            visits.append(try exchange(&rotated).server)
            rotated.giveUpExchange()
        }
        #expect(visits == [servers[2], servers[0], servers[1]])
    }

    @Test("no bytes of a server trap, and none but exact ones end an exchange")
    mutating func noise() throws {
        var inquiry = inquiry()
        let query = try exchange(&inquiry).messages[0]
        let honest = ReplyMaker.address(query)
        for _ in 0..<20_000 {
            var message = honest
            for _ in 0...dice.roll(below: 4) {
                message[dice.roll(below: message.count)] = UInt8(dice.roll(below: 256))
            }
            message = Array(message.prefix(dice.roll(below: message.count + 1)))
            var copy = inquiry
            _ = copy.receive(message[...], over: .datagram)
            _ = copy.next(&dice, at: .zero)
        }
    }
}
