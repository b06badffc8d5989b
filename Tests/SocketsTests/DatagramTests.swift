import Devices
import Glibc
import Sockets
import Stack
import Testing
import Wire

@Suite("Datagram sockets", .timeLimit(.minutes(1)))
struct DatagramTests {
    @Test("a datagram comes back to where it came from")
    func echo() async throws {
        let net = try Wired()
        defer { net.end() }
        let server = Socket(.datagram, on: net.right)
        try server.bind(to: Wired.address(2, 7))
        let client = Socket(.datagram, on: net.left)
        try client.send(Array("ping".utf8).span, to: Wired.address(2, 7))
        var buffer = [UInt8](repeating: 0, count: 100)
        let question = try await server.receiveDatagram(into: &buffer)
        #expect(question.source == (try client.localAddress).with(address: .v4(10, 0, 0, 1)))
        try server.send(buffer.span.extracting(first: question.count), to: question.source)
        let answer = try await client.receiveDatagram(into: &buffer)
        #expect(answer.source == Wired.address(2, 7))
        #expect(Array(buffer[..<answer.count]) == Array("ping".utf8))
    }

    @Test("a connected socket learns that nobody is there")
    func refused() async throws {
        let net = try Wired()
        defer { net.end() }
        let client = Socket(.datagram, on: net.left)
        try await client.connect(to: Wired.address(2, 9999))
        try client.send(Array("?".utf8).span, to: nil)
        var buffer = [UInt8](repeating: 0, count: 10)
        var code: CInt = 0
        do throws(SocketError) {
            _ = try await client.receiveDatagram(into: &buffer)
        } catch {
            code = error.code
        }
        #expect(code == ECONNREFUSED)
    }

    @Test("a datagram that does not fit the link is refused")
    func tooLong() throws {
        let net = try Wired()
        defer { net.end() }
        let client = Socket(.datagram, on: net.left)
        let payload = [UInt8](repeating: 0, count: 1473)
        #expect(throws: SocketError(EMSGSIZE, in: "sendto")) {
            try client.send(payload.span, to: Wired.address(2, 7))
        }
    }
}

extension SocketAddress {
    func with(address: IPAddress) -> SocketAddress { SocketAddress(address: address, port: port) }
}
