import Memory
import Testing
import Wire

@testable import Stack

/// Addresses that change.
@Suite("Temporary addresses (RFC 8981)") struct TemporaryAddressTests {
    private let day: UInt32 = 86_400

    private func link() -> TestLink {
        let link = TestLink(addresses: []) {
            $0.autoconfiguration = IPv6Autoconfiguration()
            $0.autoconfiguration?.temporaryAddresses = true
        }
        link.wait(.seconds(2))
        return link
    }

    private func advertise(_ link: TestLink, valid: UInt32 = .max, preferred: UInt32 = .max) {
        link.advertiseRouter(
            options: link.option(
                prefix: prefix("2001:db8:5::/64"), valid: valid, preferred: preferred))
    }

    private func temporaries(_ link: TestLink) -> [InterfaceAddress] {
        link.host.addresses(of: link.interface).filter { $0.origin == .temporary }
    }

    @Test("One stands beside the stable address, and speaks to the world (§3.4, RFC 6724 rule 7)")
    func formed() throws {
        let link = link()
        advertise(link)
        link.wait(.seconds(3))
        let temporary = try #require(link.address(.temporary))
        let stable = try #require(link.address(.stable))
        #expect(temporary.state == .preferred && stable.state == .preferred)
        #expect(temporary.prefix.address.low != stable.prefix.address.low)
        let path = link.host.network.path(to: IPAddress(v6("2001:db8:9::1")))
        #expect(path?.source == temporary.prefix.address)
    }

    @Test("It is preferred for a day less a random share, and valid for two days (§3.4, §3.8)")
    func lifetimes() throws {
        let link = link()
        let start = link.now
        advertise(link)
        let address = try #require(link.address(.temporary))
        #expect(address.preferredUntil <= start + .seconds(Int(day)))
        #expect(address.preferredUntil >= start + .seconds(Int(day) * 6 / 10))
        #expect(address.validUntil == start + .seconds(2 * Int(day)))
        // Advertisements do not put that off (§3.4).
        link.wait(.seconds(3600))
        advertise(link)
        #expect(link.address(.temporary)?.preferredUntil == address.preferredUntil)
        #expect(link.address(.temporary)?.validUntil == address.validUntil)
    }

    @Test("Its successor is ready before it is deprecated, day after day (§3.5, §3.6)")
    func renewed() {
        let link = link()
        advertise(link)
        link.wait(.seconds(3))
        var seen: Set<IPAddress> = []
        for _ in 0..<(10 * 24) {
            link.wait(.seconds(3600))
            link.advertiseRouter(
                options: link.option(
                    prefix: prefix("2001:db8:5::/64"), valid: .max, preferred: .max))
            let usable = temporaries(link).filter { $0.state == .preferred }
            #expect(!usable.isEmpty)
            #expect(temporaries(link).count <= 5)
            for address in temporaries(link) { seen.insert(address.prefix.address) }
            link.discardSent()
        }
        #expect(seen.count >= 10 && seen.count <= 18)
    }

    @Test("None is made of a prefix that ends at once (§3.4 (5))")
    func short() {
        let link = link()
        advertise(link, valid: 100, preferred: 5)
        #expect(link.address(.temporary) == nil)
        #expect(link.address(.stable) != nil)
        advertise(link, valid: 100, preferred: 50)
        #expect(link.address(.temporary) != nil)
    }

    @Test("A prefix's end is the end of its temporary addresses")
    func deprecated() {
        let link = link()
        advertise(link)
        link.wait(.seconds(3))
        advertise(link, valid: 10, preferred: 0)
        #expect(link.address(.temporary)?.state == .deprecated)
        link.wait(.seconds(7200))
        #expect(link.address(.temporary) == nil && link.address(.stable) == nil)
    }

    @Test("A duplicate gives way to another one, up to a bound (§3.4 (8))")
    func duplicates() throws {
        let link = link()
        advertise(link)
        for _ in 0..<4 {
            let address = try #require(link.address(.temporary))
            link.wait(.seconds(1))
            link.advertise(address.prefix.address.v6, 0x20, to: .allNodes)
            link.discardSent()
        }
        #expect(link.address(.temporary) == nil)
    }

    @Test("Off unless asked for")
    func off() {
        let link = TestLink(addresses: []) { $0.autoconfiguration = IPv6Autoconfiguration() }
        link.wait(.seconds(2))
        advertise(link)
        #expect(link.address(.temporary) == nil)
    }
}
