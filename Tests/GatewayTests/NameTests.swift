import Devices
import Gateway
import Names
import Sockets
import Stack
import Testing
import Wire

/// Names at the gateway: its own, and those of the machine's servers, played by sockets of the
/// machine's.
@Suite("Gateway names", .timeLimit(.minutes(1))) struct NameTests {
    private static let server = World.name("10.0.2.3", 53)

    /// A query for the addresses of a name.
    private static func query(_ name: String, id: UInt8 = 9) -> [UInt8] {
        var bytes: [UInt8] = [0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        for label in name.split(separator: ".") {
            bytes += [UInt8(label.utf8.count)] + Array(label.utf8)
        }
        return bytes + [0, 0, 1, 0, 1]
    }

    /// A response that a server of the machine's gives: the query turned round, with a code.
    private static func response(_ query: [UInt8], code: UInt8 = 0, mark: UInt8 = 0) -> [UInt8] {
        var bytes = query
        bytes[2] = 0x81
        bytes[3] = 0x80 | code
        return bytes + [mark]
    }

    private static func ask(
        _ world: World, _ name: String, at server: SocketAddress = server
    ) async throws -> [UInt8] {
        let client = try world.socket(
            .datagram, AddressFamily(of: server.address), onLink: server.address.isLoopback)
        try client.give(query(name), to: server)
        let (answer, source) = try await DatagramTests.next(client)
        #expect(source == server)
        return answer
    }

    /// A world whose machine has servers at these addresses, all on one port.
    private static func world(servers: [String], port: UInt16) throws -> World {
        try World { configuration in
            configuration.resolver = .text(servers.map { "nameserver \($0)\n" }.joined())
            configuration.resolverPort = port
        }
    }

    @Test("Names of the network are answered at once", arguments: ["10.0.2.3", "fd00:2::3"])
    func own(server: String) async throws {
        let world = try World()
        let answer = try await Self.ask(
            world, "services.sockeye", at: World.name(server, 53))
        #expect(answer[3] & 15 == 0)
        #expect(Array(answer.suffix(4)) == [10, 0, 2, 4])
        let none = try await Self.ask(world, "nobody.sockeye")
        #expect(none[3] & 15 == 3)
    }

    @Test("Names that the owner sets, with one label and below sockeye")
    func set() async throws {
        let world = try World()
        try await world.onGateway { $0.setNames([("alice", .v4(10, 0, 2, 21))]) }
        for name in ["alice", "ALICE", "alice.sockeye"] {
            let answer = try await Self.ask(world, name)
            #expect(Array(answer.suffix(4)) == [10, 0, 2, 21])
        }
    }

    @Test("Other names are asked for on the machine, whatever address inside was asked")
    func relayed() async throws {
        let resolver = try DatagramTests.machine()
        let world = try Self.world(
            servers: ["127.0.0.1"], port: try resolver.localAddress.port)
        let serving = Task {
            for mark in [UInt8(1), 2] {
                let (query, sender) = try await DatagramTests.next(resolver)
                try resolver.give(Self.response(query, mark: mark), to: sender)
            }
        }
        let first = try await Self.ask(world, "example.org")
        #expect(first == Self.response(Self.query("example.org"), mark: 1))
        let second = try await Self.ask(world, "example.net")
        #expect(second.last == 2)
        try await serving.value
    }

    @Test("A server that fails or is silent makes room for the next")
    func next() async throws {
        let (silent, failing, good) = (
            try DatagramTests.machine("127.0.0.3"), try Socket(.datagram, on: .kernel),
            try Socket(.datagram, on: .kernel)
        )
        let port = try silent.localAddress.port
        try failing.bind(to: World.name("127.0.0.4", port))
        try good.bind(to: World.name("127.0.0.5", port))
        let world = try Self.world(servers: ["127.0.0.3", "127.0.0.4", "127.0.0.5"], port: port)
        let serving = Task {
            let (query, sender) = try await DatagramTests.next(failing)
            try failing.give(Self.response(query, code: 2), to: sender)
            let (again, other) = try await DatagramTests.next(good)
            try good.give(Self.response(again, mark: 5), to: other)
        }
        let answer = try await Self.ask(world, "example.org")
        #expect(answer.last == 5)
        try await serving.value
    }

    @Test("Nobody to ask: the failure is told at once")
    func nobody() async throws {
        let world = try Self.world(servers: ["127.0.0.1"], port: try World.freePort())
        let start = ContinuousClock.now
        let answer = try await Self.ask(world, "example.org")
        #expect(answer[3] & 15 == 2)
        // Beside other tests it may take its time, but no server is waited for: that takes 10 s.
        #expect(ContinuousClock.now - start < .seconds(9))
    }

    @Test("Over TCP: the network's names are answered, for others the machine's server is")
    func streams() async throws {
        let listener = try World.listener()
        let world = try Self.world(
            servers: ["127.0.0.1"], port: try listener.localAddress.port)
        let socket = try world.socket()
        try await socket.connect(to: Self.server)
        let own = Self.query("services.sockeye")
        try await socket.send([0, UInt8(own.count)] + own)
        let length = try await socket.receive(upTo: 2)
        let answer = try await socket.receive(upTo: Int(length[1]))
        #expect(Array(answer.suffix(4)) == [10, 0, 2, 4])

        let other = Self.query("example.org")
        try await socket.send([0, UInt8(other.count)] + other)
        let peer = try await listener.accept()
        #expect(try await peer.receive(upTo: other.count + 2) == [0, UInt8(other.count)] + other)
        try await peer.send([0, 3, 7, 8, 9])
        #expect(try await socket.receive(upTo: 5) == [0, 3, 7, 8, 9])
    }
}
