import Memory
import Testing
import Wire

@testable import Stack

/// Floods of neighbours: the table keeps its bound, and who is in use stays in it.
@Suite("Floods of neighbours") struct NeighbourFloodTests {
    private func stranger(_ number: UInt64) -> IPv6Address {
        IPv6Address(high: 0x2001_0DB8 << 32, low: 0x1_0000 + number)
    }

    @Test("Ten thousand senders of solicitations push out nobody who is in use")
    func solicitations() {
        let link = TestLink()
        link.ping()
        link.advertise()
        link.injectARP(.request)
        for number in 0..<10_000 as Range<UInt64> {
            if number % 1000 == 0 { link.ping() }
            link.wait(.milliseconds(1))
            link.solicit(from: stranger(number), link: MACAddress(0x0200_0001_0000 + number))
            link.discardSent()
        }
        #expect(link.host.neighbours.count == NeighbourTable.limit)
        #expect(link.state(of: TestLink.peer) == .reachable)
        link.ping()
        #expect(link.take(.echoReply)?.hardware == TestLink.peerMAC)
        // The last ones are known, the first ones gave way.
        #expect(link.state(of: stranger(9_999)) == .stale)
        #expect(link.state(of: stranger(0)) == nil)
    }

    @Test("A scan of a network asks for 256 at a time, and holds 512 packets (RFC 6583 §6)")
    func scan() {
        let link = TestLink()
        link.ping()
        link.advertise()
        for number in 0..<5_000 as Range<UInt64> {
            link.ping(from: stranger(number))
            link.discardSent()
        }
        #expect(link.host.neighbours.count == NeighbourTable.incompleteLimit + 1)
        for _ in 0..<16 {
            for number in 4_900..<5_000 { link.ping(from: stranger(UInt64(number))) }
        }
        let waiting = link.host.network.neighbours.waitingCount
        #expect(waiting <= min(NeighbourTable.waitingTotal, link.pools.capacity.frames / 4))
        #expect(link.host.counters[.neighbourQueueFull] > 0)
        link.discardSent()
        link.ping()
        #expect(link.take(.echoReply)?.hardware == TestLink.peerMAC)
        link.wait(.seconds(10))
        #expect(link.host.neighbours.count == 1)
        #expect(link.isClean)
    }

    @Test("When all are in use, new ones find no room, and are counted")
    func full() {
        let link = TestLink()
        for number in 0..<UInt64(NeighbourTable.limit) {
            link.solicit(from: stranger(number), link: MACAddress(0x0200_0001_0000 + number))
            link.ping(from: stranger(number))
        }
        link.discardSent()
        link.solicit()
        #expect(link.state(of: TestLink.peer) == nil)
        #expect(link.host.counters[.neighbourTableFull] > 0)
        #expect(link.host.neighbours.count == NeighbourTable.limit)
        // Those that are not used for half a minute make room.
        link.wait(.seconds(31))
        link.solicit()
        #expect(link.state(of: TestLink.peer) == .stale)
    }

    @Test("Static entries give way to nobody")
    func permanent() throws {
        let link = TestLink()
        let peer = IPAddress(TestLink.peer)
        try link.host.addNeighbour(peer, at: TestLink.peerMAC, on: link.interface)
        link.wait(.seconds(100))
        for number in 0..<3_000 as Range<UInt64> {
            link.solicit(from: stranger(number), link: MACAddress(0x0200_0001_0000 + number))
            link.discardSent()
        }
        #expect(link.state(of: peer) == .permanent)
        #expect(link.host.neighbours.count == NeighbourTable.limit)
    }

    @Test("Random messages of neighbour discovery do no harm", arguments: 0..<8)
    func random(seed: UInt64) {
        let link = TestLink { $0.autoconfiguration = IPv6Autoconfiguration() }
        var random = RandomSource(seed: seed, 1)
        link.wait(.seconds(3))
        for _ in 0..<2_000 {
            let type = ICMPv6Type(rawValue: UInt8(133 + random.next(below: 5)))
            var body = (0..<Int(random.next(below: 100))).map { _ in
                UInt8(truncatingIfNeeded: random.next())
            }
            // Targets that mean something, and options whose lengths fit.
            if body.count >= 20, random.next(below: 2) == 0 {
                body.replaceSubrange(4..<20, with: link.bytes(TestLink.peer))
            }
            for offset in [5, 13, 21, 37] where offset < body.count { body[offset] &= 3 }
            let sources = [TestLink.peer, TestLink.router, .unspecified, TestLink.host]
            link.injectICMPv6(
                type, body, from: sources[Int(random.next(below: 4))],
                to: [TestLink.host, .allNodes][Int(random.next(below: 2))])
            link.wait(.milliseconds(Int(random.next(below: 200))))
            link.discardSent()
        }
        #expect(link.host.neighbours.count <= NeighbourTable.limit)
        let interface = link.host.network.interfaces[link.interface.rawValue].autoconfiguration
        #expect(interface.prefixes.count <= 16 && interface.routers.count <= 8)
        link.wait(.seconds(10))
        #expect(link.isClean)
    }
}
