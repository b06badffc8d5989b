import Testing
import Wire

@testable import Names
@testable import Services

@Suite("The DNS responder")
struct DNSResponderTests {
    private let responder = DNSResponder(.sockeye())

    private func respond(
        _ message: [UInt8], by responder: DNSResponder? = nil,
        over transport: DNSResponder.Transport = .datagram
    ) async throws -> [UInt8] {
        try #require(
            await (responder ?? self.responder).respond(to: message, over: transport))
    }

    /// The code in the header.
    private func code(_ response: [UInt8]) -> UInt8 { response[3] & 15 }
    private func answerCount(_ response: [UInt8]) -> UInt16 { DNSSamples.word(response, 6) }

    @Test("services.sockeye has its address, byte for byte")
    func address() async throws {
        let response = try await respond(DNSSamples.query("Services.sockeye"))
        let expected =
            // The id; a response, authoritative, recursion desired; the counts.
            DNSSamples.words([0x1234, 0x8500, 1, 1, 0, 0])
            // The question as it was written.
            + DNSSamples.name("Services.sockeye") + DNSSamples.words([1, 1])
            // The record: its name by pointer, A, IN, 60 seconds, 4 bytes.
            + DNSSamples.words([0xC00C, 1, 1, 0, 60, 4]) + [10, 0, 2, 4]
        #expect(response == expected)
    }

    @Test("a name without the records that are asked for exists all the same (RFC 2308 §2.2)")
    func noData() async throws {
        for type in [28, 15, 16] as [UInt16] {
            let response = try await respond(DNSSamples.query("services.sockeye", type: type))
            #expect(code(response) == 0)
            #expect(answerCount(response) == 0)
        }
        #expect(code(try await respond(DNSSamples.query("sockeye"))) == 0)
    }

    @Test("any asks for what there is")
    func any() async throws {
        let response = try await respond(DNSSamples.query("services.sockeye", type: 255))
        #expect(answerCount(response) == 1)
    }

    @Test("other names of the zone do not exist")
    func nameError() async throws {
        for name in ["other.sockeye", "a.services.sockeye"] {
            let response = try await respond(DNSSamples.query(name))
            #expect(code(response) == 3)
            #expect(response[2] & 0x04 != 0)
        }
    }

    @Test("addresses lead back to their names, of either family")
    func reverse() async throws {
        let response = try await respond(
            DNSSamples.query("4.2.0.10.in-addr.ARPA", type: 12))
        #expect(response.suffix(18) == DNSSamples.name("services.sockeye")[...])
        #expect(answerCount(response) == 1)
        let v6 = try #require(IPAddress("2001:db8::567:89ab"))
        #expect(
            DNSName(reversing: v6).description
                == "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa")
    }

    @Test("AAAA answers with the 16 bytes of an IPv6 address (RFC 3596 §2.2)")
    func addressV6() async throws {
        let host = try #require(DNSName("six.sockeye"))
        let top = try #require(DNSName("sockeye"))
        let v6 = try #require(IPAddress("2001:db8::1"))
        let responder = DNSResponder(DNSZone(top, hosts: [(host, v6)]))
        let response = try await respond(DNSSamples.query("six.sockeye", type: 28), by: responder)
        #expect(
            response.suffix(18)
                == [0, 16, 0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    }

    @Test("foreign names are answered as configured")
    func fallback() async throws {
        let query = DNSSamples.query("example.org")
        #expect(code(try await respond(query)) == 5)
        let strict = DNSResponder(.sockeye(), otherwise: .answer(.nameError))
        #expect(code(try await respond(query, by: strict)) == 3)
        let resolving = DNSResponder(
            .sockeye(),
            otherwise: .resolver { question in
                question.name == DNSName("example.org")
                    ? DNSAnswer(records: [.address(.v4(192, 0, 2, 1))]) : .nameError
            })
        let response = try await respond(query, by: resolving)
        #expect(response.suffix(4) == [192, 0, 2, 1])
        // Not authoritative, recursion available.
        #expect(response[2] & 0x04 == 0)
        #expect(response[3] == 0x80)
    }

    @Test("other classes are refused")
    func classes() async throws {
        let chaos = DNSSamples.query("version.bind", type: 16, recordClass: 3)
        #expect(code(try await respond(chaos)) == 5)
    }

    @Test("the extension is answered with ours; later versions of it are unknown (RFC 6891 §6.1.3)")
    func extensionRecord() async throws {
        let query = DNSSamples.query(
            "services.sockeye", counts: [1, 0, 0, 1], rest: DNSSamples.opt())
        let response = try await respond(query)
        #expect(response.suffix(11) == DNSSamples.opt(limit: 1_232)[...])
        #expect(DNSSamples.word(response, 10) == 1)
        let later = DNSSamples.query(
            "services.sockeye", counts: [1, 0, 0, 1], rest: DNSSamples.opt(version: 1))
        let refusal = try await respond(later)
        // The code is 16: its lower four bits in the header, the rest in the record.
        #expect(code(refusal) == 0)
        #expect(Array(refusal.suffix(6)) == [1, 0, 0, 0, 0, 0])
        #expect(answerCount(refusal) == 0)
    }

    @Test("a response too long for UDP asks to come again over TCP (RFC 1035 §4.2.1)")
    func truncation() async throws {
        let records = (0..<100).map { DNSAnswer.Record.address(.v4(192, 0, 2, UInt8($0))) }
        let responder = DNSResponder(
            .sockeye(), otherwise: .answer(DNSAnswer(records: records)))
        let query = DNSSamples.query("example.org")
        let short = try await respond(query, by: responder)
        #expect(short[2] & 0x02 != 0)
        #expect(short.count == query.count)
        let long = try await respond(query, by: responder, over: .stream)
        #expect(long[2] & 0x02 == 0)
        #expect(answerCount(long) == 100)
        let extended = DNSSamples.query(
            "example.org", counts: [1, 0, 0, 1], rest: DNSSamples.opt(limit: 4_096))
        #expect(try await respond(extended, by: responder)[2] & 0x02 != 0)
    }

    @Test("a malformed query is answered with its id and a format error")
    func formatError() async throws {
        let response = try await respond(DNSSamples.query("a", counts: [1, 9, 0, 0]))
        #expect(response == DNSSamples.words([0x1234, 0x8101, 0, 0, 0, 0]))
        #expect(await responder.respond(to: [1, 2, 3], over: .datagram) == nil)
    }
}
