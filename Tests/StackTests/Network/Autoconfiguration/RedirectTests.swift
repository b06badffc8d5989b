import Memory
import Testing
import Wire

@testable import Stack

/// Better first hops, told by routers.
@Suite("Redirects of neighbour discovery (RFC 4861 §8)") struct RedirectTests {
    private let far = v6("2001:db8:9::1")
    private let better = v6("fe80::aa")
    private let betterMAC = MACAddress(2, 0, 0, 0, 0, 0xAA)

    private func link() throws -> (TestLink, IPv6Address) {
        let link = TestLink(addresses: []) { $0.autoconfiguration = IPv6Autoconfiguration() }
        link.wait(.seconds(2))
        link.advertiseRouter(options: link.option(prefix: prefix("2001:db8:5::/64")))
        link.wait(.seconds(3))
        link.discardSent()
        return (link, try #require(link.address(.stable)).prefix.address.v6)
    }

    private func redirect(
        _ link: TestLink, to target: IPv6Address, for destination: IPv6Address, at own: IPv6Address,
        from source: IPv6Address = TestLink.router, mac: MACAddress? = nil, hopLimit: UInt8 = 255
    ) {
        link.injectICMPv6(
            .redirect,
            [0, 0, 0, 0] + link.bytes(target) + link.bytes(destination) + link.option(2, mac),
            from: source, to: own, hopLimit: hopLimit)
    }

    private func hardware(_ link: TestLink, _ own: IPv6Address) -> MACAddress? {
        link.ping(from: far, to: own)
        return link.take(.echoReply)?.hardware
    }

    @Test("Another router is used for the destination, with the link address that was told (§8.3)")
    func router() throws {
        let (link, own) = try link()
        #expect(hardware(link, own) == TestLink.routerMAC)
        redirect(link, to: better, for: far, at: own, mac: betterMAC)
        #expect(hardware(link, own) == betterMAC)
        #expect(link.entry(IPAddress(better))?.isRouter == true)
        #expect(link.host.counters[.redirectsTaken] == 1)
    }

    @Test("A destination that is on the link is spoken to directly (§8.3)")
    func onLink() throws {
        let (link, own) = try link()
        redirect(link, to: far, for: far, at: own, mac: betterMAC)
        #expect(hardware(link, own) == betterMAC)
        #expect(link.entry(IPAddress(far))?.isRouter == false)
    }

    @Test("Redirects that lie change nothing (§8.1)")
    func lies() throws {
        let (link, own) = try link()
        redirect(link, to: better, for: far, at: own, from: better, mac: betterMAC)
        redirect(link, to: better, for: far, at: own, from: v6("2001:db8:5::fe"), mac: betterMAC)
        redirect(link, to: better, for: far, at: own, mac: betterMAC, hopLimit: 254)
        redirect(link, to: v6("2001:db8:5::7"), for: far, at: own, mac: betterMAC)
        redirect(link, to: better, for: v6("ff02::1"), at: own, mac: betterMAC)
        redirect(link, to: TestLink.router, for: far, at: own, mac: betterMAC)
        redirect(link, to: own, for: far, at: own, mac: betterMAC)
        #expect(hardware(link, own) == TestLink.routerMAC)
        #expect(link.host.counters[.redirectsTaken] == 0)
        #expect(link.entry(IPAddress(better)) == nil)
    }

    @Test("A storm of redirects keeps to its bound, and the router in use stays known")
    func storm() throws {
        let (link, own) = try link()
        for number in 0..<2_000 as Range<UInt64> {
            let target = IPv6Address(high: 0xFE80 << 48, low: 0x1000 + number)
            redirect(
                link, to: target, for: IPv6Address(high: far.high, low: number + 2), at: own,
                mac: MACAddress(0x0200_0001_0000 + number))
        }
        #expect(hardware(link, own) == TestLink.routerMAC)
        #expect(link.host.neighbours.count <= NeighbourTable.limit)
    }

    @Test("A redirect to one who does not answer is forgotten (§7.3.3)")
    func dead() throws {
        let (link, own) = try link()
        redirect(link, to: better, for: far, at: own, mac: betterMAC)
        #expect(hardware(link, own) == betterMAC)
        link.wait(.seconds(9))
        link.discardSent()
        #expect(hardware(link, own) == TestLink.routerMAC)
    }

    @Test("A router tells a neighbour of a better first hop on the same link (§8.2)")
    func sent() throws {
        let link = TestLink(forwards: true, addresses: ["2001:db8::1/64", "fe80::1/64"])
        try link.host.addRoute(
            Route(to: prefix("2001:db8:9::/64"), through: IPAddress(better), on: link.interface))
        link.solicit()
        link.solicit(from: better, link: betterMAC)
        link.discardSent()
        link.inject(
            .ipv6, link.packet(.udp, [0, 1, 0, 2, 0, 8, 0, 0], from: TestLink.peer, to: far))
        let redirect = try #require(link.take(.redirect))
        #expect(redirect.source == v6("fe80::1") && redirect.destination == TestLink.peer)
        #expect(redirect.hopLimit == 255 && redirect.hardware == TestLink.peerMAC)
        #expect(redirect.address() == better && redirect.address(at: 24) == far)
        #expect(redirect.linkAddress(at: 40) == betterMAC)
        #expect(redirect.bytes[48] == 4 && redirect.bytes[49] == 7)
        #expect(link.host.counters[.packetsForwarded] == 1)
    }
}
