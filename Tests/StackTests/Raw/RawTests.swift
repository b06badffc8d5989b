import Memory
import Testing
import Wire

@testable import Stack

/// Endpoints that see all of a protocol's packets (raw(7), RFC 3542).
@Suite("Raw endpoints") struct RawTests {
    private static let families: [(own: IPAddress, peer: IPAddress, header: Int)] = [
        (BareLinks.own4, BareLinks.peer4, 20), (BareLinks.own6, BareLinks.peer6, 40),
    ]
    private static let custom = IPProtocol(rawValue: 253)

    private func name(_ address: IPAddress) -> SocketAddress {
        SocketAddress(address: address, port: 0)
    }

    private func open(
        _ link: BareLinks, _ proto: IPProtocol, like address: IPAddress
    ) -> EndpointID {
        link.host.open(.raw(proto), family: AddressFamily(of: address))
    }

    @Test(
        "A protocol of one's own: sent behind a header of the host's, received from its peer",
        arguments: 0..<2)
    func ownProtocol(_ number: Int) throws {
        let (own, peer, header) = Self.families[number]
        let link = BareLinks()
        let endpoint = open(link, Self.custom, like: own)
        try link.host.send(endpoint, [1, 2, 3].span, to: name(peer))
        let sent = try #require(link.take())
        #expect(Array(sent[header...]) == [1, 2, 3])
        #expect(sent[number == 0 ? 9 : 6] == 253)
        let packet = link.packet(
            Self.custom, [4, 5], from: peer, to: own, hops: 3, trafficClass: 8)
        link.inject(packet)
        let received = try #require(try link.receive(endpoint))
        // Of IPv4 the reader sees the header, of IPv6 it does not (RFC 3542 §3).
        #expect(received.bytes == (number == 0 ? packet : [4, 5]))
        #expect(received.datagram.source == name(peer))
        #expect(received.datagram.destination == name(own))
        #expect(received.datagram.timeToLive == 3 && received.datagram.trafficClass == 8)
        // Somebody speaks it: nothing is unreachable.
        #expect(link.take() == nil)
        #expect(link.host.counters[.ipUnknownProtocol] == 0)
        try link.host.close(endpoint)
        link.inject(packet)
        #expect(link.take() != nil)
        #expect(link.host.counters[.ipUnknownProtocol] == 1)
        link.drain()
        #expect(link.areBuffersBack)
    }

    @Test("Every endpoint that fits gets a copy, and so does the protocol", arguments: 0..<2)
    func copies(_ number: Int) throws {
        let (own, peer, header) = Self.families[number]
        let link = BareLinks()
        let one = open(link, .udp, like: own)
        let two = open(link, .udp, like: own)
        let other = open(link, .tcp, like: own)
        let port = SocketAddress(address: own, port: 7)
        let datagrams = try link.bound(port)
        let packet = link.udp(from: SocketAddress(address: peer, port: 9), to: port, [5])
        link.inject(packet)
        let expected = number == 0 ? packet : Array(packet[header...])
        #expect(try link.receive(one)?.bytes == expected)
        #expect(try link.receive(two)?.bytes == expected)
        #expect(try link.receive(other) == nil)
        #expect(try link.marks(datagrams) == [5])
        // For nobody of UDP, the answer is UDP's all the same.
        try link.host.close(datagrams)
        link.inject(packet)
        #expect(link.take() != nil)
    }

    @Test("Addresses, peers and interfaces narrow what an endpoint sees", arguments: 0..<2)
    func narrow(_ number: Int) throws {
        let (own, peer, _) = Self.families[number]
        let second = number == 0 ? BareLinks.second4 : BareLinks.second6
        let other: IPAddress =
            number == 0 ? .v4(10, 7, 0, 3) : BareLinks.address("2001:db8:7::3")
        let link = BareLinks()
        let byAddress = open(link, Self.custom, like: own)
        try link.host.bind(byAddress, to: name(second))
        let byPeer = open(link, Self.custom, like: own)
        try link.host.connect(byPeer, to: name(other))
        let byInterface = open(link, Self.custom, like: own)
        try link.set(byInterface) { $0.boundInterface = link.second }
        func mark(_ value: UInt8, _ from: IPAddress, _ to: IPAddress, _ on: InterfaceID) {
            link.inject(link.packet(Self.custom, [value], from: from, to: to), on: on)
        }
        mark(1, peer, own, link.first)
        mark(2, peer, second, link.first)
        mark(3, other, own, link.first)
        mark(4, peer, own, link.second)
        func last(_ endpoint: EndpointID) throws -> [UInt8] {
            var marks: [UInt8] = []
            while let next = try link.receive(endpoint) { marks.append(next.bytes.last ?? 0) }
            return marks
        }
        #expect(try last(byAddress) == [2])
        #expect(try last(byPeer) == [3])
        #expect(try last(byInterface) == [4])
        // A raw endpoint may take another address, but none of the other family or of others.
        try link.host.bind(byAddress, to: name(own))
        mark(5, peer, own, link.first)
        #expect(try last(byAddress) == [5])
        #expect(throws: StackError.addressNotAvailable) {
            try link.host.bind(byAddress, to: name(peer))
        }
        #expect(throws: StackError.addressFamilyNotSupported) {
            try link.host.bind(byAddress, to: name(Self.families[1 - number].own))
        }
        #expect(throws: StackError.addressFamilyNotSupported) {
            try link.host.send(byAddress, [1].span, to: name(Self.families[1 - number].peer))
        }
    }

    @Test("A filter keeps types of ICMP away (ICMP_FILTER; RFC 3542 §3.2)", arguments: 0..<2)
    func filter(_ number: Int) throws {
        let (own, peer, _) = Self.families[number]
        let link = BareLinks()
        let all = open(link, number == 0 ? .icmp : .icmpv6, like: own)
        let some = open(link, number == 0 ? .icmp : .icmpv6, like: own)
        let reply: UInt8 = number == 0 ? 0 : 129
        var filter = ICMPFilter.blockingAll
        filter[reply] = true
        #expect(filter[reply] && !filter[8] && !filter[255] && !filter[63] && !filter[64])
        try link.host.setFilter(filter, of: some)
        for type in [number == 0 ? 8 : 128, reply] as [UInt8] {
            link.inject(link.icmp(type, rest: 1, [1], from: peer, to: own))
        }
        #expect(try link.receive(all) != nil)
        #expect(try link.receive(all) != nil)
        #expect(try link.receive(some) != nil)
        #expect(try link.receive(some) == nil)
        // The request was answered all the same.
        #expect(link.host.counters[.icmpEchoesAnswered] == 1)
        let datagrams = link.host.open(.datagram)
        #expect(throws: StackError.notSupported) {
            try link.host.setFilter(filter, of: datagrams)
        }
    }

    @Test("Packets with a header of one's own: the host fills in what raw(7) says (IP_HDRINCL)")
    func headerIncluded() throws {
        for proto in [Self.custom, .raw] {
            let link = BareLinks()
            let endpoint = link.host.open(.raw(proto))
            if proto != .raw { try link.set(endpoint) { $0.includesHeader = true } }
            var packet = link.packet(
                .udp, [1, 2, 3, 4, 5], from: .unspecifiedV4, to: BareLinks.peer4, hops: 5)
            packet.replaceSubrange(2..<6, with: [0, 0, 0, 0])
            packet.replaceSubrange(10..<12, with: [0xBA, 0xD0])
            try link.host.send(endpoint, packet.span, to: name(BareLinks.peer4))
            let sent = try #require(link.take())
            #expect(Array(sent[2..<4]) == [0, 25])
            #expect(Array(sent[4..<6]) != [0, 0])
            #expect(Array(sent[12..<16]) == [10, 7, 0, 1])
            #expect(sent[8] == 5 && sent[9] == 17)
            var sum = InternetChecksum()
            sum.add(sent.span.extracting(first: 20))
            #expect(sum.value == 0)
            // What is given is kept, a source that is not ours too.
            packet.replaceSubrange(4..<6, with: [0x12, 0x34])
            packet.replaceSubrange(12..<16, with: [192, 0, 2, 1])
            try link.host.send(endpoint, packet.span, to: name(BareLinks.peer4))
            let kept = try #require(link.take())
            #expect(Array(kept[4..<6]) == [0x12, 0x34])
            #expect(Array(kept[12..<16]) == [192, 0, 2, 1])
            // Never fragmented, and never without a whole header.
            let long = packet + [UInt8](repeating: 0, count: 1500)
            #expect(throws: StackError.messageTooLong) {
                try link.host.send(endpoint, long.span, to: name(BareLinks.peer4))
            }
            for bad in [
                [], Array(packet[..<19]), [0x44] + packet[1...], [0x4F] + packet[1...],
                [0x65] + packet[1...],
            ] {
                #expect(throws: StackError.invalidArgument) {
                    try link.host.send(endpoint, bad.span, to: name(BareLinks.peer4))
                }
            }
        }
    }

    @Test("Over IPv6 a header of one's own leaves as it is")
    func headerIncludedV6() throws {
        let link = BareLinks()
        let endpoint = link.host.open(.raw(.raw), family: .inet6)
        let packet = link.packet(
            Self.custom, [1, 2], from: BareLinks.address("2001:db8::99"), to: BareLinks.peer6)
        try link.host.send(endpoint, packet.span, to: name(BareLinks.peer6))
        #expect(link.take() == packet)
        #expect(throws: StackError.invalidArgument) {
            try link.host.send(
                endpoint, packet.span.extracting(first: 39), to: name(BareLinks.peer6))
        }
    }

    @Test("A raw endpoint of protocol 255 only sends, as on Linux")
    func sendOnly() throws {
        let link = BareLinks()
        let endpoint = link.host.open(.raw(.raw))
        link.inject(link.packet(.raw, [1], from: BareLinks.peer4, to: BareLinks.own4))
        #expect(try link.receive(endpoint) == nil)
    }

    @Test("IPv6 checksums are computed and verified where asked, of ICMPv6 always (RFC 3542 §3.1)")
    func checksums() throws {
        let link = BareLinks()
        let (own, peer) = (BareLinks.own6, BareLinks.peer6)
        let endpoint = link.host.open(.raw(Self.custom), family: .inet6)
        try link.set(endpoint) { $0.checksumOffset = 4 }
        try link.host.send(endpoint, [1, 2, 3, 4, 0, 0, 9].span, to: name(peer))
        let sent = try #require(link.take())
        var expected: [UInt8] = [1, 2, 3, 4, 0, 0, 9]
        BareLinks.fill(&expected, at: 4, Self.custom, from: own, to: peer)
        #expect(Array(sent[40...]) == expected)
        BareLinks.fill(&expected, at: 4, Self.custom, from: peer, to: own)
        link.inject(link.packet(Self.custom, expected, from: peer, to: own))
        #expect(try link.receive(endpoint)?.bytes == expected)
        expected[6] = 1
        link.inject(link.packet(Self.custom, expected, from: peer, to: own))
        link.inject(link.packet(Self.custom, [1, 2, 3, 4, 5], from: peer, to: own))
        #expect(try link.receive(endpoint) == nil)
        #expect(link.host.counters[.rawBadChecksum] == 2)
        #expect(throws: StackError.invalidArgument) {
            try link.host.send(endpoint, [1, 2, 3, 4, 5].span, to: name(peer))
        }
        let icmp = link.host.open(.raw(.icmpv6), family: .inet6)
        try link.host.send(icmp, [200, 0, 0, 0, 1, 2, 3, 4].span, to: name(peer))
        var message: [UInt8] = [200, 0, 0, 0, 1, 2, 3, 4]
        BareLinks.fill(&message, at: 2, .icmpv6, from: own, to: peer)
        #expect(try Array(#require(link.take())[40...]) == message)
    }

    @Test(
        "Connected, it learns of errors that last; a reader that does not read costs its buffer",
        arguments: 0..<2)
    func errors(_ number: Int) throws {
        let (own, peer, _) = Self.families[number]
        let link = BareLinks()
        let endpoint = open(link, Self.custom, like: own)
        let other = open(link, Self.custom, like: own)
        try link.host.connect(endpoint, to: name(peer))
        let quoted = link.packet(Self.custom, [UInt8](repeating: 1, count: 8), from: own, to: peer)
        link.inject(
            link.icmp(
                number == 0 ? 3 : 4, code: number == 0 ? 2 : 1, quoted, from: peer, to: own))
        #expect(try link.host.takeError(of: endpoint) == .connectionRefused)
        #expect(try link.host.takeError(of: other) == nil)
        for _ in 0..<200 { link.inject(link.packet(Self.custom, [1], from: peer, to: own)) }
        #expect(link.host.counters[.rawQueueFull] == 192)
        try link.host.close(endpoint)
        try link.host.close(other)
        #expect(link.areBuffersBack)
    }

    @Test("Large packets come whole, and up to what IP can say", arguments: 0..<2)
    func large(_ number: Int) throws {
        let (own, peer, header) = Self.families[number]
        let link = BareLinks(mtu: 9000)
        let endpoint = open(link, Self.custom, like: own)
        let payload = (0..<9000 - header).map { UInt8(truncatingIfNeeded: $0) }
        try link.host.send(endpoint, payload.span, to: name(peer))
        #expect(try Array(#require(link.take())[header...]) == payload)
        let packet = link.packet(Self.custom, payload, from: peer, to: own)
        link.inject(packet)
        #expect(try link.receive(endpoint)?.bytes == (number == 0 ? packet : payload))
        let tooLong = [UInt8](repeating: 0, count: 65_536 - (number == 0 ? 20 : 0))
        #expect(throws: StackError.messageTooLong) {
            try link.host.send(endpoint, tooLong.span, to: name(peer))
        }
    }
}
