import Memory
import Testing
import Wire

@testable import Stack

@Suite("Path MTU (RFC 1191, RFC 8201)")
struct PathMTUTests {
    private let hash = KeyedHash(key: 1, 2)
    private let start = Instant.zero + .seconds(100)

    // MARK: - The table

    @Test("what is learned holds for ten minutes, for its destination alone")
    func lifetime() {
        var table = PathMTUTable()
        let (one, two) = (IPLinks.address("192.0.2.9"), IPLinks.address("2001:db8::9"))
        let isNews = [
            table.note(1400, to: one, below: 1500, at: start, hash),
            table.note(1300, to: two, below: 1500, at: start, hash),
        ]
        #expect(isNews == [true, true])
        let later = start + .seconds(599)
        let known = table.lookup(one, at: later, hash)
        #expect(known?.mtu == 1400 && known?.isLocked == false)
        #expect(table.lookup(two, at: later, hash)?.mtu == 1300)
        #expect(table.lookup(IPLinks.address("192.0.2.8"), at: start, hash) == nil)
        #expect(table.lookup(one, at: start + .seconds(600), hash) == nil)
    }

    @Test("a message never raises an MTU, nor takes it below what every link carries")
    func lies() {
        var table = PathMTUTable()
        let (one, two) = (IPLinks.address("192.0.2.9"), IPLinks.address("2001:db8::9"))
        for mtu in [0, 1, 67, 1500, 1501, 65_535] {
            let isNews = table.note(mtu, to: one, below: 1500, at: start, hash)
            #expect(!isNews)
        }
        for mtu in [0, 68, 1279, 1500, 70_000] {
            let isNews = table.note(mtu, to: two, below: 1500, at: start, hash)
            #expect(!isNews)
        }
        let held = table.isEmpty
        #expect(held)
        // Linux goes down to 552 and leaves the rest to routers.
        let isNews = table.note(296, to: one, below: 1500, at: start, hash)
        let entry = table.lookup(one, at: start, hash)
        #expect(isNews && entry?.mtu == 552 && entry?.isLocked == true)
    }

    @Test("the table is bounded; what is oldest goes first")
    func bound() {
        var table = PathMTUTable()
        for number in 0..<3000 as Range<UInt32> {
            let isNews = table.note(
                1400, to: IPAddress(IPv4Address(0xC633_0000 + number)), below: 1500,
                at: start + .milliseconds(Int(number)), hash)
            #expect(isNews)
        }
        #expect(table.count == PathMTUTable.limit)
        let now = start + .seconds(3)
        #expect(table.lookup(IPAddress(IPv4Address(0xC633_0000)), at: now, hash) == nil)
        #expect(table.lookup(IPAddress(IPv4Address(0xC633_0000 + 2999)), at: now, hash) != nil)
    }

    @Test("a router that does not tell leaves the next plateau (RFC 1191 §7)")
    func plateaus() {
        let cases = [
            (65_535, 32_000), (1500, 1492), (1492, 1006), (1493, 1492), (576, 508), (297, 296),
            (296, 68), (69, 68), (68, 68), (0, 68),
        ]
        for (count, expected) in cases {
            #expect(PathMTUTable.plateau(below: count) == expected)
        }
    }

    // MARK: - The host

    /// A host that has sent `count` bytes of UDP to a far one, and the packet that left last.
    private func sender(_ family: Family, _ count: Int) throws -> (IPLinks, IPLinks.Sent) {
        let links = Family.links()
        try links.host.addRoute(
            Route(
                to: try #require(IPPrefix(family == .v4 ? "0.0.0.0/0" : "::/0")),
                through: IPLinks.address(family.peer), on: links.interfaces[0]))
        let id = links.host.open(.datagram, family: family == .v4 ? .inet : .inet6)
        try links.host.bind(
            id, to: SocketAddress(address: IPLinks.address(family.host), port: 5000))
        try send(links, family, count, id)
        let sent = try #require(links.takeAll().last)
        return (links, sent)
    }

    private func far(_ family: Family) -> String {
        family == .v4 ? "203.0.113.9" : "2001:db8:9::9"
    }

    private func send(
        _ links: IPLinks, _ family: Family, _ count: Int, _ id: EndpointID
    ) throws {
        let payload = [UInt8](repeating: 7, count: count)
        try links.host.send(
            id, payload.span, to: SocketAddress(address: IPLinks.address(far(family)), port: 9))
    }

    /// A router says that `quoted` was too big.
    private func complain(
        _ links: IPLinks, _ family: Family, _ mtu: Int, about quoted: [UInt8]
    ) {
        links.inject(
            IPLinks.packet(
                family.proto, from: family.peer, to: family.host,
                IPLinks.icmp(
                    type: family == .v4 ? 3 : 2, code: family == .v4 ? 4 : 0,
                    rest: UInt32(mtu), from: family.peer, to: family.host,
                    Array(quoted.prefix(500)))))
    }

    private func mtu(_ links: IPLinks, _ family: Family) -> Int? {
        links.host.network.path(to: IPLinks.address(far(family)))?.mtu
    }

    @Test("a path becomes as narrow as a router says, and wide again", arguments: Family.allCases)
    func learned(family: Family) throws {
        let (links, sent) = try sender(family, 1400)
        #expect(mtu(links, family) == 1500)
        complain(links, family, 1300, about: sent.bytes)
        #expect(mtu(links, family) == 1300)
        #expect(links.host.counters[.pathMTUsLearned] == 1)
        // What is sent now is cut to fit; an application that asked for nothing notices nothing.
        let id = links.host.open(.datagram, family: family == .v4 ? .inet : .inet6)
        try send(links, family, 1400, id)
        let whole = try #require(Rejoined(links.takeAll()))
        #expect(whole.fragments == 2 && whole.longest <= 1300)
        links.wait(.seconds(600))
        #expect(mtu(links, family) == 1500)
    }

    @Test("messages that lie are not believed", arguments: Family.allCases)
    func unbelievable(family: Family) throws {
        let (links, sent) = try sender(family, 1300)
        let offset = family.headerCount
        // Larger than the packet was, or than the path is.
        complain(links, family, 1450, about: sent.bytes)
        complain(links, family, 1500, about: sent.bytes)
        complain(links, family, 60_000, about: sent.bytes)
        let afterLarge = mtu(links, family)
        // In IPv4 such a message still says that this packet was too big: the next plateau.
        #expect(afterLarge == (family == .v4 ? 1006 : 1500))
        let (fresh, again) = try sender(family, 1300)
        // Of a port that nobody has, of an address that is not ours, of a packet too short to tell.
        var quoted = again.bytes
        quoted[offset] ^= 0xFF
        complain(fresh, family, 1290, about: quoted)
        quoted = again.bytes
        quoted[family == .v4 ? 15 : 23] ^= 0x40
        complain(fresh, family, 1290, about: quoted)
        for count in 0..<offset + 8 {
            complain(fresh, family, 1290, about: Array(again.bytes.prefix(count)))
        }
        #expect(mtu(fresh, family) == 1500)
        complain(fresh, family, 1290, about: again.bytes)
        #expect(mtu(fresh, family) == 1290)
        // Wider again is not for a message to say.
        complain(fresh, family, 1299, about: again.bytes)
        #expect(mtu(fresh, family) == 1290)
    }

    @Test(
        "below 1,280 bytes a message of IPv6 is discarded (RFC 8201 §4)", arguments: [0, 68, 1279])
    func belowMinimum(told: Int) throws {
        let (links, sent) = try sender(.v6, 1400)
        complain(links, .v6, told, about: sent.bytes)
        #expect(mtu(links, .v6) == 1500)
    }

    @Test("below 552 bytes an IPv4 host leaves the cutting to routers, as Linux does")
    func locked() throws {
        let (links, sent) = try sender(.v4, 1400)
        complain(links, .v4, 296, about: sent.bytes)
        #expect(mtu(links, .v4) == 552)
        let id = links.host.open(.datagram, family: .inet)
        try send(links, .v4, 300, id)
        let small = try #require(links.take())
        #expect(small.bytes[6] & 0x40 == 0)
    }

    @Test("a router that tells no MTU is believed that the packet was too big (RFC 1191 §5)")
    func untold() throws {
        let (links, sent) = try sender(.v4, 1450)
        complain(links, .v4, 0, about: sent.bytes)
        #expect(mtu(links, .v4) == 1006)
    }
}
