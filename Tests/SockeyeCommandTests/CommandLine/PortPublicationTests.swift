import Setup
import Testing
import Wire

@Suite("Ports that are published")
struct PortPublicationTests {
    @Test(
        "all forms",
        arguments: [
            ("8080:80", PortPublication(.tcp, 8080, to: 80)),
            ("8080", PortPublication(.tcp, 8080, to: 8080)),
            ("5353:53/udp", PortPublication(.udp, 5353, to: 53)),
            ("1:2/tcp", PortPublication(.tcp, 1, to: 2)),
            ("127.0.0.1:8080:80", PortPublication(.tcp, at: IPAddress("127.0.0.1"), 8080, to: 80)),
            ("[::1]:8080:80/udp", PortPublication(.udp, at: IPAddress("::1"), 8080, to: 80)),
        ])
    func forms(text: String, port: PortPublication) {
        #expect(PortPublication(text) == port)
    }

    @Test(
        "all else is none",
        arguments: [
            "", ":", "80:", ":80", "0:80", "80:0", "65536:80", "a:b", "80:80/sctp", "80:80/",
            "localhost:80:80", "::1:80:80", "[127.0.0.1]:80:80", "[::1]80:80", "[::1]:80",
            "1.2.3.4:80", "+80:80", "1:2:3:4",
        ])
    func none(text: String) {
        #expect(PortPublication(text) == nil)
    }
}
