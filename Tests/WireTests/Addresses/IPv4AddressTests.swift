import Memory
import Testing
import Wire

@Suite("IPv4 addresses")
struct IPv4AddressTests {
    @Test(
        "text and number are the same address",
        arguments: [
            ("0.0.0.0", 0), ("255.255.255.255", 0xFFFF_FFFF), ("192.0.2.1", 0xC000_0201),
            ("10.100.9.99", 0x0A64_0963), ("1.2.3.4", 0x0102_0304),
        ] as [(String, UInt32)])
    func text(text: String, number: UInt32) {
        #expect(IPv4Address(text)?.rawValue == number)
        #expect(IPv4Address(number).description == text)
    }

    @Test(
        "anything but four plain numbers up to 255 is refused",
        arguments: [
            "", ".", "...", "1", "1.2", "1.2.3", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4.",
            "1.2.3.4.5", "256.0.0.1", "0.0.0.256", "1.2.3.999", "1.2.3.4294967297",
            "1.2.3.99999999999999999999999999", "01.2.3.4", "1.2.3.04", "00.0.0.0", "0x7f.0.0.1",
            "1.2.3.-4", "+1.2.3.4", " 1.2.3.4", "1.2.3.4 ", "1.2.3.4\n", "1.2.3.4\0", "1.2.3.a",
            "1,2,3,4", "1.2.3.٤", "::1.2.3.4", "1.2.3.4/24", "1.2.3.4:80", "2130706433",
        ])
    func malformed(text: String) {
        #expect(IPv4Address(text) == nil)
        #expect(IPAddress(text)?.isIPv4 != true)
    }

    @Test("text that goes on for ever is refused")
    func long() {
        #expect(IPv4Address("1.2.3.4" + String(repeating: " ", count: 100_000)) == nil)
        #expect(IPv4Address(String(repeating: "1", count: 100_000)) == nil)
    }

    @Test("blocks are told apart at their edges (RFC 1122 §3.2.1.3, RFC 5771, RFC 3927)")
    func blocks() {
        #expect(IPv4Address.unspecified.isUnspecified)
        #expect(!IPv4Address(0, 0, 0, 1).isUnspecified)
        #expect(IPv4Address(0, 255, 255, 255).isThisNetwork)
        #expect(!IPv4Address(1, 0, 0, 0).isThisNetwork)
        #expect(IPv4Address.loopback == IPv4Address(127, 0, 0, 1))
        #expect(IPv4Address(127, 255, 255, 255).isLoopback)
        #expect(!IPv4Address(126, 255, 255, 255).isLoopback)
        #expect(!IPv4Address(128, 0, 0, 0).isLoopback)
        #expect(!IPv4Address(223, 255, 255, 255).isMulticast)
        #expect(IPv4Address(224, 0, 0, 0).isMulticast)
        #expect(IPv4Address(239, 255, 255, 255).isMulticast)
        #expect(!IPv4Address(240, 0, 0, 0).isMulticast)
        #expect(IPv4Address.broadcast.isBroadcast)
        #expect(!IPv4Address.broadcast.isMulticast)
        #expect(!IPv4Address(10, 0, 0, 255).isBroadcast)
        #expect(IPv4Address(169, 254, 0, 0).isLinkLocal)
        #expect(!IPv4Address(169, 255, 0, 0).isLinkLocal)
    }

    @Test("order is that of the numbers")
    func order() {
        #expect(IPv4Address(9, 255, 0, 0) < IPv4Address(10, 0, 0, 0))
        #expect(IPv4Address(200, 0, 0, 0) > IPv4Address(100, 0, 0, 0))
    }
}
