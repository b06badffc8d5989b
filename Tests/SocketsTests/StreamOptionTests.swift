import Devices
import Glibc
import Sockets
import Stack
import Testing
import Wire

/// Urgent bytes, lingering and the options of single streams.
@Suite("Options of streams", .timeLimit(.minutes(1)))
struct StreamOptionTests {
    private func pair(_ net: Wired) async throws -> (client: Socket, server: Socket) {
        let listener = try net.listener(80)
        async let accepted = listener.accept()
        let client = Socket(.stream, on: net.left)
        try await client.connect(to: Wired.address(2, 80))
        return (client, try await accepted)
    }

    @Test("an urgent byte goes past the stream, and its place stays marked")
    func urgent() async throws {
        let net = try Wired()
        defer { net.end() }
        let (client, server) = try await pair(net)
        try await client.send([1, 2])
        try await client.sendUrgent(9)
        try await server.wait(for: .priority)
        #expect(try server.receiveUrgent() == 9)
        #expect(try !server.isAtMark)
        var buffer = [UInt8](repeating: 0, count: 10)
        var count = 0
        while count < 2 { count += try await server.receive(into: &buffer) }
        #expect(try server.isAtMark)
        #expect(throws: SocketError(EINVAL, in: "recv")) { try server.receiveUrgent() }
    }

    @Test("closing waits until the peer has everything, or as long as it may")
    func lingering() async throws {
        let net = try Wired()
        defer { net.end() }
        let (client, server) = try await pair(net)
        try client.setOption(.lingering, .seconds(20))
        try await client.send([UInt8](repeating: 5, count: 100_000))
        #expect(await client.closeLingering())
        #expect(throws: SocketError(EBADF, in: "poll")) { try client.readiness }
        // A peer that reads nothing keeps it waiting no longer than was said.
        let (second, reader) = try await pair(net, port: 81)
        try second.setOption(.lingering, .seconds(1))
        // More than its window of a mebibyte, less than with our queue.
        var sent = 0
        while sent < 3 << 19 {
            let room = try? second.sendNow([UInt8](repeating: 5, count: 100_000).span)
            sent += room ?? 0
            if room == nil { try await Task.sleep(for: .milliseconds(1)) }
        }
        let isDrained = await second.closeLingering()
        #expect(!isDrained)
        // Without the option there is nothing to wait for.
        let (third, _) = try await pair(net, port: 82)
        #expect(await third.closeLingering())
        server.close()
        reader.close()
    }

    private func pair(
        _ net: Wired, port: UInt16
    ) async throws -> (client: Socket, server: Socket) {
        let listener = try net.listener(port)
        async let accepted = listener.accept()
        let client = Socket(.stream, on: net.left)
        try await client.connect(to: Wired.address(2, port))
        return (client, try await accepted)
    }

    @Test("a stream over IPv6, on one host and by name of its family")
    func inet6() async throws {
        let net = try Wired()
        defer { net.end() }
        let name = SocketAddress(address: IPAddress(IPv6Address.loopback), port: 80)
        let listener = Socket(.stream, family: .inet6, on: net.left)
        try listener.bind(to: SocketAddress(address: .unspecifiedV6, port: 80))
        try listener.listen()
        async let accepted = listener.accept()
        let client = Socket(.stream, family: .inet6, on: net.left)
        try await client.connect(to: name)
        let server = try await accepted
        try await client.send([1, 2, 3])
        var buffer = [UInt8](repeating: 0, count: 10)
        #expect(try await server.receive(into: &buffer) == 3)
        #expect(try server.localAddress == name)
    }
}
