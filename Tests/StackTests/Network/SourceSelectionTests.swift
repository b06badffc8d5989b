import Testing
import Wire

@testable import Stack

/// Which address speaks, and which is spoken to first (RFC 6724).
@Suite("Source and destination selection") struct SourceSelectionTests {
    private func source(_ links: [[String]], to destination: String, on link: Int = 0) -> String? {
        let wire = IPLinks(links)
        let address = IPLinks.address(destination)
        return wire.host.network.sourceAddress(
            for: address, via: address, on: wire.interfaces[link])?.description
    }

    @Test("IPv4 speaks from the network that the neighbour is on (RFC 1122 §3.3.4.3)")
    func neighbourNetwork() {
        let links = [["10.1.0.1/16", "10.2.0.1/16"]]
        #expect(source(links, to: "10.2.0.9") == "10.2.0.1")
        #expect(source(links, to: "10.1.0.9") == "10.1.0.1")
        #expect(source(links, to: "192.0.2.1") == "10.1.0.1")
    }

    @Test("A link without IPv4 address borrows one of another link")
    func borrowed() {
        #expect(source([["fd00::1/64"], ["10.2.0.1/16"]], to: "192.0.2.1") == "10.2.0.1")
    }

    @Test(
        "The rules of RFC 6724 §5 in their order",
        arguments: [
            // Rule 1: the same address.
            (["2001:db8::1/64", "2001:db8::2/64"], "2001:db8::2", "2001:db8::2"),
            // Rule 2: the scope that reaches.
            (["fe80::1/64", "2001:db8::1/64"], "2001:db8:1::1", "2001:db8::1"),
            (["2001:db8::1/64", "fe80::1/64"], "fe80::2", "fe80::1"),
            (["2001:db8::1/64", "fe80::1/64"], "ff02::1", "fe80::1"),
            // Rule 6: the same label: unique local to unique local.
            (["2001:db8::1/64", "fd00:1::1/64"], "fd00:2::1", "fd00:1::1"),
            (["fd00:1::1/64", "2001:db8::1/64"], "2001:db9::1", "2001:db8::1"),
            // Rule 8: the longest common prefix.
            (["2001:db8:1::1/64", "2001:db8:3::1/64"], "2001:db8:3::9", "2001:db8:3::1"),
        ])
    func rules(addresses: [String], destination: String, expected: String) {
        #expect(source([addresses], to: destination) == expected)
    }

    @Test("A deprecated address speaks only where no other can (RFC 6724 §5, rule 3)")
    func deprecated() throws {
        let wire = IPLinks([["2001:db8::1/64"]])
        let id = wire.interfaces[0]
        let prefix = try #require(IPPrefix("2001:db8::2/64"))
        wire.host.network.addAddress(InterfaceAddress(prefix), on: id)
        wire.host.network.interfaces[id.rawValue].addresses[0].state = .deprecated
        let to = IPLinks.address("2001:db8::3")
        #expect(
            wire.host.network.sourceAddress(for: to, via: to, on: id)
                == IPLinks.address("2001:db8::2"))
        wire.host.network.interfaces[id.rawValue].addresses[1].state = .tentative
        #expect(
            wire.host.network.sourceAddress(for: to, via: to, on: id)
                == IPLinks.address("2001:db8::1"))
    }

    @Test("A temporary address is preferred (RFC 6724 §5, rule 7)")
    func temporary() throws {
        let wire = IPLinks([["2001:db8::1/64"]])
        let id = wire.interfaces[0]
        let prefix = try #require(IPPrefix("2001:db8::2/64"))
        wire.host.network.addAddress(InterfaceAddress(prefix, origin: .temporary), on: id)
        let to = IPLinks.address("2001:db8:9::3")
        #expect(
            wire.host.network.sourceAddress(for: to, via: to, on: id)
                == IPLinks.address("2001:db8::2"))
    }

    @Test("Destinations in the order of RFC 6724 §6")
    func destinations() throws {
        let wire = IPLinks([["2001:db8::1/64", "fe80::1/64", "10.1.0.1/16"]])
        try wire.host.addRoute(Route(to: .allIPv6, on: wire.interfaces[0]))
        try wire.host.addRoute(Route(to: .allIPv4, on: wire.interfaces[0]))
        let sorted = wire.host.sorted(
            ["192.0.2.1", "2001:db8:5::1", "fe80::9"].map { IPLinks.address($0) })
        // Rule 8: the smaller scope; rule 6: IPv6 before IPv4.
        #expect(sorted.map(\.description) == ["fe80::9", "2001:db8:5::1", "192.0.2.1"])
    }

    @Test("What cannot be reached comes last (RFC 6724 §6, rule 1)")
    func unreachable() throws {
        let wire = IPLinks([["10.1.0.1/16"]])
        try wire.host.addRoute(Route(to: .allIPv4, on: wire.interfaces[0]))
        let sorted = wire.host.sorted(["2001:db8:5::1", "192.0.2.1"].map { IPLinks.address($0) })
        #expect(sorted.map(\.description) == ["192.0.2.1", "2001:db8:5::1"])
    }
}
