import Stack
import Testing
import Wire

@testable import Names

/// From a text to what servers say: search list, cache, aliases across servers.
@Suite("Resolution")
struct ResolutionTests {
    private var cache = NameCache(limit: 100)
    private var dice = Dice(5)
    private let servers = [SocketAddress(address: .v4(10, 0, 0, 1), port: 53)]

    /// Runs a resolution against a server that is a function; what was asked, and how it ended.
    private mutating func resolve(
        _ text: String, _ types: [DNSType] = [.a], search: [String] = [], at now: Instant = .zero,
        omitsIPv6: Bool = false, from server: (DNSQuestion, [UInt8]) -> [UInt8]?
    ) -> (asked: [String], outcome: Resolution.Outcome) {
        var configuration = ResolverConfiguration()
        configuration.search = search
        configuration.attempts = 1
        configuration.omitsIPv6 = omitsIPv6
        guard let list = SearchList(text, configuration, domain: nil) else {
            return ([], .missed(.noName))
        }
        var resolution = Resolution(list, types, of: servers, configuration)
        var asked: [String] = []
        while true {
            switch resolution.next(&cache, &dice, at: now) {
            case .finished(let outcome): return (asked, outcome)
            case .exchange(let exchange):
                for message in exchange.messages {
                    guard let question = ReplyMaker.question(of: message).question else { continue }
                    asked.append(question.name.description.lowercased())
                    if let reply = server(question, message) {
                        _ = resolution.receive(reply[...], over: exchange.transport)
                    }
                }
                resolution.giveUpExchange()
            }
        }
    }

    private static func gap(_ message: [UInt8], code: UInt16 = 3, minimum: UInt32 = 30) -> [UInt8] {
        var maker = ReplyMaker(to: message)
        maker.code = code
        maker.authorities = [.soa(".", minimum: minimum)]
        return maker.bytes
    }

    @Test("short names are looked for in the domains first, others last (ndots)")
    mutating func search() {
        let domains = ["one.example", "two.example"]
        var (asked, outcome) = resolve("host", search: domains) { _, message in Self.gap(message) }
        #expect(asked == ["host.one.example", "host.two.example", "host"])
        #expect(outcome == .missed(.noName))
        cache = NameCache(limit: 0)
        (asked, _) = resolve("a.b", search: domains) { _, message in Self.gap(message) }
        #expect(asked == ["a.b", "a.b.one.example", "a.b.two.example"])
        (asked, _) = resolve("a.b.", search: domains) { _, message in Self.gap(message) }
        #expect(asked == ["a.b"])
        (asked, outcome) = resolve("host", search: domains) { question, message in
            question.name == DNSName("host.two.example")
                ? ReplyMaker.address(message) : Self.gap(message)
        }
        #expect(asked == ["host.one.example", "host.two.example"])
        guard case .found(let findings) = outcome, case .records(let records) = findings[0] else {
            Issue.record("\(outcome)")
            return
        }
        #expect(records.canonicalName == DNSName("host.two.example"))
    }

    @Test("the search goes on where a server failed, and ends where none answers")
    mutating func failures() {
        cache = NameCache(limit: 0)
        var (asked, outcome) = resolve("host", search: ["one.example"]) { question, message in
            question.name.labels.count > 1 ? ReplyMaker.failure(message, 2) : Self.gap(message)
        }
        #expect(asked == ["host.one.example", "host"])
        #expect(outcome == .missed(.tryAgain))
        (asked, outcome) = resolve("host", search: ["one.example"]) { _, _ in nil }
        #expect(asked == ["host.one.example"])
        #expect(outcome == .missed(.tryAgain))
        (asked, outcome) = resolve("host", search: ["one.example"]) { question, message in
            Self.gap(message, code: question.name.labels.count > 1 ? 0 : 3)
        }
        #expect(outcome == .missed(.noData))
    }

    @Test("what was found is not asked for again until its life is over")
    mutating func kept() {
        let server: (DNSQuestion, [UInt8]) -> [UInt8]? = { _, message in
            ReplyMaker.address(message, lifetime: 60)
        }
        var count = 0
        count = resolve("a.example", [.a, .aaaa], from: server).asked.count
        #expect(count == 2)
        let later = Instant.zero + .seconds(59)
        let again = resolve("A.EXAMPLE", [.a, .aaaa], at: later, from: server)
        #expect(again.asked.isEmpty)
        guard case .found(let findings) = again.outcome else {
            Issue.record("\(again.outcome)")
            return
        }
        #expect(findings.count == 2)
        count = resolve("a.example", at: .zero + .seconds(60), from: server).asked.count
        #expect(count == 1)
    }

    @Test("what is not there is kept as well (RFC 2308), failures are not")
    mutating func gaps() {
        let server: (DNSQuestion, [UInt8]) -> [UInt8]? = { _, message in Self.gap(message) }
        var count = 0
        count = resolve("no.example", from: server).asked.count
        #expect(count == 1)
        count = resolve("no.example", at: .zero + .seconds(29), from: server).asked.count
        #expect(count == 0)
        count = resolve("no.example", at: .zero + .seconds(30), from: server).asked.count
        #expect(count == 1)
        let broken: (DNSQuestion, [UInt8]) -> [UInt8]? = { ReplyMaker.failure($1, 2) }
        count = resolve("bad.example", from: broken).asked.count
        #expect(count == 1)
        count = resolve("bad.example", from: broken).asked.count
        #expect(count == 1)
    }

    @Test("aliases are followed from server to server, and not for ever")
    mutating func aliases() {
        let (asked, outcome) = resolve("a.example") { question, message in
            guard question.name == DNSName("a.example") else { return ReplyMaker.address(message) }
            var maker = ReplyMaker(to: message)
            maker.answers = [.cname("a.example", "b.other")]
            return maker.bytes
        }
        #expect(asked == ["a.example", "b.other"])
        guard case .found(let findings) = outcome, case .records(let records) = findings[0] else {
            Issue.record("\(outcome)")
            return
        }
        #expect(records.canonicalName == DNSName("b.other"))
        #expect(records.aliases == [DNSName("a.example")])

        let (endless, end) = resolve("n0.example") { question, message in
            var maker = ReplyMaker(to: message)
            let name = question.name.description
            maker.answers = [.cname(name, "n\(name)")]
            return maker.bytes
        }
        #expect(endless.count <= 20)
        #expect(end == .missed(.tryAgain))
    }

    @Test("no-aaaa asks for no AAAA, and knows all the same who does not exist")
    mutating func withoutIPv6() {
        var types: [DNSType] = []
        let server: (DNSQuestion, [UInt8]) -> [UInt8]? = { question, message in
            types.append(question.type)
            return question.name == DNSName("a.example")
                ? ReplyMaker.address(message) : Self.gap(message)
        }
        let both = resolve("a.example", [.a, .aaaa], omitsIPv6: true, from: server).outcome
        guard case .found(let findings) = both else {
            Issue.record("\(both)")
            return
        }
        #expect(findings[1] == .noData)
        let one = resolve("a.example", [.aaaa], omitsIPv6: true, from: server).outcome
        #expect(one == .missed(.noData))
        let none = resolve("no.example", [.aaaa], omitsIPv6: true, from: server).outcome
        #expect(none == .missed(.noName))
        #expect(types == [.a, .a])
    }

    @Test("one family that is found is enough, though the other fails")
    mutating func half() {
        let (_, outcome) = resolve("a.example", [.a, .aaaa]) { question, message in
            question.type == .a ? ReplyMaker.address(message) : ReplyMaker.failure(message, 2)
        }
        guard case .found(let findings) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(findings[1] == .failure(.servers))
    }

    @Test("names that no server can know are not asked for")
    func impossible() {
        let configuration = ResolverConfiguration()
        for text in [
            "", ".", "a..b", ".a", String(repeating: "a", count: 64),
            "a" + String(repeating: ".a", count: 127),
        ] {
            #expect(SearchList(text, configuration, domain: nil) == nil, "\(text)")
        }
        let long = String(repeating: "abcdefg.", count: 31) + "a"
        var wide = configuration
        wide.search = ["example.com"]
        // With a domain behind it the name would be too long: it is asked for as it is.
        #expect(SearchList(long, wide, domain: nil)?.next == DNSName(long))
    }
}

@Suite("What is kept of replies")
struct NameCacheTests {
    private func key(_ number: Int) -> NameCache.Key {
        NameCache.Key(name: DNSName("n\(number)") ?? .root, type: .a)
    }

    @Test("the cache holds what it may, and forgets first what would die first")
    func bound() {
        var cache = NameCache(limit: 3)
        for (number, lifetime) in [50, 10, 40, 30].enumerated() {
            cache.keep(.noName, as: key(number), lifetime: UInt32(lifetime), at: .zero)
        }
        #expect(cache.count == 3)
        #expect(
            (0..<4).map { cache.finding(key($0), at: .zero) != nil } == [true, false, true, true])
        for number in 10..<2_000 {
            cache.keep(.noData, as: key(number), lifetime: 60, at: .zero)
        }
        #expect(cache.count == 3)
    }

    @Test("lives are a day at most, those of gaps three hours; one that is none is 0 (RFC 2181 §8)")
    func lives() {
        var cache = NameCache(limit: 10)
        let records = DNSFinding.records(.init(canonicalName: .root, contents: [.other]))
        cache.keep(records, as: key(1), lifetime: 0x7FFF_FFFF, at: .zero)
        cache.keep(.noName, as: key(2), lifetime: 0x7FFF_FFFF, at: .zero)
        cache.keep(records, as: key(3), lifetime: 0x8000_0000, at: .zero)
        cache.keep(records, as: key(4), lifetime: 0, at: .zero)
        cache.keep(.failure(.servers), as: key(5), lifetime: 60, at: .zero)
        func lives(_ number: Int, _ seconds: Int) -> Bool {
            cache.finding(key(number), at: .zero + .seconds(seconds)) != nil
        }
        #expect(lives(1, 86_399) && !lives(1, 86_400))
        #expect(lives(2, 10_799) && !lives(2, 10_800))
        #expect(!lives(3, 0) && !lives(4, 0) && !lives(5, 0))
    }
}
