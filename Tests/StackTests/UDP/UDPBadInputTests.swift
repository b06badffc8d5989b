import Memory
import Testing
import Wire

@testable import Stack

/// Datagrams that lie about themselves (RFC 768, RFC 8200 §8.1).
@Suite("Bad datagrams") struct UDPBadInputTests {
    private static let families: [(own: SocketAddress, peer: SocketAddress)] = [
        (
            SocketAddress(address: BareLinks.own4, port: 7),
            SocketAddress(address: BareLinks.peer4, port: 1000)
        ),
        (
            SocketAddress(address: BareLinks.own6, port: 7),
            SocketAddress(address: BareLinks.peer6, port: 1000)
        ),
    ]

    @Test("A length below eight or past the packet is dropped and counted", arguments: 0..<2)
    func lengths(_ family: Int) throws {
        let (own, peer) = Self.families[family]
        let link = BareLinks()
        let endpoint = try link.bound(own)
        for length: [UInt8] in [[0, 0], [0, 7], [0, 12], [255, 255]] {
            link.inject(
                link.udp(from: peer, to: own, [1, 2, 3]) { $0.replaceSubrange(4..<6, with: length) }
            )
        }
        #expect(link.host.counters[.udpMalformed] == 4)
        #expect(try link.marks(endpoint) == [])
    }

    @Test("Every truncation of the header is dropped", arguments: 0..<2)
    func truncated(_ family: Int) throws {
        let (own, peer) = Self.families[family]
        let link = BareLinks()
        _ = try link.bound(own)
        for count in 0..<8 {
            link.inject(
                link.udp(from: peer, to: own, []) { $0.removeLast($0.count - count) })
        }
        #expect(link.host.counters[.udpMalformed] == 8)
    }

    @Test(
        "What follows the length within the IP packet is not part of the datagram",
        arguments: 0..<2)
    func trailing(_ family: Int) throws {
        let (own, peer) = Self.families[family]
        let link = BareLinks()
        let endpoint = try link.bound(own)
        link.inject(link.udp(from: peer, to: own, [1, 2, 3]) { $0 += [9, 9, 9, 9] })
        #expect(try link.receive(endpoint)?.bytes == [1, 2, 3])
    }

    @Test("A wrong checksum is dropped, in each byte of header and payload", arguments: 0..<2)
    func wrongSum(_ family: Int) throws {
        let (own, peer) = Self.families[family]
        let link = BareLinks()
        let endpoint = try link.bound(own)
        for offset in [0, 1, 6, 7, 8, 9, 10] {
            link.inject(link.udp(from: peer, to: own, [1, 2, 3]) { $0[offset] ^= 0x40 })
        }
        #expect(link.host.counters[.udpBadChecksum] == 7)
        #expect(try link.marks(endpoint) == [])
    }

    @Test("No checksum is legal over IPv4 and not over IPv6 (RFC 8200 §8.1)", arguments: 0..<2)
    func noSum(_ family: Int) throws {
        let (own, peer) = Self.families[family]
        let link = BareLinks()
        let endpoint = try link.bound(own)
        link.inject(
            link.udp(from: peer, to: own, [5]) { $0.replaceSubrange(6..<8, with: [0, 0]) })
        #expect(try link.marks(endpoint) == (family == 0 ? [5] : []))
        #expect(link.host.counters[.udpBadChecksum] == (family == 0 ? 0 : 1))
    }

    @Test("Port 0 is nobody's to receive on and nobody's to send to", arguments: 0..<2)
    func portZero(_ family: Int) throws {
        let (own, peer) = Self.families[family]
        let link = BareLinks()
        let endpoint = try link.bound(own)
        let nobody = SocketAddress(address: own.address, port: 0)
        link.inject(link.udp(from: peer, to: nobody, [1]))
        #expect(link.host.counters[.udpNoPort] == 1)
        #expect(throws: StackError.invalidArgument) {
            try link.host.send(
                endpoint, [1].span, to: SocketAddress(address: peer.address, port: 0))
        }
        // From port 0 is legal: the sender wants no answer (RFC 768).
        link.inject(link.udp(from: SocketAddress(address: peer.address, port: 0), to: own, [2]))
        #expect(try link.marks(endpoint) == [2])
    }

    @Test("A sum that comes to zero is sent as 0xFFFF (RFC 768)", arguments: 0..<2)
    func zeroSum(_ family: Int) throws {
        let (own, peer) = Self.families[family]
        let link = BareLinks()
        let endpoint = try link.bound(own)
        // The payload's sum makes up for all the rest.
        let probe = BareLinks.datagram(from: own, to: peer, [0, 0])
        try link.host.send(endpoint, [probe[6], probe[7]].span, to: peer)
        let sent = try #require(link.take())
        let header = family == 0 ? 20 : 40
        #expect(Array(sent[(header + 6)..<(header + 8)]) == [0xFF, 0xFF])
    }

    @Test("Floods that nobody reads stay within the receive buffer, and those of many sockets")
    func floods() throws {
        let (own, peer) = Self.families[0]
        let link = BareLinks()
        var endpoints: [EndpointID] = []
        for port in 100..<140 as Range<UInt16> {
            endpoints.append(try link.bound(SocketAddress(address: own.address, port: port)))
        }
        for port in 100..<140 as Range<UInt16> {
            for _ in 0..<200 {
                link.inject(
                    link.udp(
                        from: peer, to: SocketAddress(address: own.address, port: port), [1]))
            }
        }
        // A quarter of the memory is left for packets that pass.
        #expect(link.pools.available.frames >= link.pools.capacity.frames / 4)
        #expect(link.host.counters[.udpQueueFull] > 0 && link.host.counters[.noBuffer] > 0)
        link.inject(
            link.icmp(8, rest: 1, [1, 2, 3], from: BareLinks.peer4, to: BareLinks.own4))
        #expect(link.host.counters[.icmpEchoesAnswered] == 1)
        for endpoint in endpoints { try link.host.close(endpoint) }
        link.drain()
        #expect(link.areBuffersBack)
    }
}
