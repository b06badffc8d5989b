import Memory
import Testing
import Wire

@testable import Stack

/// Addresses that a host makes of what routers tell.
@Suite("Stateless addresses (RFC 4862 §5.5, RFC 7217)") struct StatelessAddressTests {
    private let network = prefix("2001:db8:5::/64")

    private func link(
        seed: (UInt64, UInt64) = (1, 2),
        _ configure: (inout IPv6Autoconfiguration) -> Void = { _ in }
    ) -> TestLink {
        var settings = IPv6Autoconfiguration()
        configure(&settings)
        let link = TestLink(seed: seed, addresses: []) { $0.autoconfiguration = settings }
        link.wait(.seconds(2))
        return link
    }

    private func advertise(
        _ link: TestLink, flags: UInt8 = 0xC0, valid: UInt32 = 86_400, preferred: UInt32 = 14_400
    ) {
        link.advertiseRouter(
            options: link.option(
                prefix: network, flags: flags, valid: valid, preferred: preferred))
    }

    private func hasRoute(_ link: TestLink) -> Bool {
        link.host.routes.contains { $0.destination == network && $0.gateway == nil }
    }

    @Test("A link-local address comes first, checked and in its network (§5.3)")
    func linkLocal() throws {
        let link = link()
        let address = try #require(link.address(.linkLocal))
        #expect(address.state == .preferred)
        #expect(address.prefix.network.description == "fe80::")
        #expect(address.prefix.length == 64)
    }

    @Test("A prefix becomes an address and a route; deprecated, then gone (§5.5.3, §5.5.4)")
    func life() throws {
        let link = link()
        advertise(link, valid: 20_000, preferred: 10_000)
        #expect(link.address(.stable)?.state == .tentative)
        #expect(hasRoute(link))
        link.wait(.seconds(3))
        #expect(link.address(.stable)?.state == .preferred)
        link.wait(.seconds(9_997))
        #expect(link.address(.stable)?.state == .deprecated)
        let own = try #require(link.address(.stable)?.prefix.address.v6)
        link.solicit(own)
        #expect(link.take(.neighbourAdvertisement) != nil)
        link.wait(.seconds(10_000))
        #expect(link.address(.stable) == nil && !hasRoute(link))
    }

    @Test("Flags decide: on the link without an address, an address without the link (RFC 5942 §4)")
    func flags() {
        let onLink = link()
        advertise(onLink, flags: 0x80)
        #expect(hasRoute(onLink) && onLink.address(.stable) == nil)
        let autonomous = link()
        advertise(autonomous, flags: 0x40)
        autonomous.wait(.seconds(3))
        #expect(!hasRoute(autonomous) && autonomous.address(.stable)?.state == .preferred)
        let neither = link()
        advertise(neither, flags: 0)
        #expect(!hasRoute(neither) && neither.address(.stable) == nil)
    }

    @Test(
        "Prefixes that make no address (§5.5.3)",
        arguments: [
            ("fe80::/64", 100, 100), ("2001:db8:5::/63", 100, 100), ("2001:db8:5::/65", 100, 100),
            ("2001:db8:5::/64", 100, 101), ("2001:db8:5::/64", 0, 0), ("ff05::/64", 100, 100),
            ("::/0", 100, 100), ("2001:db8:5::/128", 100, 100),
        ] as [(String, UInt32, UInt32)])
    func refused(text: String, valid: UInt32, preferred: UInt32) {
        let link = link()
        link.advertiseRouter(
            options: link.option(
                prefix: prefix(text), flags: 0x40, valid: valid, preferred: preferred))
        #expect(link.address(.stable) == nil)
        #expect(link.host.counters[.ndIgnored] == 1)
    }

    @Test("Validity is cut to two hours at once, never below (§5.5.3 (e))")
    func twoHours() {
        let link = link()
        advertise(link)
        link.wait(.seconds(3))
        let start = link.now
        // A day and a half is more than is left: taken.
        advertise(link, valid: 130_000)
        #expect(link.address(.stable)?.validUntil == start + .seconds(130_000))
        // A forged end: two hours are left, and the address is deprecated.
        advertise(link, valid: 1, preferred: 0)
        #expect(link.address(.stable)?.validUntil == start + .seconds(7200))
        #expect(link.address(.stable)?.state == .deprecated)
        // Less than two hours are left: shorter ones are ignored.
        link.wait(.seconds(3600))
        advertise(link, valid: 10, preferred: 10)
        #expect(link.address(.stable)?.validUntil == start + .seconds(7200))
        // Longer than what is left: taken.
        advertise(link, valid: 3700, preferred: 3700)
        #expect(link.address(.stable)?.validUntil == start + .seconds(7300))
        #expect(link.address(.stable)?.state == .preferred)
    }

    @Test("Infinite lifetimes do not end (§4.6.2 of RFC 4861)")
    func infinite() {
        let link = link()
        advertise(link, valid: .max, preferred: .max)
        link.wait(.seconds(400 * 86_400))
        #expect(link.address(.stable)?.state == .preferred)
        #expect(link.address(.stable)?.validUntil == .never)
    }

    @Test("The same host has the same address again, another host or network another (RFC 7217 §5)")
    func stability() throws {
        func number(seed: UInt64, secret: (UInt64, UInt64)?, _ network: String) throws -> UInt64 {
            let link = link(seed: (seed, 9)) { $0.stableSecret = secret }
            link.advertiseRouter(options: link.option(prefix: prefix(network)))
            return try #require(link.address(.stable)).prefix.address.low
        }
        let first = try number(seed: 1, secret: nil, "2001:db8:5::/64")
        #expect(try number(seed: 1, secret: nil, "2001:db8:5::/64") == first)
        #expect(try number(seed: 1, secret: nil, "2001:db8:6::/64") != first)
        #expect(try number(seed: 2, secret: nil, "2001:db8:5::/64") != first)
        let kept = try number(seed: 1, secret: (7, 8), "2001:db8:5::/64")
        #expect(try number(seed: 2, secret: (7, 8), "2001:db8:5::/64") == kept)
        #expect(kept != first)
    }

    @Test("A duplicate gives way to the next number, four times in all (RFC 7217 §6)")
    func duplicates() throws {
        let link = link()
        advertise(link)
        var seen: Set<IPAddress> = []
        for _ in 0..<4 {
            let address = try #require(link.address(.stable)).prefix.address
            #expect(seen.insert(address).inserted)
            link.wait(.seconds(1))
            link.advertise(address.v6, 0x20, to: .allNodes)
        }
        #expect(link.address(.stable)?.state == .duplicate)
        advertise(link)
        link.wait(.seconds(5))
        #expect(link.address(.stable)?.state == .duplicate)
    }

    @Test("Reserved numbers are nobody's (RFC 5453 §3)")
    func reserved() {
        for number: UInt64 in [
            0, 0xFDFF_FFFF_FFFF_FF80, 0xFDFF_FFFF_FFFF_FFFF, 0x0200_5EFF_FE00_0000,
            0x0200_5EFF_FE00_5212,
        ] { #expect(InterfaceIdentifier.isReserved(number)) }
        for number: UInt64 in [
            1, 0xFDFF_FFFF_FFFF_FF7F, 0xFE00_0000_0000_0000, 0x0200_5EFF_FDFF_FFFF,
            0x0200_5EFF_FE00_5213,
        ] { #expect(!InterfaceIdentifier.isReserved(number)) }
    }

    @Test("Without checks an address is used at once (§5.1, DupAddrDetectTransmits 0)")
    func unchecked() {
        let link = link { $0.detectionTransmits = 0 }
        advertise(link)
        #expect(link.address(.stable)?.state == .preferred)
        #expect(link.take(.neighbourSolicitation) == nil)
    }

    @Test("As many questions as are asked for, a second apart (§5.1)")
    func transmits() {
        let link = TestLink(addresses: []) {
            $0.autoconfiguration = IPv6Autoconfiguration()
            $0.autoconfiguration?.detectionTransmits = 3
        }
        link.wait(.milliseconds(4100))
        #expect(link.address(.linkLocal)?.state == .preferred)
        var count = 0
        while link.take(.neighbourSolicitation) != nil { count += 1 }
        #expect(count == 3)
    }
}
