import Memory
import Testing
import Wire

@testable import Stack

@Suite("Reassembly (RFC 791 §3.2, RFC 8200 §4.5)")
struct ReassemblyTests {
    private func shuffled(_ packets: [[UInt8]], seed: UInt64) -> [[UInt8]] {
        var random = RandomSource(seed: seed, 1)
        var packets = packets
        for place in packets.indices.reversed() where place > 0 {
            packets.swapAt(place, Int(random.next(below: UInt32(place + 1))))
        }
        return packets
    }

    @Test("a datagram is whole in whatever order its fragments come", arguments: Family.allCases)
    func orders(family: Family) throws {
        let echo = family.echo(300)
        let fragments = family.cut(echo, every: 64)
        let links = Family.links()
        for order in 0..<12 {
            let packets =
                order == 0
                ? fragments
                : order == 1 ? fragments.reversed() : shuffled(fragments, seed: UInt64(order))
            links.inject(all: Array(packets.dropLast()))
            #expect(links.take() == nil)
            links.inject(try #require(packets.last))
            let reply = try #require(links.takeReply(family))
            #expect(reply[8...] == echo[8...])
        }
        #expect(links.host.counters[.datagramsReassembled] == 12)
        #expect(links.host.counters[.icmpEchoesAnswered] == 12)
        #expect(links.host.counters.dropped == 0)
        #expect(links.isClean)
    }

    @Test("the largest datagram there is comes through", arguments: Family.allCases)
    func largest(family: Family) throws {
        let links = Family.links()
        let most = family == .v4 ? 65_507 : 65_527
        let echo = family.echo(most)
        links.inject(all: shuffled(family.cut(echo, every: 1448), seed: 3))
        let reply = try #require(links.takeReply(family))
        #expect(reply.count == most + 8 && reply[8...] == echo[8...])
        #expect(links.isClean)
    }

    @Test("every size around the chunks in which bytes are kept", arguments: Family.allCases)
    func sizes(family: Family) throws {
        let links = Family.links()
        for boundary in [16_384 - 1024, 32_768 - 1024, 1968 - 20, 1968 - 40] {
            for count in boundary - 20...boundary + 20 {
                let echo = family.echo(count)
                links.inject(all: family.cut(echo, every: 1480))
                let reply = try #require(links.takeReply(family))
                #expect(reply[8...] == echo[8...])
            }
        }
        #expect(links.isClean)
    }

    @Test("datagrams that differ in one part of the name are not mixed", arguments: Family.allCases)
    func names(family: Family) throws {
        let links = Family.links()
        let (one, two) = (family.echo(40, sequence: 1), family.echo(40, sequence: 2))
        let first = family.cut(one, every: 24, id: 7)
        let second = family.cut(two, every: 24, id: 8)
        let third = family.cut(one, every: 24, id: 7, from: family.other)
        links.inject(all: [first[0], second[0], third[0]])
        links.inject(all: [second[1]])
        #expect(links.takeReply(family)?[7] == 2)
        links.inject(all: [first[1]])
        #expect(links.takeReply(family)?[7] == 1)
        // In IPv4 the protocol is part of the name.
        if family == .v4 {
            links.inject(all: [family.cut(one, every: 24, id: 9, proto: .udp)[0]])
            links.inject(family.cut(one, every: 24, id: 9)[1])
            #expect(links.take() == nil)
        }
    }

    // MARK: - Overlaps

    @Test("exact duplicates harm nobody", arguments: Family.allCases)
    func duplicates(family: Family) throws {
        let links = Family.links()
        let fragments = family.cut(family.echo(100), every: 32)
        for fragment in fragments.dropLast() { links.inject(all: [fragment, fragment]) }
        links.inject(fragments[3])
        #expect(links.takeReply(family) != nil)
        #expect(links.drops(.fragmentDuplicate) == 3)
    }

    /// Each of the classic orders: what has come, and what overlaps it.
    private static let overlaps: [[(Range<Int>, Bool)]] = [
        [(0..<32, true), (24..<56, true)],
        [(24..<56, true), (0..<32, true)],
        [(16..<32, true), (8..<48, true)],
        [(0..<16, true), (32..<48, true), (8..<40, true)],
        [(0..<16, true), (32..<48, true), (0..<48, true)],
        [(0..<32, true), (16..<72, false)],
        [(40..<72, false), (32..<48, true)],
    ]

    @Test(
        "a datagram of which bytes come twice is dropped, with all that comes later (RFC 5722)",
        arguments: Family.allCases, 0..<7)
    func overlap(family: Family, number: Int) {
        let links = Family.links()
        let echo = family.echo(64)
        for (range, more) in Self.overlaps[number] {
            links.inject(family.fragment(echo[range], at: range.lowerBound, more: more))
        }
        #expect(links.drops(.fragmentOverlap) == 1)
        let honest = family.cut(echo, every: 24)
        links.inject(all: honest)
        #expect(links.take() == nil)
        #expect(links.drops(.fragmentOfDropped) == UInt64(honest.count))
        // It is forgotten with its time, without a word.
        links.wait(family.timeout + .seconds(1))
        #expect(links.take() == nil)
        links.inject(all: honest)
        #expect(links.takeReply(family) != nil)
        #expect(links.isClean)
    }

    @Test("the end of a datagram is said once", arguments: Family.allCases)
    func movedEnd(family: Family) {
        let echo = family.echo(64)
        let lasts: [[(Range<Int>, Bool)]] = [
            [(48..<72, false), (48..<64, false)],
            [(48..<64, false), (64..<72, false)],
            [(48..<64, false), (64..<72, true)],
            [(48..<72, true), (24..<48, false)],
        ]
        for (number, pieces) in lasts.enumerated() {
            let links = Family.links()
            for (range, more) in pieces {
                links.inject(
                    family.fragment(
                        echo[range], at: range.lowerBound, more: more, id: UInt32(number)))
            }
            #expect(links.drops(.fragmentOverlap) == 1, "\(number)")
            links.inject(family.fragment(echo[0..<48], at: 0, more: true, id: UInt32(number)))
            #expect(links.take() == nil)
        }
    }

    // MARK: - Single fragments that are wrong

    @Test("an empty fragment is dropped and does its datagram no harm", arguments: Family.allCases)
    func empty(family: Family) {
        let links = Family.links()
        let fragments = family.cut(family.echo(40), every: 24)
        links.inject(fragments[0])
        links.inject(family.fragment([], at: 24, more: true))
        links.inject(family.fragment([], at: 24, more: false))
        #expect(links.drops(.fragmentMalformed) == 2)
        links.inject(fragments[1])
        #expect(links.takeReply(family) != nil)
    }

    @Test("only the last fragment may have an odd length")
    func oddLength() throws {
        let links = Family.links()
        links.inject(Family.v4.fragment([UInt8](repeating: 0, count: 23), at: 8, more: true))
        #expect(links.drops(.fragmentMalformed) == 1)
        #expect(links.take() == nil)
        // In IPv6 the sender is told: the payload length is wrong (RFC 8200 §4.5).
        links.inject(Family.v6.fragment([UInt8](repeating: 0, count: 23), at: 8, more: true))
        let problem = try #require(links.take())
        #expect(problem.proto == .icmpv6)
        #expect(problem.payload[0...1] == [4, 0] && problem.payload[4...7] == [0, 0, 0, 4])
        #expect(links.drops(.fragmentMalformed) == 2)
    }

    @Test("no fragment ends behind the largest datagram")
    func pastTheEnd() throws {
        let links = Family.links()
        links.inject(Family.v4.fragment([UInt8](repeating: 0, count: 16), at: 65_512, more: false))
        links.inject(Family.v4.fragment([UInt8](repeating: 0, count: 1), at: 65_528, more: false))
        #expect(links.drops(.fragmentMalformed) == 2)
        #expect(links.take() == nil)
        // In IPv6 the sender is told: the fragment offset is wrong (RFC 8200 §4.5).
        links.inject(Family.v6.fragment([UInt8](repeating: 0, count: 8), at: 65_528, more: false))
        let problem = try #require(links.take())
        #expect(problem.payload[0...1] == [4, 0] && problem.payload[4...7] == [0, 0, 0, 42])
        #expect(links.drops(.fragmentMalformed) == 3)
        #expect(links.isClean)
    }

    @Test("a longer first header does not stretch a datagram past the end")
    func stretched() {
        let links = Family.links()
        let last = [UInt8](repeating: 0, count: 3)
        for start in stride(from: 1480, to: 65_512, by: 1480) {
            let end = min(start + 1480, 65_512)
            links.inject(
                Family.v4.fragment([UInt8](repeating: 0, count: end - start), at: start, more: true)
            )
        }
        links.inject(Family.v4.fragment(last, at: 65_512, more: false))
        links.inject(
            Family.v4.fragment(
                [UInt8](repeating: 0, count: 1480), at: 0, more: true,
                options: [UInt8](repeating: 1, count: 40)))
        #expect(links.drops(.fragmentMalformed) == 1)
        #expect(links.host.counters[.datagramsReassembled] == 0)
    }

    @Test("a TCP header that is cut is dropped (RFC 3128)")
    func tinyTCP() {
        let links = Family.links()
        let segment = [UInt8](repeating: 0, count: 40)
        for count in [8, 16] {
            links.inject(Family.v4.fragment(segment.prefix(count), at: 0, more: true, proto: .tcp))
        }
        links.inject(Family.v4.fragment(segment.prefix(16), at: 8, more: false, proto: .tcp))
        #expect(links.drops(.fragmentTiny) == 3)
        links.inject(Family.v4.fragment(segment.prefix(24), at: 0, more: true, proto: .tcp))
        #expect(links.drops(.fragmentTiny) == 3)
        #expect(links.take() == nil)
    }

    @Test("a first fragment without all headers is refused (RFC 7112)")
    func tinyIPv6() throws {
        let links = Family.links()
        links.inject(
            Family.v6.fragment([UInt8](repeating: 0, count: 8), at: 0, more: true, proto: .tcp))
        links.inject(
            Family.v6.fragment(
                [17, 1, 1, 4, 0, 0, 0, 0], at: 0, more: true, proto: .destinationOptions))
        for _ in 0..<2 {
            let problem = try #require(links.take())
            #expect(problem.payload[0...1] == [4, 3] && problem.payload[4...7] == [0, 0, 0, 0])
        }
        #expect(links.drops(.fragmentTiny) == 2)
    }

    @Test("an atomic fragment is a datagram by itself, whatever waits (RFC 6946)")
    func atomic() throws {
        let links = Family.links()
        let waiting = Family.v6.cut(Family.v6.echo(40, sequence: 1), every: 24)
        links.inject(waiting[0])
        links.inject(Family.v6.fragment(Family.v6.echo(40, sequence: 2), at: 0, more: false))
        #expect(links.takeReply(.v6)?[7] == 2)
        links.inject(waiting[1])
        #expect(links.takeReply(.v6)?[7] == 1)
    }

    @Test("fragments of fragments are dropped")
    func nested() {
        let links = Family.links()
        // What is cut begins with a fragment header of its own.
        let inner =
            [Family.v6.proto.rawValue, 0, 0, 1, 0, 0, 0, 9]
            + Family.v6.echo(40).prefix(24)
        links.inject(all: Family.v6.cut(inner, every: 16, proto: .fragment))
        #expect(links.drops(.fragmentMalformed) + links.drops(.fragmentTiny) == 1)
        #expect(links.host.counters[.fragmentsReceived] >= 1)
        links.wait(.seconds(61))
        #expect(links.isClean)
    }

    // MARK: - What a datagram keeps

    @Test("congestion that one fragment met, the datagram has met (RFC 3168 §5.3)")
    func congestion() throws {
        let links = Family.links()
        for family in Family.allCases {
            let echo = family.echo(40)
            links.inject(family.fragment(echo[0..<24], at: 0, more: true, trafficClass: 2))
            links.inject(family.fragment(echo[24...], at: 24, more: false, trafficClass: 3))
            let reply = try #require(links.take())
            let mark = family == .v4 ? reply.bytes[1] & 3 : reply.bytes[1] >> 4 & 3
            #expect(mark == 3)
            // It cannot have met a sender that does not take part.
            links.inject(family.fragment(echo[0..<24], at: 0, more: true, trafficClass: 0))
            links.inject(family.fragment(echo[24...], at: 24, more: false, trafficClass: 3))
            #expect(links.take() == nil)
        }
        #expect(links.drops(.fragmentMalformed) == 2)
    }

    @Test("the header of the first fragment is the datagram's")
    func header() throws {
        let links = Family.links()
        let echo = Family.v4.echo(40)
        links.inject(Family.v4.fragment(echo[24...], at: 24, more: false))
        links.inject(
            Family.v4.fragment(
                echo[0..<24], at: 0, more: true, options: [7, 7, 4, 0, 0, 0, 0, 0]))
        let reply = try #require(links.take())
        #expect(reply.headerCount == 28)
        #expect(reply.bytes[20...26] == [7, 7, 8, 192, 0, 2, 1])
        #expect(Array(reply.payload[8...]) == Array(echo[8...]))
    }

    // MARK: - Time and memory

    @Test(
        "a datagram that is not whole in time is given up, and its sender told",
        arguments: Family.allCases)
    func timeout(family: Family) throws {
        let links = Family.links()
        let fragments = family.cut(family.echo(100), every: 40)
        links.inject(all: [fragments[0], fragments[2]])
        links.wait(family.timeout - .seconds(1))
        #expect(links.take() == nil)
        links.wait(.seconds(2))
        let error = try #require(links.take())
        #expect(error.payload[0...1] == (family == .v4 ? [11, 1] : [3, 1]))
        #expect(Array(error.payload[8...]) == fragments[0])
        #expect(links.take() == nil)
        #expect(links.drops(.fragmentTimeout) == 1)
        #expect(links.isClean)
    }

    @Test(
        "without the first fragment there is nothing to tell (RFC 792)", arguments: Family.allCases)
    func silentTimeout(family: Family) {
        let links = Family.links()
        links.inject(all: Array(family.cut(family.echo(100), every: 40).dropFirst()))
        links.wait(family.timeout + .seconds(1))
        #expect(links.take() == nil)
        #expect(links.drops(.fragmentTimeout) == 1)
        #expect(links.isClean)
    }

    @Test(
        "a flood that never completes holds an eighth of the memory, the newest of it",
        arguments: Family.allCases)
    func flood(family: Family) throws {
        let links = Family.links()
        let limit = ReassemblyTable.chunkLimit(links.pools)
        let echo = family.echo(40)
        for id in 0..<2000 as Range<UInt32> {
            links.inject(family.cut(echo, every: 24, id: id)[0])
            #expect(links.pools.capacity.chunks - links.pools.available.chunks <= limit)
        }
        #expect(links.drops(.fragmentMemory) >= UInt64(2000 - limit))
        // What came last can still be completed; what came first is gone; others are unharmed.
        links.inject(family.cut(echo, every: 24, id: 1999)[1])
        #expect(links.takeReply(family) != nil)
        links.inject(family.cut(echo, every: 24, id: 0)[1])
        #expect(links.take() == nil)
        links.inject(IPLinks.packet(family.proto, from: family.peer, to: family.host, echo))
        #expect(links.takeReply(family) != nil)
        links.wait(.seconds(61))
        while links.take() != nil {}
        #expect(links.isClean)
    }

    @Test("large fragments of many datagrams keep to the bound too", arguments: Family.allCases)
    func largeFlood(family: Family) {
        let links = Family.links()
        let limit = ReassemblyTable.chunkLimit(links.pools)
        for id in 0..<300 as Range<UInt32> {
            let place = Int(id) * 1480 % 60_000 / 8 * 8
            for offset in [place, 60_000 - place / 2 / 8 * 8] {
                links.inject(
                    family.fragment(
                        [UInt8](repeating: 1, count: 1400), at: offset, more: true, id: id / 3,
                        proto: .udp))
            }
            #expect(links.pools.capacity.chunks - links.pools.available.chunks <= limit)
        }
        links.wait(.seconds(61))
        #expect(links.isClean)
    }

    @Test("a datagram has 256 fragments at most", arguments: Family.allCases)
    func tooMany(family: Family) {
        let links = Family.links()
        let most = family.cut(family.echo(256 * 8 - 8), every: 8, id: 1)
        #expect(most.count == 256)
        links.inject(all: most)
        #expect(links.takeReply(family) != nil)
        links.inject(all: family.cut(family.echo(257 * 8 - 8), every: 8, id: 2))
        #expect(links.take() == nil)
        #expect(links.drops(.fragmentTooMany) == 1)
    }

    @Test("dropped datagrams do not fill the table", arguments: Family.allCases)
    func droppedFlood(family: Family) {
        let links = Family.links()
        let echo = family.echo(64)
        for id in 0..<1200 as Range<UInt32> {
            links.inject(family.fragment(echo[24..<48], at: 24, more: true, id: id))
            links.inject(family.fragment(echo[32..<56], at: 32, more: true, id: id))
        }
        #expect(links.drops(.fragmentOverlap) == 1200)
        links.inject(all: family.cut(echo, every: 24, id: 5000))
        #expect(links.takeReply(family) != nil)
        links.wait(.seconds(61))
        #expect(links.isClean)
    }
}
