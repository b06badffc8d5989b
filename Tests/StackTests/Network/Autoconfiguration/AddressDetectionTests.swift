import Memory
import Testing
import Wire

@testable import Stack

/// Whether an IPv6 address is somebody else's, asked before it is used.
@Suite("Duplicate address detection (RFC 4862 §5.4)") struct AddressDetectionTests {
    private func checking() -> TestLink {
        TestLink(addresses: ["2001:db8::1/64"]) { $0.detectsDuplicates = true }
    }

    private func state(_ link: TestLink) -> InterfaceAddress.State? {
        link.host.addresses(of: link.interface).first?.state
    }

    @Test("A tentative address is asked after from no address, once, then used (§5.4.2)")
    func unique() throws {
        let link = checking()
        #expect(state(link) == .tentative)
        link.wait(.seconds(1))
        let question = try #require(link.take(.neighbourSolicitation))
        #expect(question.source.isUnspecified)
        #expect(question.destination == TestLink.host.solicitedNode)
        #expect(question.hardware == MACAddress(0x3333_FF00_0001))
        #expect(question.address() == TestLink.host)
        // No link address, but a number by which it is known again (RFC 7527 §4.1).
        #expect(question.bytes[24] == 14)
        link.wait(.seconds(1))
        #expect(state(link) == .preferred)
        #expect(link.take(.neighbourSolicitation) == nil)
    }

    @Test("Until then it is neither received on nor answered for (§5.4)")
    func tentative() {
        let link = checking()
        link.ping()
        link.solicit()
        #expect(link.take(.echoReply) == nil && link.take(.neighbourAdvertisement) == nil)
        #expect(link.host.counters[.ipTentative] == 1)
    }

    @Test("An advertisement for it is from its owner (§5.4.4)")
    func advertised() {
        let link = checking()
        link.wait(.seconds(1))
        link.advertise(TestLink.host, 0x20, to: .allNodes)
        #expect(state(link) == .duplicate)
        #expect(link.host.counters[.addressesDuplicate] == 1)
        link.wait(.seconds(10))
        #expect(state(link) == .duplicate)
        link.solicit()
        #expect(link.take(.neighbourAdvertisement) == nil)
    }

    @Test("Another one that checks it is as good a claim (§5.4.3)")
    func solicited() {
        let link = checking()
        link.solicit(from: .unspecified, link: nil)
        #expect(state(link) == .duplicate)
    }

    @Test("One that resolves it claims nothing (§5.4.3)")
    func resolved() {
        let link = checking()
        link.solicit()
        link.wait(.seconds(2))
        #expect(state(link) == .preferred)
    }

    @Test(
        "Our own question come back over a loop of the link is known by its number (RFC 7527 §4.2)")
    func looped() throws {
        let link = checking()
        link.wait(.seconds(1))
        let question = try #require(link.take(.neighbourSolicitation))
        link.injectICMPv6(
            .neighbourSolicitation, Array(question.bytes[4...]), from: .unspecified,
            to: question.destination)
        link.wait(.seconds(1))
        #expect(state(link) == .preferred)
        // With another number it is another one's.
        let other = checking()
        other.wait(.seconds(1))
        var bytes = question.bytes
        bytes[31] ^= 1
        other.injectICMPv6(
            .neighbourSolicitation, Array(bytes[4...]), from: .unspecified,
            to: question.destination)
        #expect(state(other) == .duplicate)
    }

    @Test("Forged claims: from another link, or with a code, change nothing")
    func forged() {
        let link = checking()
        link.solicit(from: .unspecified, link: nil, hopLimit: 64)
        link.injectICMPv6(
            .neighbourAdvertisement, code: 1, [0x20, 0, 0, 0] + link.bytes(TestLink.host),
            from: TestLink.peer, to: .allNodes)
        link.wait(.seconds(2))
        #expect(state(link) == .preferred)
    }

    @Test("An address in use is defended, once in ten seconds")
    func defended() throws {
        let link = TestLink()
        for _ in 0..<50 {
            link.advertise(TestLink.host, 0x20, from: TestLink.peer, to: .allNodes)
            link.wait(.milliseconds(100))
        }
        let defence = try #require(link.take(.neighbourAdvertisement))
        #expect(defence.destination == .allNodes && defence.bytes[4] == 0x20)
        #expect(link.isSilent)
        #expect(link.host.counters[.ndConflict] == 50)
        #expect(link.host.addresses(of: link.interface).last?.state == .preferred)
    }

    @Test("A link-local address that somebody has gives way to another one, four times in all")
    func linkLocal() throws {
        let link = TestLink(addresses: []) { $0.autoconfiguration = IPv6Autoconfiguration() }
        var seen: [IPAddress] = []
        for _ in 0..<4 {
            let address = try #require(link.address(.linkLocal))
            #expect(address.state == .tentative && !seen.contains(address.prefix.address))
            seen.append(address.prefix.address)
            link.wait(.seconds(1))
            link.advertise(address.prefix.address.v6, 0x20, to: .allNodes)
        }
        #expect(link.address(.linkLocal)?.state == .duplicate)
        link.discardSent()
        link.wait(.seconds(60))
        #expect(link.take(.routerSolicitation) == nil)
    }
}
