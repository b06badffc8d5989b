import Memory
import Testing
import Wire

@testable import Stack

/// Endpoints for echoes of ICMP: Linux's "ping sockets" (RFC 792, RFC 4443 §4).
@Suite("Endpoints for echoes") struct EchoTests {
    private static let families: [(own: IPAddress, peer: IPAddress, header: Int)] = [
        (BareLinks.own4, BareLinks.peer4, 20), (BareLinks.own6, BareLinks.peer6, 40),
    ]

    private func name(_ address: IPAddress, _ port: UInt16 = 0) -> SocketAddress {
        SocketAddress(address: address, port: port)
    }

    @Test(
        "The host fills in identifier and checksum, and the reply finds its way",
        arguments: 0..<2)
    func echo(_ number: Int) throws {
        let (own, peer, header) = Self.families[number]
        let link = BareLinks()
        let endpoint = link.host.open(.icmp, family: AddressFamily(of: own))
        let (request, reply): (UInt8, UInt8) = number == 0 ? (8, 0) : (128, 129)
        try link.host.send(endpoint, [request, 0, 9, 9, 9, 9, 0, 5, 42].span, to: name(peer))
        let sent = try #require(link.take())
        let identifier = try link.host.localAddress(of: endpoint).port
        #expect(identifier != 0)
        var expected: [UInt8] = [request, 0, 0, 0, UInt8(identifier >> 8), UInt8(identifier & 255)]
        expected += [0, 5, 42]
        BareLinks.fill(
            &expected, at: 2, number == 0 ? .icmp : .icmpv6, from: own, to: peer)
        #expect(Array(sent[header...]) == expected)
        link.inject(
            link.icmp(reply, rest: UInt32(identifier) << 16 | 5, [42], from: peer, to: own))
        let received = try #require(try link.receive(endpoint))
        #expect(received.bytes[0] == reply && Array(received.bytes[4...]) == Array(expected[4...]))
        #expect(received.datagram.source == name(peer) && received.datagram.timeToLive == 64)
        // Another's, one that is broken, and a request are not for it.
        link.inject(
            link.icmp(reply, rest: UInt32(identifier ^ 1) << 16, [], from: peer, to: own))
        var broken = link.icmp(reply, rest: UInt32(identifier) << 16, [], from: peer, to: own)
        broken[header + 7] ^= 1
        link.inject(broken)
        link.inject(
            link.icmp(request, rest: UInt32(identifier) << 16, [], from: peer, to: own))
        #expect(try link.receive(endpoint) == nil)
        try link.host.close(endpoint)
        link.drain()
        #expect(link.areBuffersBack)
    }

    @Test("Only requests are sent", arguments: 0..<2)
    func onlyRequests(_ number: Int) throws {
        let (own, peer, _) = Self.families[number]
        let link = BareLinks()
        let endpoint = link.host.open(.icmp, family: AddressFamily(of: own))
        let request: UInt8 = number == 0 ? 8 : 128
        for bad in [
            [], [request, 0, 0, 0, 0, 0, 0], [request, 1, 0, 0, 0, 0, 0, 0],
            [number == 0 ? 0 : 129, 0, 0, 0, 0, 0, 0, 0],
            [number == 0 ? 5 : 137, 0, 0, 0, 0, 0, 0, 0],
        ] as [[UInt8]] {
            #expect(throws: StackError.invalidArgument) {
                try link.host.send(endpoint, bad.span, to: name(peer))
            }
        }
        #expect(link.take() == nil)
    }

    @Test("Identifiers are an endpoint's own, asked for or given", arguments: 0..<2)
    func identifiers(_ number: Int) throws {
        let (own, peer, _) = Self.families[number]
        let link = BareLinks()
        let family = AddressFamily(of: own)
        let one = link.host.open(.icmp, family: family)
        let two = link.host.open(.icmp, family: family)
        try link.host.bind(one, to: name(own, 77))
        #expect(throws: StackError.addressInUse) {
            try link.host.bind(two, to: name(family.unspecified, 77))
        }
        #expect(throws: StackError.invalidArgument) { try link.host.bind(one, to: name(own, 78)) }
        try link.host.connect(two, to: name(peer))
        #expect(try link.host.localAddress(of: two).port != 77)
        #expect(try link.host.localAddress(of: two).address == own)
        let kinds = link.host.sockets.map(\.kind)
        #expect(kinds == [.icmp, .icmp])
    }

    @Test("Errors about an echo reach who sent it, and tell of whom (traceroute)", arguments: 0..<2)
    func errors(_ number: Int) throws {
        let (own, peer, header) = Self.families[number]
        let router: IPAddress =
            number == 0 ? .v4(10, 7, 0, 254) : BareLinks.address("2001:db8:7::fe")
        let link = BareLinks()
        let family = AddressFamily(of: own)
        let one = link.host.open(.icmp, family: family)
        let two = link.host.open(.icmp, family: family)
        for endpoint in [one, two] {
            try link.set(endpoint) {
                $0.keepsErrors = true
                $0.timeToLive = 1
            }
        }
        let request: UInt8 = number == 0 ? 8 : 128
        try link.host.send(two, [request, 0, 0, 0, 0, 0, 0, 1].span, to: name(peer))
        try link.host.send(one, [request, 0, 0, 0, 0, 0, 0, 1].span, to: name(peer))
        _ = link.take()
        let sent = try #require(link.take())
        #expect(sent[number == 0 ? 8 : 7] == 1 && sent.count == header + 8)
        link.inject(link.icmp(number == 0 ? 11 : 3, sent, from: router, to: own))
        let error = try #require(try link.host.nextError(of: one))
        #expect(error.reporter == router && error.reason == .hostUnreachable)
        #expect(error.destination.address == peer)
        #expect(try link.host.nextError(of: two) == nil)
    }
}
