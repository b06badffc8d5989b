import Memory
import Testing
import Wire

@testable import Stack

@Suite("Extension headers and options on arrival (RFC 8200 §4, RFC 791 §3.1)")
struct HeaderArrivalTests {
    private static let noOptions: [UInt8] = [0, 0, 1, 4, 0, 0, 0, 0]

    /// An echo request with `headers` in front, the first of which is `first`.
    private func packet(
        _ first: UInt8, _ headers: [UInt8], to destination: String = "2001:db8::1",
        hops: UInt8 = 64
    ) -> [UInt8] {
        let echo = IPLinks.icmp(
            type: 128, from: "2001:db8::2", to: destination, [UInt8](repeating: 1, count: 16))
        return IPLinks.packet(
            IPProtocol(rawValue: first), from: "2001:db8::2", to: destination, hops: hops,
            headers + echo)
    }

    /// What a parameter problem says: code and pointer.
    private func problem(_ sent: IPLinks.Sent?) -> [UInt8]? {
        guard let payload = sent?.payload, payload[0] == 4 else { return nil }
        return [payload[1]] + payload[4..<8]
    }

    @Test("headers that say nothing are stepped over")
    func passed() {
        let links = Family.links()
        links.inject(
            packet(0, [60, 0, 1, 4, 0, 0, 0, 0, 43, 0, 5, 2, 0, 0, 1, 0, 58, 0, 0, 0, 0, 0, 0, 0]))
        #expect(links.takeReply(.v6) != nil)
        #expect(links.host.counters.dropped == 0)
    }

    @Test("an unknown option does what its bits say, to a host and to a group (RFC 8200 §4.2)")
    func unknownOptions() {
        for (kind, group, answered, told) in [
            (0x1E, false, true, false), (0x5E, false, false, false), (0x9E, false, false, true),
            (0xDE, false, false, true), (0x5E, true, false, false), (0x9E, true, false, true),
            (0xDE, true, false, false),
        ] as [(UInt8, Bool, Bool, Bool)] {
            let links = Family.links()
            links.inject(
                packet(
                    60, [58, 0, kind, 0, 1, 2, 0, 0], to: group ? "ff02::1" : "2001:db8::1"))
            let sent = links.takeAll()
            let error = problem(sent.first { $0.payload[0] == 4 })
            #expect(error == (told ? [2, 0, 0, 0, 42] : nil), "\(kind) \(group)")
            #expect(sent.contains { $0.payload[0] == 129 } == answered)
            #expect(links.drops(.ipBadExtension) == (answered ? 0 : 1))
        }
    }

    @Test("what is wrong is told with its place")
    func problems() {
        let cases: [(UInt8, [UInt8], [UInt8])] = [
            // Hop-by-hop options that are not first.
            (60, [0, 0, 1, 4, 0, 0, 0, 0, 58, 0, 1, 4, 0, 0, 0, 0], [1, 0, 0, 0, 40]),
            // Type 0 routing with a segment left (RFC 5095).
            (43, [58, 0, 0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 42]),
            // A jumbo payload that is none (RFC 2675).
            (0, [58, 0, 0xC2, 4, 0, 1, 0, 0], [0, 0, 0, 0, 42]),
            // A next header that nobody knows, behind others.
            (60, [253, 0, 1, 4, 0, 0, 0, 0], [1, 0, 0, 0, 40]),
            (253, [], [1, 0, 0, 0, 6]),
            // Authentication that nobody here verifies.
            (51, [58, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 6]),
        ]
        for (first, headers, expected) in cases {
            let links = Family.links()
            links.inject(packet(first, headers))
            #expect(problem(links.take()) == expected)
            #expect(links.host.counters.dropped == 1)
        }
    }

    @Test("long, endless and lying chains are dropped and counted")
    func chains() {
        let links = Family.links()
        let one: [UInt8] = [60, 0, 1, 4, 0, 0, 0, 0]
        links.inject(packet(60, (0..<100).flatMap { _ in one }))
        links.inject(packet(60, [58, 255, 1, 4, 0, 0, 0, 0]))
        links.inject(packet(60, [58, 0, 1, 200, 0, 0, 0, 0]))
        #expect(links.drops(.ipBadExtension) == 3)
        #expect(links.take() == nil)
        // Of headers alone there is nothing to say.
        links.inject(packet(59, []))
        #expect(links.drops(.ipNoNextHeader) == 1)
        #expect(links.take() == nil)
    }

    @Test("a router reads hop-by-hop options and no others")
    func router() throws {
        let links = IPLinks([["2001:db8::1/64"], ["2001:db8:1::1/64"]], forwards: true)
        links.inject(packet(60, [58, 0, 0x9E, 0, 1, 2, 0, 0], to: "2001:db8:1::2"))
        #expect(links.take(on: 1) != nil)
        links.inject(packet(0, [58, 0, 0x1E, 0, 1, 2, 0, 0], to: "2001:db8:1::2"))
        #expect(links.take(on: 1) != nil)
        links.inject(packet(0, [58, 0, 0x5E, 0, 1, 2, 0, 0], to: "2001:db8:1::2"))
        #expect(links.take(on: 1) == nil && links.take() == nil)
        links.inject(packet(0, [58, 0, 0x9E, 0, 1, 2, 0, 0], to: "2001:db8:1::2"))
        #expect(links.take(on: 1) == nil)
        #expect(problem(links.take()) == [2, 0, 0, 0, 42])
    }

    @Test("no error answers an error, wherever in the chain it says so (RFC 4443 §2.4)")
    func errorsAboutErrors() {
        let links = Family.links()
        let error = IPLinks.icmp(
            type: 1, from: "2001:db8::2", to: "2001:db8::1", [UInt8](repeating: 0, count: 48))
        links.inject(
            IPLinks.packet(
                .destinationOptions, from: "2001:db8::2", to: "2001:db8::1",
                [43, 0, 1, 4, 0, 0, 0, 0, 58, 0, 0, 1, 0, 0, 0, 0] + error))
        #expect(links.drops(.ipBadExtension) == 1)
        #expect(links.take() == nil)
    }

    // MARK: - IPv4

    private func echo(
        options: [UInt8], to destination: String = "192.0.2.1", source: String = "192.0.2.2"
    ) -> [UInt8] {
        let echo = IPLinks.icmp(type: 8, from: source, to: destination, [1, 2, 3, 4])
        let headerCount = IPv4Header.byteCount(optionsCount: options.count)
        var bytes = [UInt8](repeating: 0, count: headerCount) + echo
        let count = UInt16(bytes.count)
        guard let from = IPLinks.address(source).v4, let to = IPLinks.address(destination).v4
        else { return [] }
        var span = bytes.mutableSpan
        IPv4Header(totalCount: count, proto: .icmp, source: from, destination: to)
            .write(to: &span, options: options.span)
        return bytes
    }

    @Test(
        "source routes are dropped without a word, loose and strict (RFC 7126 §4.3)",
        arguments: [131, 137] as [UInt8])
    func sourceRoutes(kind: UInt8) {
        let links = IPLinks([["192.0.2.1/24"], ["198.51.100.1/24"]], forwards: true)
        links.inject(echo(options: [kind, 7, 4, 198, 51, 100, 9, 0]))
        links.inject(echo(options: [kind, 7, 4, 198, 51, 100, 9, 0], to: "198.51.100.2"))
        #expect(links.drops(.ipSourceRoute) == 2)
        #expect(links.take() == nil && links.take(on: 1) == nil)
    }

    @Test(
        "a malformed option is told with its place (RFC 1122 §3.2.2.5)",
        arguments: [
            ([7, 0, 0, 0], 20), ([1, 7, 1, 0], 21), ([7, 9, 4, 0], 20), ([7, 3, 3, 0], 22),
            ([68, 8, 5, 2, 0, 0, 0, 0], 23),
        ] as [([UInt8], UInt8)])
    func malformed(options: [UInt8], pointer: UInt8) throws {
        let links = Family.links()
        links.inject(echo(options: options))
        let error = try #require(links.take())
        #expect(error.payload[0...1] == [12, 0] && error.payload[4] == pointer)
        #expect(links.drops(.ipBadOption) == 1)
    }

    @Test("an echo reply brings back the route with this host's address (RFC 1122 §3.2.2.6)")
    func recordRoute() throws {
        let links = Family.links()
        links.inject(echo(options: [7, 11, 8, 203, 0, 113, 5, 0, 0, 0, 0, 0]))
        let reply = try #require(links.take())
        #expect(Array(reply.bytes[20..<32]) == [7, 11, 12, 203, 0, 113, 5, 192, 0, 2, 1, 0])
        #expect(reply.payload[0] == 0)
        let view = try IPv4Packet(reply.bytes.span)
        let isValid = view.checksumIsValid
        #expect(isValid)
    }

    @Test("an echo reply brings back times, marked as nobody's in particular (RFC 791 §3.1)")
    func timestamp() throws {
        let links = Family.links()
        links.inject(echo(options: [68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0]))
        let reply = try #require(links.take())
        #expect(Array(reply.bytes[20..<28]) == [68, 12, 13, 1, 192, 0, 2, 1])
        #expect(reply.bytes[28] & 0x80 != 0)
        links.inject(echo(options: [68, 12, 5, 3, 192, 0, 2, 1, 0, 0, 0, 0]))
        let named = try #require(links.take())
        #expect(named.bytes[22] == 13)
        links.inject(echo(options: [68, 12, 5, 3, 192, 0, 2, 7, 0, 0, 0, 0]))
        let other = try #require(links.take())
        #expect(Array(other.bytes[20..<32]) == [68, 12, 5, 3, 192, 0, 2, 7, 0, 0, 0, 0])
    }

    @Test("other options are taken as they come and not returned")
    func ignored() throws {
        let links = Family.links()
        links.inject(echo(options: [130, 4, 1, 2, 148, 4, 0, 0, 30, 4, 9, 9]))
        let reply = try #require(links.take())
        #expect(reply.headerCount == 20 && reply.payload[0] == 0)
    }

    @Test("a router leaves the address of the link that the packet goes on to (RFC 1812 §5.2.4.1)")
    func routerRecords() throws {
        let links = IPLinks([["192.0.2.1/24"], ["198.51.100.1/24"]], forwards: true)
        links.inject(
            echo(
                options: [7, 7, 4, 0, 0, 0, 0, 68, 8, 5, 0, 0, 0, 0, 0], to: "198.51.100.2"))
        let passed = try #require(links.take(on: 1))
        #expect(Array(passed.bytes[20..<31]) == [7, 7, 8, 198, 51, 100, 1, 68, 8, 9, 0])
        let view = try IPv4Packet(passed.bytes.span)
        let (isValid, hops) = (view.checksumIsValid, view.timeToLive)
        #expect(isValid && hops == 63)
    }
}
