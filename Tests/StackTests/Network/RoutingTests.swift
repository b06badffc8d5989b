import Testing
import Wire

@testable import Stack

/// Which way packets go, and what routers tell of it.
@Suite("Routing") struct RoutingTests {
    private func hop(_ wire: IPLinks, _ destination: String) -> String? {
        guard let hop = wire.host.network.nextHop(to: IPLinks.address(destination)) else {
            return nil
        }
        return "\(hop.address) \(hop.interface.rawValue)"
    }

    private func wire() throws -> IPLinks {
        let wire = IPLinks([
            ["10.1.0.1/16", "2001:db8:1::1/64"], ["10.2.0.1/16", "2001:db8:2::1/64"],
        ])
        let (first, second) = (wire.interfaces[0], wire.interfaces[1])
        let routes: [(String, String, InterfaceID, UInt32)] = [
            ("0.0.0.0/0", "10.1.0.254", first, 10), ("0.0.0.0/0", "10.2.0.254", second, 5),
            ("192.0.2.0/24", "10.1.0.9", first, 0), ("192.0.2.128/25", "10.2.0.9", second, 99),
            ("::/0", "2001:db8:1::fe", first, 0), ("2001:db8:9::/48", "2001:db8:2::9", second, 0),
        ]
        for (prefix, gateway, interface, metric) in routes {
            let destination = try #require(IPPrefix(prefix))
            try wire.host.addRoute(
                Route(
                    to: destination, through: IPLinks.address(gateway), on: interface,
                    metric: metric))
        }
        return wire
    }

    @Test("The longest prefix wins, then the lowest metric (RFC 1812 §5.2.4.3)")
    func longestPrefix() throws {
        let wire = try wire()
        #expect(hop(wire, "10.1.5.5") == "10.1.5.5 1")
        #expect(hop(wire, "192.0.2.1") == "10.1.0.9 1")
        #expect(hop(wire, "192.0.2.200") == "10.2.0.9 2")
        #expect(hop(wire, "198.51.100.1") == "10.2.0.254 2")
        #expect(hop(wire, "2001:db8:9:1::1") == "2001:db8:2::9 2")
        #expect(hop(wire, "2001:db8:77::1") == "2001:db8:1::fe 1")
    }

    @Test("A route that is taken away leads nowhere")
    func removal() throws {
        let wire = IPLinks([["10.1.0.1/16"]])
        let route = Route(
            to: .allIPv4, through: IPLinks.address("10.1.0.254"), on: wire.interfaces[0])
        try wire.host.addRoute(route)
        #expect(hop(wire, "192.0.2.1") != nil)
        try wire.host.removeRoute(route)
        #expect(hop(wire, "192.0.2.1") == nil)
        #expect(throws: StackError.invalidArgument) { try wire.host.removeRoute(route) }
    }

    @Test("An address that goes takes the route to its network along")
    func addressRemoval() throws {
        let wire = IPLinks([["10.1.0.1/16"]])
        let id = wire.interfaces[0]
        try wire.host.addAddress(try #require(IPPrefix("10.3.0.1/16")), on: id)
        #expect(hop(wire, "10.3.0.9") == "10.3.0.9 1")
        try wire.host.removeAddress(IPLinks.address("10.3.0.1"), on: id)
        #expect(hop(wire, "10.3.0.9") == nil)
        #expect(throws: StackError.addressNotAvailable) {
            try wire.host.removeAddress(IPLinks.address("10.3.0.1"), on: id)
        }
    }

    @Test("Every stack reaches itself, by 127/8, ::1 and its own addresses")
    func loopback() {
        let wire = IPLinks([["10.1.0.1/16", "2001:db8::1/64"]])
        for own in ["127.0.0.1", "127.9.9.9", "::1", "10.1.0.1", "2001:db8::1"] {
            let path = wire.host.network.path(to: IPLinks.address(own))
            #expect(path?.interface == NetworkLayer.loopbackID)
            #expect(path?.source == IPLinks.address(own))
        }
    }

    // MARK: - Redirects

    private func redirect(
        from router: String, of destination: String, to gateway: String, on wire: IPLinks
    ) {
        let quoted = IPLinks.packet(
            .udp, from: "10.1.0.1", to: destination, [0, 9, 0, 9, 0, 8, 0, 0])
        let better = IPLinks.address(gateway).v4?.rawValue ?? 0
        let message = IPLinks.icmp(
            type: 5, code: 1, rest: better, from: router, to: "10.1.0.1", quoted)
        wire.inject(IPLinks.packet(.icmp, from: router, to: "10.1.0.1", message))
    }

    @Test("A redirect by the router in use, to a neighbour, is followed (RFC 1122 §3.2.2.2)")
    func followed() throws {
        let wire = IPLinks([["10.1.0.1/16"]])
        try wire.host.addRoute(
            Route(to: .allIPv4, through: IPLinks.address("10.1.0.254"), on: wire.interfaces[0]))
        redirect(from: "10.1.0.254", of: "192.0.2.1", to: "10.1.0.253", on: wire)
        #expect(hop(wire, "192.0.2.1") == "10.1.0.253 1")
        #expect(hop(wire, "192.0.2.2") == "10.1.0.254 1")
        #expect(wire.host.counters[.redirectsTaken] == 1)
        wire.wait(RedirectTable.lifetime)
        #expect(hop(wire, "192.0.2.1") == "10.1.0.254 1")
    }

    @Test(
        "Redirects that lie change nothing (RFC 1122 §3.2.2.2)",
        arguments: [
            // By somebody who is not the router in use.
            ("10.1.0.66", "192.0.2.1", "10.1.0.253"),
            // To a gateway off the link, to ourselves, to everybody, to a group, to nobody.
            ("10.1.0.254", "192.0.2.1", "198.51.100.1"), ("10.1.0.254", "192.0.2.1", "10.1.0.1"),
            ("10.1.0.254", "192.0.2.1", "10.1.255.255"), ("10.1.0.254", "192.0.2.1", "224.0.0.9"),
            ("10.1.0.254", "192.0.2.1", "0.0.0.0"),
            // About a neighbour, and about ourselves.
            ("10.1.0.254", "10.1.0.7", "10.1.0.253"), ("10.1.0.254", "10.1.0.1", "10.1.0.253"),
        ])
    func lies(router: String, destination: String, gateway: String) throws {
        let wire = IPLinks([["10.1.0.1/16"]])
        try wire.host.addRoute(
            Route(to: .allIPv4, through: IPLinks.address("10.1.0.254"), on: wire.interfaces[0]))
        let before = hop(wire, destination)
        redirect(from: router, of: destination, to: gateway, on: wire)
        #expect(hop(wire, destination) == before)
        #expect(wire.host.counters[.redirectsTaken] == 0)
        #expect(wire.host.counters[.icmpIgnored] == 1)
    }

    @Test("A storm of redirects is held within the table")
    func storm() throws {
        let wire = IPLinks([["10.1.0.1/16"]])
        try wire.host.addRoute(
            Route(to: .allIPv4, through: IPLinks.address("10.1.0.254"), on: wire.interfaces[0]))
        for number in 0..<1000 {
            redirect(
                from: "10.1.0.254", of: "192.0.\(number / 250).\(number % 250)", to: "10.1.0.253",
                on: wire)
        }
        #expect(wire.host.network.redirects.count == RedirectTable.limit)
        #expect(hop(wire, "192.0.3.249") == "10.1.0.253 1")
        #expect(wire.isClean)
    }
}
