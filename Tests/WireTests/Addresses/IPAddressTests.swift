import Memory
import Testing
import Wire

@Suite("Addresses of either family")
struct IPAddressTests {
    @Test("an IPv4 address is held as its mapped form and comes back (RFC 4291 §2.5.5.2)")
    func mapped() throws {
        let address = IPAddress.v4(192, 0, 2, 1)
        #expect((address.high, address.low) == (0, 0x0000_FFFF_C000_0201))
        #expect(address.isIPv4)
        #expect(address.v4 == IPv4Address(192, 0, 2, 1))
        #expect(address.v6.description == "::ffff:192.0.2.1")
        #expect(IPAddress(address.v6) == address)
        #expect((address.byteCount, address.bitCount) == (4, 32))
    }

    @Test("an IPv6 address is no IPv4 address")
    func native() throws {
        let address = try #require(IPAddress("2001:db8::1"))
        #expect(!address.isIPv4)
        #expect(address.v4 == nil)
        #expect(address.v6 == IPv6Address(high: 0x2001_0DB8_0000_0000, low: 1))
        #expect((address.byteCount, address.bitCount) == (16, 128))
        // IPv4-compatible is not IPv4-mapped.
        #expect(try !#require(IPAddress("::192.0.2.1")).isIPv4)
    }

    @Test(
        "text of both families is read and written",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("2001:DB8::1", "2001:db8::1"), ("::", "::"),
            ("0.0.0.0", "0.0.0.0"), ("::ffff:192.0.2.1", "192.0.2.1"),
        ])
    func text(text: String, canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
    }

    @Test(
        "malformed text is refused", arguments: ["", "1.2.3", "1.2.3.4.5", "1.2.3.4:5", ":", "x"])
    func malformed(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(
        "kinds are those of the family",
        arguments: [
            ("0.0.0.0", "unspecified"), ("::", "unspecified"), ("127.1.2.3", "loopback"),
            ("::1", "loopback"), ("224.0.0.1", "multicast"), ("ff02::1", "multicast"),
            ("169.254.1.1", "link-local"), ("fe80::1", "link-local"),
            ("255.255.255.255", "broadcast"), ("10.0.0.1", ""), ("2001:db8::1", ""),
        ])
    func kinds(text: String, kind: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.isUnspecified == (kind == "unspecified"))
        #expect(address.isLoopback == (kind == "loopback"))
        #expect(address.isMulticast == (kind == "multicast"))
        #expect(address.isLinkLocal == (kind == "link-local"))
        #expect(address.isBroadcast == (kind == "broadcast"))
    }

    @Test("the unspecified addresses of the families differ")
    func unspecified() {
        #expect(IPAddress.unspecifiedV4.description == "0.0.0.0")
        #expect(IPAddress.unspecifiedV6.description == "::")
        #expect(IPAddress.unspecifiedV4 != IPAddress.unspecifiedV6)
    }

    @Test("order is that of the bytes")
    func order() throws {
        #expect(IPAddress.v4(10, 0, 0, 1) < IPAddress.v4(10, 0, 0, 2))
        #expect(try IPAddress.v4(255, 0, 0, 1) < #require(IPAddress("2001:db8::1")))
    }
}
