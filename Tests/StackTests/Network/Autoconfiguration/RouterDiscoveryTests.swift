import Memory
import Testing
import Wire

@testable import Stack

/// Routers asked for, believed and left.
@Suite("Router discovery (RFC 4861 §6)") struct RouterDiscoveryTests {
    private let router = IPAddress(TestLink.router)

    /// A host that has its link-local address.
    private func link(
        _ configure: (inout InterfaceConfiguration) -> Void = { _ in }
    ) -> TestLink {
        let link = TestLink(addresses: []) {
            $0.autoconfiguration = IPv6Autoconfiguration()
            configure(&$0)
        }
        link.wait(.seconds(2))
        return link
    }

    private func gateway(_ link: TestLink) -> IPAddress? {
        link.host.routes.first { $0.destination == .allIPv6 }?.gateway
    }

    @Test("A host asks all routers, ever more rarely, until one answers (§6.3.7, RFC 7559)")
    func solicitations() throws {
        let link = link()
        link.wait(.seconds(1))
        let question = try #require(link.take(.routerSolicitation))
        let own = try #require(link.address(.linkLocal)?.prefix.address.v6)
        #expect(question.source == own && question.destination == .allRouters)
        #expect(question.hopLimit == 255)
        #expect(question.linkAddress(at: 8) == TestLink.hostMAC)
        link.wait(.seconds(5))
        #expect(link.take(.routerSolicitation) != nil)
        link.wait(.seconds(3))
        #expect(link.take(.routerSolicitation) == nil)
        link.wait(.seconds(24 * 3600))
        var count = 0
        while link.take(.routerSolicitation) != nil { count += 1 }
        #expect(count > 24 && count < 40)
        link.advertiseRouter()
        link.wait(.seconds(1700))
        #expect(link.take(.routerSolicitation) == nil)
    }

    @Test("A router becomes the way out for its lifetime, and no longer (§6.3.4)")
    func lifetime() {
        let link = link()
        link.advertiseRouter(lifetime: 100)
        #expect(gateway(link) == router)
        #expect(link.entry(router)?.isRouter == true)
        #expect(link.entry(router)?.linkAddress == TestLink.routerMAC)
        link.wait(.seconds(99))
        #expect(gateway(link) == router)
        link.wait(.seconds(1))
        #expect(gateway(link) == nil)
        // It looks for another one.
        link.discardSent()
        link.wait(.seconds(1))
        #expect(link.take(.routerSolicitation) != nil)
    }

    @Test("A lifetime of zero takes the router away at once (§6.3.4)")
    func retired() {
        let link = link()
        link.advertiseRouter()
        link.advertiseRouter(lifetime: 0)
        #expect(gateway(link) == nil)
    }

    @Test("A router that says it is none any more is left (§7.2.5)")
    func resigned() {
        let link = link()
        link.advertiseRouter()
        link.advertise(TestLink.router, 0x20, link: TestLink.routerMAC, to: .allNodes)
        #expect(gateway(link) == nil)
    }

    @Test("The preferred router is used, among equals the first (RFC 4191 §3.2)")
    func preference() {
        let link = link()
        link.advertiseRouter(flags: 0x18)
        link.advertiseRouter(from: v6("fe80::aa"), link: MACAddress(2, 0, 0, 0, 0, 0xAA))
        #expect(gateway(link) == IPAddress(v6("fe80::aa")))
        link.advertiseRouter(from: v6("fe80::bb"), link: MACAddress(2, 0, 0, 0, 0, 0xBB))
        #expect(gateway(link) == IPAddress(v6("fe80::aa")))
        link.advertiseRouter(flags: 0x08)
        #expect(gateway(link) == router)
    }

    @Test("A router that does not answer gives way to one that may (§6.3.6, §7.3.3)")
    func failover() throws {
        let link = link()
        let second = v6("fe80::aa")
        link.advertiseRouter(options: link.option(prefix: prefix("2001:db8:5::/64")))
        link.advertiseRouter(from: second, link: MACAddress(2, 0, 0, 0, 0, 0xAA))
        link.wait(.seconds(3))
        #expect(gateway(link) == router)
        let own = try #require(link.address(.stable)?.prefix.address.v6)
        link.ping(from: v6("2001:db8:9::1"), to: own)
        #expect(link.take(.echoReply)?.hardware == TestLink.routerMAC)
        link.wait(.seconds(9))
        #expect(gateway(link) == IPAddress(second))
        link.ping(from: v6("2001:db8:9::1"), to: own)
        #expect(link.take(.echoReply)?.hardware == MACAddress(2, 0, 0, 0, 0, 0xAA))
        // When no one answers, each gets its turn; a sign of life decides.
        link.wait(.seconds(9))
        #expect(gateway(link) == router)
        link.advertiseRouter(from: second, link: MACAddress(2, 0, 0, 0, 0, 0xAA))
        #expect(gateway(link) == IPAddress(second))
    }

    @Test("From off the link nothing is believed: hop limit, source, code (§6.1.2)")
    func offLink() {
        let link = link()
        link.advertiseRouter(hops: 254)
        link.advertiseRouter(hops: 1)
        link.advertiseRouter(from: v6("2001:db8::fe"))
        link.injectICMPv6(
            .routerAdvertisement, code: 1, [UInt8](repeating: 9, count: 12),
            from: TestLink.router, to: .allNodes)
        link.injectICMPv6(
            .routerAdvertisement, [UInt8](repeating: 9, count: 11), from: TestLink.router,
            to: .allNodes)
        link.advertiseRouter(options: [3, 0, 0, 0, 0, 0, 0, 0])
        #expect(gateway(link) == nil && link.host.neighbours.isEmpty)
        #expect(link.host.counters[.ndNotFromLink] == 2)
        #expect(link.host.counters[.ndMalformed] == 4)
    }

    @Test("A host that does not ask does not listen")
    func deaf() {
        let link = TestLink()
        link.advertiseRouter(options: link.option(prefix: prefix("2001:db8:5::/64")))
        #expect(gateway(link) == nil)
        #expect(link.host.addresses(of: link.interface).count == 2)
        #expect(link.host.counters[.ndIgnored] == 1)
    }

    @Test("The link's MTU is taken from 1,280 to what the link carries (§6.3.4)")
    func mtu() {
        let link = link()
        var mtu: Int { link.host.network.interfaces[link.interface.rawValue].mtu }
        for bad: UInt32 in [0, 1, 68, 1279, 1501, 65_535, .max] {
            link.advertiseRouter(options: link.option(mtu: bad))
            #expect(mtu == 1500)
        }
        #expect(link.host.counters[.ndBadMTU] == 7)
        link.advertiseRouter(options: link.option(mtu: 1280))
        #expect(mtu == 1280)
        link.advertiseRouter(options: link.option(mtu: 1500))
        #expect(mtu == 1500)
    }

    @Test("The hop limit is taken, unless it reaches nobody (CVE-2015-2922)")
    func hopLimit() throws {
        let link = link()
        link.advertiseRouter(
            hopLimit: 1, options: link.option(prefix: prefix("2001:db8::/64")))
        link.wait(.seconds(3))
        let own = try #require(link.address(.stable)?.prefix.address.v6)
        link.solicit(own)
        link.discardSent()
        link.ping(to: own)
        #expect(link.take(.echoReply)?.hopLimit == 64)
        link.advertiseRouter(hopLimit: 100)
        link.ping(to: own)
        #expect(link.take(.echoReply)?.hopLimit == 100)
    }

    @Test("Reachable and retransmit times are taken within reason (§6.3.2, §6.3.4)")
    func times() {
        let link = link()
        var times: NeighbourTimes { link.host.network.interfaces[link.interface.rawValue].times }
        link.advertiseRouter(reachable: 10_000, retransmit: 2000)
        #expect(times.reachable >= .seconds(5) && times.reachable <= .seconds(15))
        #expect(times.retransmit == .seconds(2))
        link.advertiseRouter(reachable: 1, retransmit: 1)
        #expect(times.reachable >= .milliseconds(500))
        #expect(times.retransmit == .milliseconds(100))
        let before = times.reachable
        link.advertiseRouter(reachable: 3_600_001, retransmit: .max)
        #expect(times.reachable == before)
        #expect(times.retransmit == .seconds(60))
    }

    @Test("A flood of routers and prefixes finds bounds, and those known first stay")
    func flood() {
        let link = link()
        link.advertiseRouter(options: link.option(prefix: prefix("2001:db8:5::/64")))
        for number in 0..<500 as Range<UInt64> {
            let network = IPAddress(high: 0x2001_0DB8_0000_0000 + number << 16, low: 0)
            let options = (0..<40).flatMap { place in
                link.option(
                    prefix: IPPrefix(
                        address: IPAddress(high: network.high + UInt64(place), low: 0), length: 64)
                        ?? IPPrefix(host: network))
            }
            link.advertiseRouter(
                options: options, from: IPv6Address(high: 0xFE80 << 48, low: 0x100 + number))
            link.discardSent()
        }
        #expect(link.host.addresses(of: link.interface).count <= 17)
        #expect(link.host.routes.count <= 64)
        #expect(gateway(link) == router)
        #expect(link.address(.stable)?.prefix.network.high == 0x2001_0DB8_0005_0000)
        #expect(link.host.counters[.ndLimit] > 0)
    }

    @Test("DNS servers are kept for their lifetime, eight at most (RFC 8106 §5.1)")
    func servers() {
        let link = link()
        func option(_ address: IPv6Address, _ lifetime: UInt8) -> [UInt8] {
            [25, 3, 0, 0, 0, 0, 0, lifetime] + link.bytes(address)
        }
        link.advertiseRouter(options: option(v6("2001:db8::53"), 100))
        link.advertiseRouter(options: option(v6("2001:db8::54"), 200) + option(v6("ff02::1"), 9))
        #expect(
            link.host.recursiveServers(of: link.interface).map(\.description)
                == ["2001:db8::53", "2001:db8::54"])
        link.wait(.seconds(100))
        #expect(link.host.recursiveServers(of: link.interface).count == 1)
        link.advertiseRouter(options: option(v6("2001:db8::54"), 0))
        #expect(link.host.recursiveServers(of: link.interface).isEmpty)
        for number in 0..<50 as Range<UInt64> {
            link.advertiseRouter(
                options: option(IPv6Address(high: 0x2001_0DB8 << 32, low: number + 1), 100))
        }
        #expect(link.host.recursiveServers(of: link.interface).count == 8)
    }
}
