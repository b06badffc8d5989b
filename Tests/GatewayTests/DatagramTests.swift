import Devices
import Gateway
import Glibc
import Sockets
import Stack
import Testing
import Wire

/// Datagrams and echoes through the gateway.
@Suite("Gateway datagrams", .timeLimit(.minutes(1))) struct DatagramTests {
    /// A datagram socket of the machine's on its loopback.
    static func machine(_ address: String = "127.0.0.1") throws -> Socket {
        let family = AddressFamily(of: World.address(address))
        let socket = try Socket(.datagram, family: family, on: World.machine)
        try socket.bind(to: World.name(address, 0))
        return socket
    }

    /// The next datagram: its bytes and its sender.
    static func next(_ socket: Socket) async throws -> ([UInt8], SocketAddress) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let message = try await socket.receiveMessage(into: &buffer)
        let source = try #require(message.source?.address)
        return (Array(buffer[..<message.count]), source)
    }

    @Test(
        "There and back, under the name that was sent to",
        arguments: [
            ("10.0.2.2", "127.0.0.1", false), ("127.0.0.1", "127.0.0.1", true),
            ("fd00:2::2", "::1", false), ("::1", "::1", true),
        ])
    func roundTrip(destination: String, machine: String, onLink: Bool) async throws {
        let world = try World()
        let server = try Self.machine(machine)
        let target = World.name(destination, try server.localAddress.port)
        let client = try world.socket(.datagram, AddressFamily(of: target.address), onLink: onLink)
        for size in [1, 1000, 9000] {
            let bytes = [UInt8](repeating: UInt8(size & 0xFF), count: size)
            try client.give(bytes, to: target)
            let (came, sender) = try await Self.next(server)
            #expect(came == bytes)
            try server.give(Array(came.reversed()), to: sender)
            let (answer, source) = try await Self.next(client)
            #expect(answer == bytes)
            #expect(source == target)
        }
    }

    @Test("One socket inside is one socket outside, and all may answer it")
    func endpointIndependent() async throws {
        let world = try World()
        let (one, two) = (try Self.machine(), try Self.machine())
        let client = try world.socket(.datagram)
        try client.give([1], to: World.name("10.0.2.2", try one.localAddress.port))
        try client.give([2], to: World.name("10.0.2.2", try two.localAddress.port))
        let (_, first) = try await Self.next(one)
        let (_, second) = try await Self.next(two)
        #expect(first == second)
        let third = try Self.machine()
        try third.give([3], to: first)
        let (bytes, source) = try await Self.next(client)
        #expect(bytes == [3])
        #expect(source == World.name("10.0.2.2", try third.localAddress.port))
    }

    @Test("Nobody there: the sender learns it", arguments: ["10.0.2.2", "fd00:2::2"])
    func refused(destination: String) async throws {
        let world = try World()
        let free = try Self.machine(destination == "10.0.2.2" ? "127.0.0.1" : "::1")
        let target = World.name(destination, try free.localAddress.port)
        free.close()
        let client = try world.socket(.datagram, AddressFamily(of: target.address))
        try await client.connect(to: target)
        try client.give([1])
        let code = await Socket.code { _ = try await Self.next(client) }
        #expect(code == ECONNREFUSED)
    }

    @Test("A flow that nothing passes is given up")
    func idle() async throws {
        let world = try World { $0.datagramPatience = .milliseconds(200) }
        let server = try Self.machine()
        let target = World.name("10.0.2.2", try server.localAddress.port)
        let client = try world.socket(.datagram)
        try client.give([1], to: target)
        let (_, first) = try await Self.next(server)
        try await Task.sleep(for: .milliseconds(900))
        try client.give([2], to: target)
        let (_, second) = try await Self.next(server)
        #expect(first != second)
    }

    @Test("Isolated, a datagram to the machine is prohibited")
    func isolated() async throws {
        let world = try World { $0.isIsolated = true }
        let server = try Self.machine()
        let client = try world.socket(.datagram)
        try await client.connect(to: World.name("10.0.2.2", try server.localAddress.port))
        try client.give([1])
        let code = await Socket.code { _ = try await Self.next(client) }
        #expect(code == EHOSTUNREACH)
    }

    @Test("An echo to the machine's loopback is answered, or prohibited where pings are")
    func echo() async throws {
        let world = try World()
        let mayPing = (try? Socket(.icmp, on: World.machine)) != nil
        let client = try world.socket(.icmp, .inet, onLink: true)
        try await client.connect(to: World.name("127.0.0.1", 0))
        let request: [UInt8] = [8, 0, 0, 0, 0, 0, 0, 7] + Array("payload".utf8)
        try client.give(request)
        guard mayPing else {
            let code = await Socket.code { _ = try await Self.next(client) }
            #expect(code == EHOSTUNREACH)
            return
        }
        let (answer, source) = try await Self.next(client)
        #expect(answer[0] == 0)
        #expect(Array(answer[6...]) == [0, 7] + Array("payload".utf8))
        #expect(source.address == .v4(127, 0, 0, 1))
    }

    @Test("The gateway answers echoes to itself, and is the first hop of a probe")
    func firstHop() async throws {
        let world = try World()
        let client = try world.socket(.icmp)
        try client.give(
            [8, 0, 0, 0, 0, 0, 0, 1], to: World.name("10.0.2.2", 0))
        let (answer, _) = try await Self.next(client)
        #expect(answer[0] == 0)
        let probe = try world.socket(.datagram)
        try probe.setOption(.timeToLive, 1)
        try probe.setOption(.receivesErrors, true)
        try probe.give([1], to: World.name("192.0.2.1", 33_434))
        _ = await Socket.code { _ = try await Self.next(probe) }
        let error = try #require(try probe.nextError())
        #expect(error.reporter == .v4(10, 0, 2, 2))
        #expect(error.type == 11)
    }
}
