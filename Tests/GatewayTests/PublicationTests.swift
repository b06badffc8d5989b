import Gateway
import Glibc
import Sockets
import Stack
import Testing
import Wire

/// Ports of the machine's on which sockets inside are reached.
@Suite("Gateway publication", .timeLimit(.minutes(1))) struct PublicationTests {
    /// Publishes a free port of the machine's for `inside`; where.
    private func publish(
        _ world: World, _ kind: EndpointKind, at machine: String, to inside: SocketAddress
    ) async throws -> SocketAddress {
        try await world.onGateway { gateway in
            try gateway.publish(kind, at: World.name(machine, 0), to: inside).address
        }
    }

    @Test(
        "A client of the machine's comes in under its own address",
        arguments: [
            ("127.0.0.1", "127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1", "0.0.0.0"),
            ("::1", "::1", "::1"), ("::", "127.0.0.1", "::"),
            ("127.0.0.1", "127.0.0.1", "10.0.2.15"),
        ])
    func trueSource(published: String, client: String, bound: String) async throws {
        let world = try World()
        let family = AddressFamily(of: World.address(bound))
        let listener = try world.socket(.stream, family)
        try listener.bind(to: World.name(bound, 8080))
        try listener.listen(backlog: 8)
        let port = try await publish(
            world, .stream, at: published, to: World.name(bound, 8080)
        ).port
        let socket = try Socket(
            .stream, family: AddressFamily(of: World.address(client)), on: World.machine)
        try await socket.connect(to: World.name(client, port))
        let accepted = try await listener.accept()
        #expect(try accepted.remoteAddress == socket.localAddress)
        try await socket.send([1, 2, 3])
        #expect(try await accepted.receive(upTo: 3) == [1, 2, 3])
        try await accepted.send([4, 5])
        accepted.close()
        #expect(try await socket.receive(upTo: 10) == [4, 5])
    }

    @Test("Nobody listens inside: the client is reset")
    func refusedInside() async throws {
        let world = try World()
        let address = try await publish(
            world, .stream, at: "127.0.0.1", to: World.name("127.0.0.1", 81))
        let socket = try Socket(.stream, on: World.machine)
        try await socket.connect(to: address)
        var buffer = [UInt8](repeating: 0, count: 8)
        let code = await Socket.code { _ = try await socket.receive(into: &buffer) }
        #expect(code == ECONNRESET)
    }

    @Test("A port that somebody has cannot be reserved; one that was closed can")
    func conflicts() async throws {
        let world = try World()
        let taken = try World.listener()
        let name = try taken.localAddress
        let code = await Socket.code {
            try await world.onGateway { gateway in
                _ = try gateway.reserve(.stream, at: name)
            }
        }
        #expect(code == EADDRINUSE)
        let port = try await world.onGateway { gateway in
            let port = try gateway.reserve(.stream, at: World.name("127.0.0.1", 0))
            defer { port.close() }
            return port.address.port
        }
        let again = try Socket(.stream, on: World.machine)
        try again.bind(to: World.name("127.0.0.1", port))
    }

    @Test("A reserved port takes nobody before it is opened")
    func reserved() async throws {
        let world = try World()
        let port = try await world.onGateway { gateway in
            try gateway.reserve(.stream, at: World.name("127.0.0.1", 0)).address.port
        }
        let socket = try Socket(.stream, on: World.machine)
        let code = await Socket.code {
            try await socket.connect(to: World.name("127.0.0.1", port))
        }
        #expect(code == ECONNREFUSED)
    }

    @Test("Datagrams come in under their own address, and answers leave from the port")
    func datagrams() async throws {
        let world = try World()
        let server = try world.socket(.datagram, .inet, onLink: true)
        try server.bind(to: World.name("127.0.0.1", 5300))
        let address = try await publish(
            world, .datagram, at: "127.0.0.1", to: World.name("127.0.0.1", 5300))
        let client = try DatagramTests.machine()
        try client.give([1, 2], to: address)
        let (bytes, sender) = try await DatagramTests.next(server)
        #expect(bytes == [1, 2])
        #expect(try sender == client.localAddress)
        try server.give([3], to: sender)
        let (answer, source) = try await DatagramTests.next(client)
        #expect(answer == [3])
        #expect(source == address)
    }

    @Test("Where loopback does not cross, the gateway speaks for the machine's")
    func withoutCrossing() async throws {
        let world = try World { $0.insideTakesLoopback = false }
        let listener = try world.socket()
        try listener.bind(to: World.name("10.0.2.15", 8080))
        try listener.listen(backlog: 8)
        let address = try await publish(
            world, .stream, at: "127.0.0.1", to: World.name("0.0.0.0", 8080))
        let socket = try Socket(.stream, on: World.machine)
        try await socket.connect(to: address)
        let accepted = try await listener.accept()
        #expect(try accepted.remoteAddress.address == .v4(10, 0, 2, 2))
        #expect(try accepted.remoteAddress.port == socket.localAddress.port)
    }
}
