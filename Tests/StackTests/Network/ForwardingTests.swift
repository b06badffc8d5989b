import Testing
import Wire

@testable import Stack

/// A router is a host that forwards (RFC 1812, RFC 8200).
@Suite("Forwarding") struct ForwardingTests {
    private func router(mtus: [Int] = []) -> IPLinks {
        IPLinks(
            [
                ["10.1.0.1/16", "2001:db8:1::1/64", "fe80::1/64"],
                ["10.2.0.1/16", "2001:db8:2::1/64", "fe80::2/64"],
            ], forwards: true, mtus: mtus)
    }

    private static let families = [("10.1.0.9", "10.2.0.9"), ("2001:db8:1::9", "2001:db8:2::9")]

    @Test("A packet goes on with one hop less, all else unchanged", arguments: families)
    func passes(source: String, destination: String) throws {
        let wire = router()
        let payload: [UInt8] = Array(repeating: 7, count: 100)
        wire.inject(IPLinks.packet(.udp, from: source, to: destination, hops: 9, payload))
        let sent = try #require(wire.take(on: 1))
        #expect(
            sent.bytes
                == IPLinks.packet(.udp, from: source, to: destination, hops: 8, payload))
        #expect(wire.take(on: 0) == nil)
        #expect(wire.host.counters[.packetsForwarded] == 1)
    }

    @Test("A host that is no router passes nothing on", arguments: families)
    func hostOnly(source: String, destination: String) {
        let wire = router()
        wire.host.forwards = false
        // It leaves the groups of routers, and says so.
        wire.wait(.zero)
        while wire.take(on: 1) != nil {}
        wire.inject(IPLinks.packet(.udp, from: source, to: destination, [1, 2]))
        #expect(wire.take(on: 1) == nil)
        #expect(wire.host.counters[.ipNotForUs] == 1)
    }

    @Test("The last hop ends here, and the sender learns of it", arguments: families)
    func hopLimit(source: String, destination: String) throws {
        let wire = router()
        let packet = IPLinks.packet(.udp, from: source, to: destination, hops: 1, [1, 2, 3])
        wire.inject(packet)
        #expect(wire.take(on: 1) == nil)
        let error = try #require(wire.take(on: 0))
        #expect(error.payload[0] == (error.isIPv6 ? 3 : 11))
        #expect(error.payload[1] == 0)
        #expect(Array(error.payload[8...]) == packet)
        #expect(error.destination.description == source)
    }

    @Test("No route: the sender learns of it", arguments: families)
    func noRoute(source: String, destination: String) throws {
        let wire = router()
        let nowhere = destination.contains(":") ? "2001:db8:ff::1" : "192.0.2.1"
        wire.inject(IPLinks.packet(.udp, from: source, to: nowhere, [1, 2, 3]))
        let error = try #require(wire.take(on: 0))
        #expect(error.payload[0] == (error.isIPv6 ? 1 : 3))
        #expect(error.payload[1] == 0)
    }

    @Test("Too big for the next link: the sender learns its MTU", arguments: families)
    func tooBig(source: String, destination: String) throws {
        let wire = router(mtus: [1500, 1300])
        let payload = [UInt8](repeating: 1, count: 1400)
        wire.inject(IPLinks.packet(.udp, from: source, to: destination, payload))
        #expect(wire.take(on: 1) == nil)
        let error = try #require(wire.take(on: 0))
        #expect(error.payload[0] == (error.isIPv6 ? 2 : 3))
        #expect(error.payload[1] == (error.isIPv6 ? 0 : 4))
        #expect(error.bytes.span.uint16(at: error.headerCount + 6) == 1300)
        // As much is quoted as fits 576 and 1,280 bytes.
        #expect(error.bytes.count == (error.isIPv6 ? 1280 : 576))
    }

    @Test(
        "What means something on one link only stays there (RFC 1812 §5.3, RFC 4291 §2.5.6)",
        arguments: [
            ("10.1.0.9", "224.0.0.251"), ("10.1.0.9", "255.255.255.255"),
            ("10.1.0.9", "10.2.255.255"), ("10.1.0.9", "169.254.1.1"), ("10.1.0.9", "127.0.0.1"),
            ("10.1.0.9", "240.0.0.1"), ("10.1.0.9", "0.0.0.1"), ("169.254.1.9", "10.2.0.9"),
            ("2001:db8:1::9", "fe80::77"), ("2001:db8:1::9", "ff05::77"),
        ])
    func unroutable(source: String, destination: String) {
        let wire = router()
        wire.inject(IPLinks.packet(.udp, from: source, to: destination, [1, 2, 3]))
        #expect(wire.take(on: 1) == nil)
        #expect(wire.host.counters[.packetsForwarded] == 0)
    }

    @Test("A link-local source does not leave its link (RFC 4443 §3.1)")
    func beyondScope() throws {
        let wire = router()
        wire.inject(IPLinks.packet(.udp, from: "fe80::9", to: "2001:db8:2::9", [1, 2, 3]))
        #expect(wire.take(on: 1) == nil)
        let error = try #require(wire.take(on: 0))
        #expect(error.payload[0] == 1)
        #expect(error.payload[1] == 2)
    }

    @Test("A packet that goes back to its link is passed on and redirected (RFC 1812 §5.2.7.2)")
    func redirects() throws {
        let wire = router()
        try wire.host.addRoute(
            Route(
                to: try #require(IPPrefix("192.0.2.0/24")), through: IPLinks.address("10.1.0.7"),
                on: wire.interfaces[0]))
        let packet = IPLinks.packet(.udp, from: "10.1.0.9", to: "192.0.2.1", hops: 9, [1, 2, 3])
        wire.inject(packet)
        let error = try #require(wire.take(on: 0))
        #expect(error.proto == .icmp)
        #expect(error.payload[0] == 5)
        #expect(error.payload[1] == 1)
        #expect(Array(error.payload[4..<8]) == [10, 1, 0, 7])
        #expect(Array(error.payload[8...]) == packet)
        let passed = try #require(wire.take(on: 0))
        #expect(passed.hops == 8)
    }

    @Test(
        "No error about an error, to a group, to nobody (RFC 1122 §3.2.2, RFC 4443 §2.4)",
        arguments: [
            IPLinks.packet(
                .icmp, from: "10.1.0.9", to: "192.0.2.1",
                IPLinks.icmp(type: 11, from: "10.1.0.9", to: "192.0.2.1", [])),
            IPLinks.packet(
                .icmpv6, from: "2001:db8:1::9", to: "2001:db8:ff::1",
                IPLinks.icmp(type: 3, from: "2001:db8:1::9", to: "2001:db8:ff::1", [])),
            IPLinks.packet(
                .icmpv6, from: "2001:db8:1::9", to: "2001:db8:ff::1",
                IPLinks.icmp(type: 137, from: "2001:db8:1::9", to: "2001:db8:ff::1", [])),
        ])
    func noErrorAboutErrors(packet: [UInt8]) {
        let wire = router()
        wire.inject(packet)
        #expect(wire.host.counters[.ipNoRoute] == 1)
        #expect(wire.take(on: 0) == nil)
    }

    @Test("Errors are rate-limited")
    func rateLimit() {
        let wire = router()
        for _ in 0..<200 {
            wire.inject(IPLinks.packet(.udp, from: "10.1.0.9", to: "192.0.2.1", [1]))
        }
        var errors = 0
        while wire.take(on: 0) != nil { errors += 1 }
        #expect(errors == 50)
        #expect(wire.host.counters[.icmpRateLimited] == 150)
        #expect(wire.isClean)
    }
}
