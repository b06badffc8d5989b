import Memory
import Testing
import Wire

@Suite("Prefixes (RFC 4632, RFC 4291 §2.3)")
struct IPPrefixTests {
    @Test(
        "text is read and written, the host's bits included",
        arguments: [
            "10.7.0.2/24", "0.0.0.0/0", "192.0.2.1/32", "2001:db8::1/64", "::/0", "::1/128",
        ]
    )
    func text(text: String) {
        #expect(IPPrefix(text)?.description == text)
    }

    @Test(
        "malformed text is refused",
        arguments: [
            "", "/", "10.7.0.2", "10.7.0.2/", "10.7.0.2/33", "10.7.0.2/-1", "10.7.0.2/024",
            "10.7.0.2/24 ", "10.7.0.2/255.255.255.0", "10.7.0/24", "/24", "10.7.0.2//24", "::/129",
            "::1", "::/", "::/1280", "::/99999999999999999999", "[::]/0", "10.7.0.2/24/24",
        ])
    func malformed(text: String) {
        #expect(IPPrefix(text) == nil)
    }

    @Test("a length beyond the address is refused")
    func lengths() throws {
        let v6 = try #require(IPAddress("2001:db8::1"))
        #expect(IPPrefix(address: .v4(10, 0, 0, 1), length: 32) != nil)
        #expect(IPPrefix(address: .v4(10, 0, 0, 1), length: 33) == nil)
        #expect(IPPrefix(address: .v4(10, 0, 0, 1), length: -1) == nil)
        #expect(IPPrefix(address: v6, length: 128) != nil)
        #expect(IPPrefix(address: v6, length: 129) == nil)
        #expect(IPPrefix(address: v6, length: .min) == nil)
    }

    @Test(
        "the network is the address without the host's bits",
        arguments: [
            ("10.7.9.2/24", "10.7.9.0/24"), ("10.7.9.2/0", "0.0.0.0/0"),
            ("10.7.9.2/1", "0.0.0.0/1"),
            ("200.7.9.2/1", "128.0.0.0/1"), ("10.7.9.3/31", "10.7.9.2/31"),
            ("10.7.9.2/32", "10.7.9.2/32"), ("2001:db8:ffff::1/33", "2001:db8:8000::/33"),
            ("2001:db8::ffff:1/63", "2001:db8::/63"),
            ("2001:db8:0:1::ffff/64", "2001:db8:0:1::/64"),
            ("1:2:3:4:ffff::/65", "1:2:3:4:8000::/65"), ("1::7/127", "1::6/127"),
            ("1::7/128", "1::7/128"), ("ffff::/0", "::/0"),
        ])
    func network(text: String, network: String) throws {
        let prefix = try #require(IPPrefix(text))
        #expect(prefix.masked.description == network)
        #expect(prefix.masked.address == prefix.network)
    }

    @Test(
        "an address is contained when the leading bits agree",
        arguments: [
            ("10.7.0.2/24", "10.7.0.255", true), ("10.7.0.2/24", "10.7.1.0", false),
            ("10.7.0.2/32", "10.7.0.2", true), ("10.7.0.2/32", "10.7.0.3", false),
            ("10.7.0.2/31", "10.7.0.3", true), ("10.7.0.2/31", "10.7.0.1", false),
            ("128.0.0.0/1", "255.255.255.255", true), ("128.0.0.0/1", "127.255.255.255", false),
            ("0.0.0.0/0", "255.255.255.255", true), ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::", false), ("1:2:3:4::/64", "1:2:3:4:ffff::", true),
            ("1:2:3:4::/64", "1:2:3:5::", false), ("1:2:3:4::/65", "1:2:3:4:8000::", false),
            ("::1/128", "::1", true), ("::1/128", "::2", false), ("::/0", "ffff::", true),
        ])
    func contains(prefix: String, address: String, expected: Bool) throws {
        let contained = try #require(IPPrefix(prefix)).contains(#require(IPAddress(address)))
        #expect(contained == expected)
    }

    @Test("no prefix contains an address of the other family")
    func families() {
        #expect(!IPPrefix.allIPv6.contains(.v4(10, 0, 0, 1)))
        #expect(!IPPrefix.allIPv4.contains(.unspecifiedV6))
        #expect(IPPrefix.allIPv4.contains(.v4(10, 0, 0, 1)))
        #expect(IPPrefix.allIPv6.contains(.unspecifiedV6))
    }

    @Test("a host's prefix contains the host alone")
    func host() throws {
        #expect(IPPrefix(host: .v4(10, 0, 0, 1)).description == "10.0.0.1/32")
        #expect(IPPrefix(host: try #require(IPAddress("::1"))).description == "::1/128")
    }

    @Test(
        "the broadcast address has all host's bits set (RFC 919 §7, RFC 3021)",
        arguments: [
            ("10.7.0.2/24", "10.7.0.255"), ("10.7.0.2/30", "10.7.0.3"),
            ("10.7.0.2/0", "255.255.255.255"), ("10.7.0.2/31", nil), ("10.7.0.2/32", nil),
            ("2001:db8::1/64", nil),
        ] as [(String, String?)])
    func broadcast(prefix: String, broadcast: String?) throws {
        #expect(try #require(IPPrefix(prefix)).broadcast?.description == broadcast)
    }

    @Test("shorter prefixes of one address come first")
    func order() throws {
        let short = try #require(IPPrefix("10.0.0.0/8"))
        let long = try #require(IPPrefix("10.0.0.0/24"))
        let other = try #require(IPPrefix("10.0.0.1/8"))
        #expect(short < long)
        #expect(long < other)
    }
}
