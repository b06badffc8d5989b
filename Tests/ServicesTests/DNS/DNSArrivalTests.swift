import Testing

@testable import Names
@testable import Services

/// RFC 1035 §4.1, RFC 6891 §6.1.
@Suite("Arriving DNS messages")
struct DNSArrivalTests {
    private func isRefused(_ message: [UInt8], _ code: DNSResponseCode) -> Bool {
        guard case .refused(0x1234, _, code) = DNSArrival(message[...]) else { return false }
        return true
    }

    @Test("a query is taken apart")
    func query() throws {
        let message = DNSSamples.query("a.b", type: 28)
        guard case .query(let query) = DNSArrival(message[...]) else {
            Issue.record("no query was found")
            return
        }
        #expect(query.id == 0x1234)
        #expect(query.flags == .recursionDesired)
        #expect(query.question.name == DNSName("a.b"))
        #expect(query.question.type == .aaaa)
        #expect(query.edns == nil)
    }

    @Test("the extension tells how much the client takes; its options mean nothing")
    func extensionRecord() {
        let rest = DNSSamples.opt(limit: 1_400, version: 1, options: [0, 10, 0, 2, 7, 7])
        let message = DNSSamples.query("a", counts: [1, 0, 0, 1], rest: rest)
        guard case .query(let query) = DNSArrival(message[...]) else {
            Issue.record("no query was found")
            return
        }
        #expect(query.edns == DNSQuery.Extension(payloadLimit: 1_400, version: 1))
    }

    @Test("a query that is cut off anywhere is answered with a format error, or not at all")
    func truncation() {
        let message = DNSSamples.query("a.b", counts: [1, 0, 0, 1], rest: DNSSamples.opt())
        for count in 0..<message.count {
            if count < 12 {
                #expect(DNSArrival(message[..<count]) == .ignored)
            } else {
                #expect(isRefused(Array(message[..<count]), .formatError))
            }
        }
    }

    @Test("responses are not answered, whatever they hold")
    func response() {
        #expect(DNSArrival(DNSSamples.query("a", flags: 0x8180)[...]) == .ignored)
        #expect(DNSArrival(DNSSamples.query("a", flags: 0xF800)[...]) == .ignored)
    }

    @Test("other operations are not implemented")
    func operation() {
        #expect(isRefused(DNSSamples.query("a", flags: 0x2800), .notImplemented))
    }

    @Test(
        "counts and lengths that lie are format errors",
        arguments: [
            DNSSamples.query("a", counts: [0, 0, 0, 0]),
            DNSSamples.query("a", counts: [2, 0, 0, 0]),
            DNSSamples.query("a", counts: [65_535, 65_535, 65_535, 65_535]),
            DNSSamples.query("a", counts: [1, 1, 0, 0]),
            DNSSamples.query("a", counts: [1, 0, 0, 65_535], rest: DNSSamples.opt()),
            // Something follows.
            DNSSamples.query("a", rest: [0]),
            // Two extensions, one in the wrong section, one with a name, one with half an option.
            DNSSamples.query(
                "a", counts: [1, 0, 0, 2], rest: DNSSamples.opt() + DNSSamples.opt()),
            DNSSamples.query("a", counts: [1, 1, 0, 0], rest: DNSSamples.opt()),
            DNSSamples.query("a", counts: [1, 0, 0, 1], rest: [1, 0x61] + DNSSamples.opt()),
            DNSSamples.query(
                "a", counts: [1, 0, 0, 1], rest: DNSSamples.opt(options: [0, 1, 0, 9, 1])),
            // A record whose length reaches past the end.
            DNSSamples.query(
                "a", counts: [1, 0, 0, 1],
                rest: [0] + DNSSamples.words([1, 1, 0, 0, 65_535]) + [1, 2]),
            // The question's name points at itself.
            DNSSamples.words([0x1234, 0x0100, 1, 0, 0, 0]) + [0xC0, 12, 0, 1, 0, 1],
        ])
    func lies(message: [UInt8]) {
        #expect(isRefused(message, .formatError))
    }

    @Test("any bytes are read or refused, never trapped upon")
    func anyBytes() async {
        var dice = Dice(3)
        let responder = DNSResponder(.sockeye())
        let seed = DNSSamples.query(
            "services.sockeye", counts: [1, 0, 1, 1],
            rest: [0xC0, 12] + DNSSamples.words([1, 1, 0, 60, 4, 1, 2]) + DNSSamples.opt())
        for _ in 0..<20_000 {
            var message = seed
            for _ in 0..<dice.roll(below: 6) {
                message[dice.roll(below: message.count)] = UInt8(dice.roll(below: 256))
            }
            message.removeLast(dice.roll(below: 3) == 0 ? dice.roll(below: message.count) : 0)
            let response = await responder.respond(to: message, over: .datagram)
            // Two bytes of the id, and the bit that says response.
            #expect(response.map { Array($0[..<2]) == Array(message[..<2]) } ?? true)
            #expect(response.map { $0[2] & 0x80 != 0 && $0.count <= 1_232 } ?? true)
        }
    }
}
