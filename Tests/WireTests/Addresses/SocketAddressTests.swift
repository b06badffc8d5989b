import Memory
import Testing
import Wire

@Suite("Socket addresses")
struct SocketAddressTests {
    @Test(
        "text is read and written (RFC 5952 §6)",
        arguments: [
            ("10.7.0.2:80", "10.7.0.2:80"), ("0.0.0.0:0", "0.0.0.0:0"),
            ("255.255.255.255:65535", "255.255.255.255:65535"), ("[::1]:80", "[::1]:80"),
            ("[2001:DB8:0:0::1]:443", "[2001:db8::1]:443"), ("[::]:0", "[::]:0"),
            ("[1:2:3:4:5:6:255.255.255.255]:65535", "[1:2:3:4:5:6:ffff:ffff]:65535"),
            ("[::ffff:10.7.0.2]:80", "10.7.0.2:80"),
            (
                "[1111:2222:3333:4444:5555:6666:123.123.123.123]:12345",
                "[1111:2222:3333:4444:5555:6666:7b7b:7b7b]:12345"
            ),
        ])
    func text(text: String, canonical: String) {
        #expect(SocketAddress(text)?.description == canonical)
    }

    @Test(
        "malformed text is refused",
        arguments: [
            "", ":", ":80", "10.7.0.2", "10.7.0.2:", "10.7.0.2:65536", "10.7.0.2:-1",
            "10.7.0.2:080", "10.7.0.2:80 ", "10.7.0.2:0x50", "10.7.0.2:80:80", "10.7.0.2 :80",
            "10.7.0:80", "::1:80", "[::1]", "[::1]:", "[::1]80", "[::1:80", "::1]:80", "[]:80",
            "[[::1]]:80", "[::1]:99999999999999999999", "[10.7.0.2]:80", "localhost:80", "*:80",
        ])
    func malformed(text: String) {
        #expect(SocketAddress(text) == nil)
    }

    @Test("parts come from their places")
    func parts() throws {
        let end = try #require(SocketAddress("10.7.0.2:80"))
        #expect(end == SocketAddress(address: .v4(10, 7, 0, 2), port: 80))
        #expect((end.address, end.port) == (.v4(10, 7, 0, 2), 80))
    }

    @Test("order is by address, then by port")
    func order() {
        let low = SocketAddress(address: .v4(10, 0, 0, 1), port: 9)
        #expect(low < SocketAddress(address: .v4(10, 0, 0, 1), port: 10))
        #expect(low < SocketAddress(address: .v4(10, 0, 0, 2), port: 1))
    }
}
