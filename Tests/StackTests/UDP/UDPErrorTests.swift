import Memory
import Testing
import Wire

@testable import Stack

/// Which socket learns of an ICMP error, and of which (RFC 1122 §4.1.3.3; Linux's rules).
@Suite("Errors of datagrams") struct UDPErrorTests {
    private struct Family {
        let own: SocketAddress
        let peer: SocketAddress
        let router: IPAddress
        /// Type and code of ICMP, and what calls fail with.
        let lasting: [(UInt8, UInt8, StackError)]
        let passing: [(UInt8, UInt8, StackError)]
        let tooBig: (type: UInt8, code: UInt8)
    }

    private static let families = [
        Family(
            own: SocketAddress(address: BareLinks.own4, port: 7),
            peer: SocketAddress(address: BareLinks.peer4, port: 9), router: .v4(10, 7, 0, 254),
            lasting: [
                (3, 3, .connectionRefused), (3, 2, .connectionRefused), (3, 13, .hostUnreachable),
                (12, 0, .hostUnreachable),
            ],
            passing: [
                (3, 0, .networkUnreachable), (3, 1, .hostUnreachable), (11, 0, .hostUnreachable),
            ],
            tooBig: (3, 4)),
        Family(
            own: SocketAddress(address: BareLinks.own6, port: 7),
            peer: SocketAddress(address: BareLinks.peer6, port: 9),
            router: BareLinks.address("2001:db8:7::fe"),
            lasting: [
                (1, 4, .connectionRefused), (1, 1, .accessDenied), (4, 0, .hostUnreachable),
            ],
            passing: [
                (1, 0, .networkUnreachable), (1, 3, .hostUnreachable), (3, 0, .hostUnreachable),
            ],
            tooBig: (2, 0)),
    ]

    /// An error of the router's about a datagram from `own` to `peer`.
    private func error(
        _ link: BareLinks, _ family: Family, _ type: UInt8, _ code: UInt8, rest: UInt32 = 0,
        from own: SocketAddress? = nil, to peer: SocketAddress? = nil, payload: [UInt8] = [1, 2, 3]
    ) -> [UInt8] {
        let own = own ?? family.own
        let quoted = link.udp(from: own, to: peer ?? family.peer, payload)
        return link.icmp(
            type, code: code, rest: rest, quoted, from: family.router, to: own.address)
    }

    @Test(
        "A connected socket learns of errors that last, and not of those that pass",
        arguments: 0..<2)
    func connected(_ number: Int) throws {
        let family = Self.families[number]
        let link = BareLinks()
        let endpoint = try link.bound(family.own)
        try link.host.connect(endpoint, to: family.peer)
        for (type, code, reason) in family.lasting {
            link.inject(error(link, family, type, code))
            #expect(try link.host.readiness(of: endpoint).contains(.error))
            #expect(try link.host.takeError(of: endpoint) == reason)
        }
        for (type, code, _) in family.passing {
            link.inject(error(link, family, type, code))
            #expect(try link.host.takeError(of: endpoint) == nil)
        }
        #expect(try link.host.nextError(of: endpoint) == nil)
    }

    @Test("A pending error is what the next call fails with, once", arguments: 0..<2)
    func pending(_ number: Int) throws {
        let family = Self.families[number]
        let (type, code, _) = family.lasting[0]
        let link = BareLinks()
        let endpoint = try link.bound(family.own)
        try link.host.connect(endpoint, to: family.peer)
        link.inject(error(link, family, type, code))
        #expect(throws: StackError.connectionRefused) {
            try link.host.send(endpoint, [1].span, to: nil)
        }
        try link.host.send(endpoint, [1].span, to: nil)
        link.inject(error(link, family, type, code))
        link.inject(link.udp(from: family.peer, to: family.own, [7]))
        #expect(throws: StackError.connectionRefused) { try link.receive(endpoint) }
        #expect(try link.receive(endpoint)?.bytes == [7])
    }

    @Test(
        "An unconnected socket learns of none, unless it keeps errors: then of all, and from whom",
        arguments: 0..<2)
    func kept(_ number: Int) throws {
        let family = Self.families[number]
        let link = BareLinks()
        let endpoint = try link.bound(family.own)
        for (type, code, _) in family.lasting + family.passing {
            link.inject(error(link, family, type, code))
        }
        #expect(try link.host.takeError(of: endpoint) == nil)
        try link.set(endpoint) { $0.keepsErrors = true }
        for (type, code, reason) in family.lasting + family.passing {
            link.inject(error(link, family, type, code))
            #expect(try link.host.takeError(of: endpoint) == reason)
            link.inject(error(link, family, type, code))
            for isLast in [false, true] {
                let kept = try link.host.nextError(of: endpoint)
                #expect(kept?.reason == reason && kept?.reporter == family.router)
                #expect(kept?.type == type && kept?.code == code)
                #expect(kept?.destination == family.peer)
                // Whoever has seen the last one need not be told by a call that fails.
                let isPending = try link.host.readiness(of: endpoint).contains(.error)
                #expect(isPending != isLast)
            }
            #expect(try link.host.takeError(of: endpoint) == nil)
        }
        #expect(try link.host.nextError(of: endpoint) == nil)
        // A flood of them is bounded: the latest stay.
        for _ in 0..<200 {
            link.inject(error(link, family, family.lasting[0].0, family.lasting[0].1))
        }
        var count = 0
        while try link.host.nextError(of: endpoint) != nil { count += 1 }
        #expect(count == 64)
    }

    @Test("The error finds the socket by both ends of what it quotes", arguments: 0..<2)
    func rightSocket(_ number: Int) throws {
        let family = Self.families[number]
        let (type, code, _) = family.lasting[0]
        let link = BareLinks()
        let one = try link.bound(family.own) { $0.sharesAddress = true }
        let two = try link.bound(family.own) { $0.sharesAddress = true }
        let other = SocketAddress(address: family.peer.address, port: 10)
        try link.host.connect(one, to: family.peer)
        try link.host.connect(two, to: other)
        link.inject(error(link, family, type, code, to: other))
        #expect(try link.host.takeError(of: one) == nil)
        #expect(try link.host.takeError(of: two) == .connectionRefused)
        // Nobody's: another port of ours, another peer.
        let elsewhere = SocketAddress(address: family.own.address, port: 8)
        link.inject(error(link, family, type, code, from: elsewhere))
        link.inject(
            error(
                link, family, type, code,
                to: SocketAddress(address: family.router, port: 9)))
        #expect(try link.host.takeError(of: one) == nil)
        #expect(try link.host.takeError(of: two) == nil)
    }

    @Test(
        "A hop that carries less is an error only for who must not be fragmented",
        arguments: 0..<2)
    func tooBig(_ number: Int) throws {
        let family = Self.families[number]
        let link = BareLinks()
        let endpoint = try link.bound(family.own) { $0.mtuDiscovery = .fragment }
        try link.host.connect(endpoint, to: family.peer)
        let message = error(
            link, family, family.tooBig.type, family.tooBig.code, rest: 1300,
            payload: [UInt8](repeating: 1, count: 1400))
        link.inject(message)
        #expect(try link.host.takeError(of: endpoint) == nil)
        try link.set(endpoint) {
            $0.mtuDiscovery = .required
            $0.keepsErrors = true
        }
        link.inject(message)
        #expect(try link.host.takeError(of: endpoint) == .messageTooLong)
        #expect(try link.host.nextError(of: endpoint)?.mtu == 1300)
    }

    @Test(
        "A datagram for nobody is answered, unless more than this host was meant",
        arguments: 0..<2)
    func portUnreachable(_ number: Int) throws {
        let family = Self.families[number]
        let link = BareLinks()
        let packet = link.udp(from: family.peer, to: family.own, [1])
        link.inject(packet)
        let answer = try #require(link.take())
        let header = number == 0 ? 20 : 40
        #expect(answer[header] == (number == 0 ? 3 : 1))
        #expect(answer[header + 1] == (number == 0 ? 3 : 4))
        #expect(Array(answer[(header + 8)...]) == packet)
        let many = number == 0 ? ["255.255.255.255", "10.7.255.255", "224.0.0.1"] : ["ff02::1"]
        for name in many {
            let all = SocketAddress(address: BareLinks.address(name), port: 7)
            link.inject(link.udp(from: family.peer, to: all, [1]))
        }
        #expect(link.take() == nil)
        #expect(link.host.counters[.udpNoPort] == UInt64(1 + many.count))
    }
}
