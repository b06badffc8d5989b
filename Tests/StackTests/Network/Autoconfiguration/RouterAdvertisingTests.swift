import Memory
import Testing
import Wire

@testable import Stack

/// A host that configures itself from another one that is a router.
@Suite("Routers that tell hosts (RFC 4861 §6.2)") struct RouterAdvertisingTests {
    private func nodes(
        _ change: (inout RouterAdvertising) -> Void = { _ in }
    ) -> TwoNodes {
        var advertising = RouterAdvertising(prefixes: [
            PrefixInformation(
                prefix: prefix("2001:db8:5::/64"), validLifetime: 86_400,
                preferredLifetime: 14_400)
        ])
        change(&advertising)
        return TwoNodes {
            $0.addresses = [prefix("2001:db8:5::1/64")]
            $0.advertising = advertising
        } host: {
            $0.autoconfiguration = IPv6Autoconfiguration()
        }
    }

    @Test("The host has an address, a route, and a conversation within seconds")
    func configured() throws {
        let nodes = nodes { $0.mtu = 1400 }
        nodes.run(for: .seconds(6))
        let address = try #require(nodes.address(.stable))
        #expect(address.state == .preferred)
        #expect(address.prefix.masked == prefix("2001:db8:5::/64"))
        let gateway = nodes.host.routes.first { $0.destination == .allIPv6 }?.gateway
        #expect(gateway == nodes.router.addresses(of: TwoNodes.interface).last?.prefix.address)
        let mtu = nodes.host.network.interfaces[1].mtu
        #expect(mtu == 1400)
        let server = nodes.router.open(.stream, family: .inet6)
        try nodes.router.bind(
            server, to: SocketAddress(address: .unspecifiedV6, port: 80))
        try nodes.router.listen(server, backlog: 1)
        let client = nodes.host.open(.stream, family: .inet6)
        #expect(throws: StackError.inProgress) {
            try nodes.host.connect(
                client, to: SocketAddress(address: IPAddress(v6("2001:db8:5::1")), port: 80))
        }
        nodes.run(for: .seconds(1))
        let connection = try nodes.router.accept(server)
        let remote = try nodes.router.remoteAddress(of: connection)
        #expect(remote.address == address.prefix.address)
    }

    @Test("Text that is acknowledged is proof enough: nobody is asked (§7.3.1)")
    func progress() throws {
        let nodes = nodes()
        nodes.run(for: .seconds(6))
        let server = nodes.router.open(.stream, family: .inet6)
        try nodes.router.bind(server, to: SocketAddress(address: .unspecifiedV6, port: 80))
        try nodes.router.listen(server, backlog: 1)
        let client = nodes.host.open(.stream, family: .inet6)
        #expect(throws: StackError.inProgress) {
            try nodes.host.connect(
                client, to: SocketAddress(address: IPAddress(v6("2001:db8:5::1")), port: 80))
        }
        nodes.run(for: .seconds(1))
        let connection = try nodes.router.accept(server)
        // Both sides speak, so that both hear acknowledgments.
        nodes.run(for: .seconds(20))
        var before = 0
        for second in 0..<300 {
            if second == 30 { before = nodes.neighbourMessages }
            _ = try nodes.host.send(client, [1, 2, 3].span)
            _ = try nodes.router.send(connection, [4, 5, 6].span)
            nodes.run(for: .seconds(1))
        }
        #expect(nodes.neighbourMessages == before)
        // Without conversation there is no proof.
        nodes.run(for: .seconds(60))
        _ = try nodes.host.send(client, [1].span)
        nodes.run(for: .seconds(10))
        #expect(nodes.neighbourMessages > before)
    }

    @Test("The first three words come soon, then they are rare (§6.2.4)")
    func rhythm() {
        let nodes = nodes { $0.interval = .seconds(600) }
        nodes.isConnected = false
        nodes.run(for: .seconds(60))
        #expect(nodes.router.counters[.routerAdvertisementsSent] == 3)
        nodes.run(for: .seconds(6000))
        let sent = nodes.router.counters[.routerAdvertisementsSent]
        #expect(sent >= 12 && sent <= 35)
    }

    @Test("Who asks is answered within half a second, a crowd once in three seconds (§6.2.6)")
    func solicited() {
        let link = TestLink(forwards: true, addresses: []) {
            $0.advertising = RouterAdvertising(prefixes: [])
        }
        link.wait(.seconds(300))
        link.discardSent()
        for _ in 0..<10 {
            link.injectICMPv6(
                .routerSolicitation, [0, 0, 0, 0] + link.option(1, TestLink.peerMAC),
                from: v6("fe80::2"), to: .allRouters)
        }
        link.wait(.milliseconds(500))
        let answer = link.take(.routerAdvertisement)
        #expect(answer?.destination == .allNodes && answer?.hopLimit == 255)
        #expect(answer?.source.isLinkLocal == true)
        #expect(link.take(.routerAdvertisement) == nil)
        link.injectICMPv6(
            .routerSolicitation, [0, 0, 0, 0], from: .unspecified, to: .allRouters)
        link.wait(.milliseconds(2400))
        #expect(link.take(.routerAdvertisement) == nil)
        link.wait(.milliseconds(1100))
        #expect(link.take(.routerAdvertisement) != nil)
        #expect(link.entry(IPAddress(v6("fe80::2")))?.linkAddress == TestLink.peerMAC)
    }

    @Test("A solicitation from nobody with a link address is refused (§6.1.1)")
    func malformed() {
        let link = TestLink(forwards: true, addresses: []) {
            $0.advertising = RouterAdvertising(prefixes: [])
        }
        link.wait(.seconds(300))
        link.discardSent()
        link.injectICMPv6(
            .routerSolicitation, [0, 0, 0, 0] + link.option(1, TestLink.peerMAC),
            from: .unspecified, to: .allRouters)
        link.injectICMPv6(
            .routerSolicitation, [0, 0, 0, 0], from: v6("fe80::2"), to: .allRouters, hopLimit: 254)
        link.wait(.seconds(5))
        #expect(link.take(.routerAdvertisement) == nil)
        #expect(link.host.counters[.ndMalformed] == 1)
        #expect(link.host.counters[.ndNotFromLink] == 1)
    }

    @Test("Many prefixes are told up to a bound, each as it was given")
    func prefixes() throws {
        let link = TestLink(forwards: true, addresses: []) {
            $0.advertising = RouterAdvertising(
                prefixes: (0..<20 as Range<UInt64>).map {
                    PrefixInformation(
                        prefix: IPPrefix(
                            address: IPAddress(high: 0x2001_0DB8_0000_0000 + $0, low: 0),
                            length: 64) ?? .allIPv6, validLifetime: 100, preferredLifetime: 50)
                })
        }
        link.wait(.seconds(5))
        let message = try #require(link.take(.routerAdvertisement))
        let options = try RouterAdvertisementPacket(message.bytes.span).options
        var offset = 0
        var count: UInt64 = 0
        while let read = options.nextPrefix(&offset) {
            #expect(read.prefix.address.high == 0x2001_0DB8_0000_0000 + count)
            #expect(read.isOnLink && read.isAutonomous && read.validLifetime == 100)
            count += 1
        }
        #expect(count == 8)
    }
}
