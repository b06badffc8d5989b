import Memory
import Testing
import Wire

@Suite("Options of neighbour discovery (RFC 4861 §4.6)")
struct NeighbourDiscoveryOptionsTests {
    let source = bytes("01 01 020000000001")
    let prefix = bytes(
        """
        03 04 40 c0 00278d00 00093a80 00000000 20010db8 00010002 00000000 00000000
        """)
    let mtu = bytes("05 01 0000 000005dc")

    @Test("each kind is found wherever it stands")
    func kinds() throws {
        let all =
            bytes("fd 02 000000000000 0000000000000000") + mtu + prefix
            + bytes("02 01 0203040506ff 0e 01 a1a2a3a4a5a6") + source
        let options = try NeighbourDiscoveryOptions(all.span)
        let (from, to) = (options.sourceLinkAddress, options.targetLinkAddress)
        #expect(from == MACAddress(2, 0, 0, 0, 0, 1))
        #expect(to == MACAddress(2, 3, 4, 5, 6, 255))
        let (link, nonce) = (options.mtu, options.nonce)
        #expect(link == 1500)
        #expect(nonce == 0xA1A2_A3A4_A5A6)
        var offset = 0
        let first = options.nextPrefix(&offset)
        let second = options.nextPrefix(&offset)
        #expect(
            first
                == PrefixInformation(
                    prefix: try #require(IPPrefix("2001:db8:1:2::/64")), validLifetime: 2_592_000,
                    preferredLifetime: 604_800))
        #expect(second == nil)
    }

    @Test("none is found where there is none")
    func none() throws {
        let nothing: [UInt8] = []
        let options = try NeighbourDiscoveryOptions(nothing.span)
        let (from, to) = (options.sourceLinkAddress, options.targetLinkAddress)
        let (link, nonce) = (options.mtu, options.nonce)
        #expect(from == nil && to == nil && link == nil && nonce == nil)
        let quoted = options.redirectedPacket.count
        #expect(quoted == 0)
        var offset = 0
        let prefix = options.nextPrefix(&offset)
        let servers = options.nextRecursiveServers(&offset)
        #expect(prefix == nil && servers == nil)
    }

    @Test("a length of zero is refused wherever it stands (§4.6)")
    func zeroLength() {
        for bytes in [
            source.with(0, at: 1), mtu + source.with(0, at: 1), prefix.with(0, at: 1),
            source.with(0, at: 1) + mtu,
        ] {
            #expect(refusal { _ = try NeighbourDiscoveryOptions(bytes.span) } == .badOption)
        }
    }

    @Test("every truncation and every length past the end is refused")
    func truncated() {
        for count in 1..<32 {
            let short = Array(prefix.prefix(count))
            #expect(refusal { _ = try NeighbourDiscoveryOptions(short.span) } == .badOption)
        }
        for length: UInt8 in [2, 3, 128, 255] {
            let long = source.with(length, at: 1)
            #expect(refusal { _ = try NeighbourDiscoveryOptions(long.span) } == .badOption)
        }
    }

    @Test("known kinds of a size that is not theirs are passed over, the next one counts")
    func sizes() throws {
        let wrong =
            bytes("01 02 020000000009 0000000000000000 05 02 0000 00000500 0000000000000000")
            + bytes("03 01 40c0 00000000 19 01 0000 00000000 19 02 0000 00000001 0000000000000000")
            + source
        let options = try NeighbourDiscoveryOptions(wrong.span)
        let (from, link) = (options.sourceLinkAddress, options.mtu)
        #expect(from == MACAddress(2, 0, 0, 0, 0, 1) && link == nil)
        var offset = 0
        let prefix = options.nextPrefix(&offset)
        offset = 0
        let servers = options.nextRecursiveServers(&offset)
        #expect(prefix == nil && servers == nil)
    }

    @Test(
        "the flags of a prefix are told apart",
        arguments: [(0x80, true, false), (0x40, false, true)])
    func flags(byte: UInt8, isOnLink: Bool, isAutonomous: Bool) throws {
        let bytes = prefix.with(byte | 0x3F, at: 3)
        var offset = 0
        let read = try NeighbourDiscoveryOptions(bytes.span).nextPrefix(&offset)
        #expect(read?.isOnLink == isOnLink && read?.isAutonomous == isAutonomous)
    }

    @Test("prefixes longer than an address, and of IPv4, are passed over")
    func badPrefixes() throws {
        let mapped = bytes(
            "03 04 60 c0 00000001 00000001 00000000 00000000 00000000 0000ffff c0000200")
        for bytes in [prefix.with(129, at: 2), prefix.with(255, at: 2), mapped] {
            let both = bytes + prefix
            var offset = 0
            let options = try NeighbourDiscoveryOptions(both.span)
            let read = options.nextPrefix(&offset)?.prefix
            #expect(read == IPPrefix("2001:db8:1:2::/64"))
            let more = options.nextPrefix(&offset)
            #expect(more == nil)
        }
    }

    @Test("a hundred prefixes are walked one by one")
    func manyPrefixes() throws {
        let many = (0..<100).flatMap { prefix.with(UInt8($0), at: 23) }
        let options = try NeighbourDiscoveryOptions(many.span)
        var offset = 0
        var networks: [UInt64] = []
        while let next = options.nextPrefix(&offset) { networks.append(next.prefix.address.high) }
        #expect(networks == (0..<100).map { 0x2001_0DB8_0001_0000 + $0 })
    }

    @Test("DNS servers are read from their list (RFC 8106 §5.1)")
    func servers() throws {
        let list = bytes(
            """
            19 05 0000 00000708 20010db8 00000000 00000000 00000035
            20010db8 00000000 00000000 00000036
            """)
        let both = mtu + list + list.with(3, at: 1).prefix(24)
        let options = try NeighbourDiscoveryOptions(both.span)
        var offset = 0
        let list1 = options.nextRecursiveServers(&offset)
        let first = try #require(list1)
        #expect(first.lifetime == 1800 && first.count == 2)
        let (one, two) = (options.server(0, of: first), options.server(1, of: first))
        #expect(one == IPv6Address("2001:db8::35") && two == IPv6Address("2001:db8::36"))
        let list2 = options.nextRecursiveServers(&offset)
        let second = try #require(list2)
        #expect(second.count == 1)
        let third = options.nextRecursiveServers(&offset)
        #expect(third == nil)
    }

    @Test("options are written to their bytes and no others")
    func write() throws {
        #expect(
            written(9) {
                NeighbourDiscoveryOption.sourceLinkAddress(MACAddress(2, 0, 0, 0, 0, 1))
                    .write(to: &$0, at: 0)
            } == source + [0xEE])
        #expect(written(8) { NeighbourDiscoveryOption.mtu(1500).write(to: &$0, at: 0) } == mtu)
        #expect(
            written(10) {
                NeighbourDiscoveryOption.targetLinkAddress(.broadcast).write(to: &$0, at: 1)
            } == bytes("ee 02 01 ffffffffffff ee"))
        #expect(
            written(8) { NeighbourDiscoveryOption.nonce(.max).write(to: &$0, at: 0) }
                == bytes("0e 01 ffffffffffff"))
        let information = PrefixInformation(
            prefix: try #require(IPPrefix("2001:db8:1:2::/64")), validLifetime: 2_592_000,
            preferredLifetime: 604_800)
        #expect(written(33) { information.write(to: &$0, at: 0) } == prefix + [0xEE])
    }
}
