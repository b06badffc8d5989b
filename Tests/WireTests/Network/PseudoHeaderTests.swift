import Memory
import Testing
import Wire

@Suite("Pseudo-headers (RFC 9293 §3.1, RFC 8200 §8.1)")
struct PseudoHeaderTests {
    @Test("IPv4's covers 12 bytes")
    func v4() {
        let sum = InternetChecksum.pseudoHeader(
            source: .v4(192, 0, 2, 1), destination: .v4(198, 51, 100, 2), proto: .tcp, length: 1460)
        #expect(sum.partial == 0xF1F1)
        #expect(~sum.partial == referenceChecksum(bytes("c0000201 c6336402 0006 05b4")))
    }

    @Test("IPv6's covers 40 bytes and lengths over 65,535")
    func v6() throws {
        let sum = InternetChecksum.pseudoHeader(
            source: try #require(IPAddress("2001:db8::1")),
            destination: try #require(IPAddress("2001:db8::2")), proto: .tcp, length: 70_000)
        #expect(sum.partial == 0x6CEC)
    }
}
