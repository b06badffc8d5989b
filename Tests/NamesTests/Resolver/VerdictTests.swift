import Testing
import Wire

@testable import Names

/// RFC 1034 §3.6.2, RFC 2308.
@Suite("What a reply says")
struct VerdictTests {
    private let question = DNSQuestion(name: DNSName("a.example") ?? .root, type: .a)

    private func verdict(
        _ answers: [ReplyMaker.Record], _ authorities: [ReplyMaker.Record] = [], code: UInt16 = 0
    ) throws -> DNSVerdict {
        var maker = ReplyMaker(to: DNSWriter.query(question, id: 7, extends: false))
        maker.answers = answers
        maker.authorities = authorities
        maker.code = code
        let reply = try #require(DNSReply(maker.bytes[...]))
        return reply.verdict(on: question)
    }

    @Test("aliases are followed in whatever order they stand; the shortest life counts")
    func chain() throws {
        let found = try verdict([
            .a("c.example", 9, lifetime: 50), .cname("b.example", "C.example", lifetime: 20),
            .cname("A.example", "b.example", lifetime: 70), .a("c.example", 8),
        ])
        guard case .finding(.records(let records), let lifetime) = found else {
            Issue.record("\(found)")
            return
        }
        #expect(records.addresses == [.v4(192, 0, 2, 9), .v4(192, 0, 2, 8)])
        #expect(records.canonicalName.description == "C.example")
        #expect(records.aliases.map(\.description) == ["a.example", "b.example"])
        #expect(lifetime == 20)
    }

    @Test("aliases that lead in a circle, or nowhere for too long, are a failure")
    func circles() throws {
        #expect(
            try verdict([.cname("a.example", "b.example"), .cname("b.example", "a.example")])
                == .failed)
        #expect(try verdict([.cname("a.example", "a.example")]) == .failed)
        let long = (0..<40).map {
            ReplyMaker.Record.cname($0 == 0 ? "a.example" : "n\($0)", "n\($0 + 1)")
        }
        #expect(try verdict(long) == .failed)
    }

    @Test("an alias whose end the server does not know is to be followed elsewhere")
    func elsewhere() throws {
        let target = try #require(DNSName("b.other"))
        #expect(
            try verdict([.cname("a.example", "b.other", lifetime: 9)])
                == .alias(to: target, through: [question.name], lifetime: 9))
        // One that it knows to have no such records is an answer.
        #expect(
            try verdict([.cname("a.example", "b.other")], [.soa("other", minimum: 5)])
                == .finding(.noData, lifetime: 5))
    }

    @Test("gaps live as long as the zone's start says, and not at all without it")
    func gaps() throws {
        #expect(try verdict([], [.soa("example")]) == .finding(.noData, lifetime: 30))
        #expect(
            try verdict([], [.soa("example", lifetime: 10)]) == .finding(.noData, lifetime: 10))
        #expect(try verdict([]) == .finding(.noData, lifetime: 0))
        #expect(try verdict([], [.soa("example")], code: 3) == .finding(.noName, lifetime: 30))
        // The start of a zone that the name is not in says nothing.
        #expect(try verdict([], [.soa("other")]) == .finding(.noData, lifetime: 0))
        #expect(
            try verdict([.cname("a.example", "b.other", lifetime: 4)], [.soa("other")], code: 3)
                == .finding(.noName, lifetime: 4))
    }

    @Test("names of hosts have letters, digits, - and _, and nothing that a terminal obeys")
    func hostNames() {
        for good in ["a", "a-b.c_d", "0.1", "_srv._tcp.example"] {
            #expect(DNSName(good)?.isHostName == true, "\(good)")
        }
        for bad in ["-a", "a b", "a\u{1b}[2J", "a/b", "é", "a;b", "$(reboot)", "a.-b"] {
            #expect(DNSName(bad)?.isHostName == false, "\(bad)")
        }
    }

    @Test("addresses lead to names of the reverse zones")
    func reverse() {
        #expect(DNSName(reversing: .v4(10, 0, 2, 4)).description == "4.2.0.10.in-addr.arpa")
    }
}
