import Memory
import Testing
import Wire

@Suite("IPv6 addresses")
struct IPv6AddressTests {
    @Test(
        "canonical text is written and read (RFC 5952)",
        arguments: [
            ("::", 0, 0),
            ("::1", 0, 1),
            ("1::", 0x0001_0000_0000_0000, 0),
            ("2001:db8::1", 0x2001_0DB8_0000_0000, 1),
            ("fe80::5efe:c000:201", 0xFE80_0000_0000_0000, 0x0000_5EFE_C000_0201),
            ("1:2:3:4:5:6:7:8", 0x0001_0002_0003_0004, 0x0005_0006_0007_0008),
            (
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0xFFFF_FFFF_FFFF_FFFF,
                0xFFFF_FFFF_FFFF_FFFF
            ),
            // §4.2.2: one zero group is written out.
            ("2001:db8:0:1:1:1:1:1", 0x2001_0DB8_0000_0001, 0x0001_0001_0001_0001),
            ("0:1:2:3:4:5:6:7", 0x0000_0001_0002_0003, 0x0004_0005_0006_0007),
            ("1:2:3:4:5:6:7:0", 0x0001_0002_0003_0004, 0x0005_0006_0007_0000),
            // §4.2.3: the longest run; of equal ones the first.
            ("2001:0:0:1::1", 0x2001_0000_0000_0001, 1),
            ("2001:db8::1:0:0:1", 0x2001_0DB8_0000_0000, 0x0001_0000_0000_0001),
            ("2001::1:0:0:1:0", 0x2001_0000_0000_0001, 0x0000_0000_0001_0000),
            ("::1:0:0:1:0", 0x0000_0000_0000_0001, 0x0000_0000_0001_0000),
            ("1:0:0:1::", 0x0001_0000_0000_0001, 0),
            ("::2:3:4:5:6:7", 0x0000_0000_0002_0003, 0x0004_0005_0006_0007),
            ("1:2:3:4:5:6::", 0x0001_0002_0003_0004, 0x0005_0006_0000_0000),
            // §5: IPv4-mapped addresses end in a dotted quad, others do not.
            ("::ffff:192.0.2.1", 0, 0x0000_FFFF_C000_0201),
            ("::ffff:0.0.0.0", 0, 0x0000_FFFF_0000_0000),
            ("::fffe:c000:201", 0, 0x0000_FFFE_C000_0201),
            ("::c000:201", 0, 0xC000_0201),
            ("64:ff9b::c000:221", 0x0064_FF9B_0000_0000, 0xC000_0221),
        ] as [(String, UInt64, UInt64)])
    func canonical(text: String, high: UInt64, low: UInt64) {
        let address = IPv6Address(high: high, low: low)
        #expect(address.description == text)
        #expect(IPv6Address(text) == address)
    }

    @Test(
        "the other forms of RFC 4291 §2.2 are read too",
        arguments: [
            ("0:0:0:0:0:0:0:0", "::"),
            ("0000:0000:0000:0000:0000:0000:0000:0001", "::1"),
            ("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"),
            ("2001:DB8::8:800:200C:417A", "2001:db8::8:800:200c:417a"),
            ("FF01::101", "ff01::101"),
            ("::13.1.68.3", "::d01:4403"),
            ("0:0:0:0:0:0:13.1.68.3", "::d01:4403"),
            ("1:2:3:4:5:6:255.255.255.255", "1:2:3:4:5:6:ffff:ffff"),
            ("::2:3:4:5:6:1.2.3.4", "0:2:3:4:5:6:102:304"),
            ("1::1.2.3.4", "1::102:304"),
            ("::FFFF:129.144.52.38", "::ffff:129.144.52.38"),
            ("::ffff:8190:3426", "::ffff:129.144.52.38"),
            // A "::" for a single group, which RFC 5952 §4.2.2 forbids to write only.
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
            ("1:2:3::5:6:7:8", "1:2:3:0:5:6:7:8"),
            ("1:0:0:0:0:0:0:1", "1::1"),
        ])
    func otherForms(text: String, canonical: String) {
        #expect(IPv6Address(text)?.description == canonical)
    }

    @Test(
        "malformed text is refused",
        arguments: [
            "", ":", ":::", "::::", "1", "1:", ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:",
            ":1:2:3:4:5:6:7", ":2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:", "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8", "1::2::3", "::1::",
            "1:::2", "::1:", "12345::", "::12345", "00001::", "g::", "::g", "::-1", "1::%eth0",
            "fe80::1%1", " ::1", "::1 ", "::1\n", "::1\0", "[::1]", "::1/128", "::٠",
            "::1.2.3", "::1.2.3.", "::1.2.3.4.5", "::1.2.3.256", "::01.2.3.4", "::1.2.3.4:5",
            "1.2.3.4::", "1.2.3.4", "1:2:3:4:5:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4",
            "1:2:3:4:5:6:7:8:1.2.3.4", "::1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4a", "::a1.2.3.4",
            "::1:2:3:4:5:6:1.2.3.4",
        ])
    func malformed(text: String) {
        #expect(IPv6Address(text) == nil)
    }

    @Test("text that goes on for ever is refused")
    func long() {
        #expect(IPv6Address("::1" + String(repeating: " ", count: 100_000)) == nil)
        #expect(IPv6Address(String(repeating: "1:", count: 50_000)) == nil)
    }

    @Test("what is written is read back", arguments: 0..<64)
    func roundTrip(seed: UInt64) {
        // Groups are zero half the time, so that runs of all lengths come up.
        var random = TestRandom(seed: seed)
        var halves: [UInt64] = [0, 0]
        for group in 0..<8 where random.next() & 1 == 0 {
            halves[group / 4] |= (random.next() & 0xFFFF) << UInt64(16 * (group % 4))
        }
        let address = IPv6Address(high: halves[0], low: halves[1])
        #expect(IPv6Address(address.description) == address)
    }

    @Test("kinds are told apart at their edges (RFC 4291 §2.4)")
    func kinds() throws {
        #expect(IPv6Address.unspecified.isUnspecified)
        #expect(!IPv6Address.loopback.isUnspecified)
        #expect(IPv6Address.loopback.isLoopback)
        #expect(!IPv6Address(high: 1, low: 1).isLoopback)
        #expect(try #require(IPv6Address("ff00::")).isMulticast)
        #expect(try !#require(IPv6Address("fe00::")).isMulticast)
        #expect(try #require(IPv6Address("fe80::")).isLinkLocal)
        #expect(try #require(IPv6Address("febf:ffff::")).isLinkLocal)
        #expect(try !#require(IPv6Address("fec0::")).isLinkLocal)
        #expect(try #require(IPv6Address("::ffff:0.0.0.0")).isIPv4Mapped)
        #expect(try !#require(IPv6Address("::1:0.0.0.0")).isIPv4Mapped)
        #expect(try !#require(IPv6Address("1::ffff:0.0.0.0")).isIPv4Mapped)
    }

    @Test("the groups of every link (RFC 4291 §2.7.1)")
    func groups() throws {
        #expect(IPv6Address.allNodes.description == "ff02::1")
        #expect(IPv6Address.allRouters.description == "ff02::2")
        let address = try #require(IPv6Address("4037::1:800:200e:8c6c"))
        #expect(address.solicitedNode.description == "ff02::1:ff0e:8c6c")
        #expect(address.solicitedNode.isSolicitedNode)
        #expect(!IPv6Address.allNodes.isSolicitedNode)
        #expect(try !#require(IPv6Address("ff02::1:fe0e:8c6c")).isSolicitedNode)
        #expect(try !#require(IPv6Address("ff02::2:ff0e:8c6c")).isSolicitedNode)
        #expect(try !#require(IPv6Address("ff05::1:ff0e:8c6c")).isSolicitedNode)
    }

    @Test("order is that of the bytes")
    func order() {
        #expect(IPv6Address(high: 1, low: 0) > IPv6Address(high: 0, low: .max))
        #expect(IPv6Address(high: 1, low: 1) < IPv6Address(high: 1, low: 2))
    }
}
