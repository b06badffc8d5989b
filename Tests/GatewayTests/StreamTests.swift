import Gateway
import Glibc
import Sockets
import Stack
import Testing
import Wire

/// Connections through the gateway: how they come about, and how they end.
@Suite("Gateway streams", .timeLimit(.minutes(1))) struct StreamTests {
    @Test(
        "Connected to the machine's loopback, under its own name and the gateway's",
        arguments: [
            ("10.0.2.2", "127.0.0.1", false), ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.9", "127.0.0.9", true), ("fd00:2::2", "::1", false), ("::1", "::1", true),
        ])
    func connects(destination: String, machine: String, onLink: Bool) async throws {
        let world = try World()
        let (client, server) = try await world.connection(
            to: destination, at: machine, onLink: onLink)
        #expect(try client.remoteAddress.address == World.address(destination))
        try await client.send(Array("hello".utf8))
        #expect(try await server.receive(upTo: 5) == Array("hello".utf8))
        try await server.send(Array("world!".utf8))
        #expect(try await client.receive(upTo: 6) == Array("world!".utf8))
        if onLink { #expect(try client.localAddress.address.isLoopback) }
    }

    @Test("Nobody listens: refused, as on the machine", arguments: ["10.0.2.2", "fd00:2::2"])
    func refused(destination: String) async throws {
        let world = try World()
        let port = try World.freePort()
        let family = AddressFamily(of: World.address(destination))
        let socket = try world.socket(.stream, family)
        let code = await Socket.code {
            try await socket.connect(to: World.name(destination, port))
        }
        #expect(code == ECONNREFUSED)
    }

    @Test("What the machine cannot reach is unreachable in the same way")
    func unreachable() async throws {
        let world = try World()
        // An address for documentation (RFC 3849): wherever this runs, no route leads there, or none
        // that answers.
        let destination = World.name("2001:db8::1", 9)
        let plain = try Socket(.stream, family: .inet6, on: .kernel)
        try? plain.beginConnect(to: destination)
        let expected = await Socket.code { try plain.finishConnect() }
        guard let expected, expected != EAGAIN, expected != ETIMEDOUT else { return }
        let socket = try world.socket(.stream, .inet6)
        let code = await Socket.code { try await socket.connect(to: destination) }
        #expect(code == expected)
    }

    @Test("What one side ends, the other reads to the end, and can still answer")
    func halfClose() async throws {
        let world = try World()
        let (client, server) = try await world.connection()
        try await client.send(Array("question".utf8))
        try client.shutdown(.sending)
        #expect(try await server.receive(upTo: 100) == Array("question".utf8))
        try await server.send(Array("answer".utf8))
        server.close()
        #expect(try await client.receive(upTo: 100) == Array("answer".utf8))
    }

    @Test("The machine's side ends first")
    func halfCloseOutside() async throws {
        let world = try World()
        let (client, server) = try await world.connection()
        try await server.send(Array("greeting".utf8))
        try server.shutdown(.sending)
        #expect(try await client.receive(upTo: 100) == Array("greeting".utf8))
        try await client.send(Array("thanks".utf8))
        client.close()
        #expect(try await server.receive(upTo: 100) == Array("thanks".utf8))
    }

    @Test("A reset outside is a reset inside")
    func resetOutside() async throws {
        let world = try World()
        let (client, server) = try await world.connection()
        try await client.send([1])
        _ = try await server.receive(upTo: 1)
        server.abort()
        var buffer = [UInt8](repeating: 0, count: 10)
        let code = await Socket.code { _ = try await client.receive(into: &buffer) }
        #expect(code == ECONNRESET)
    }

    @Test("A reset inside is a reset outside")
    func resetInside() async throws {
        let world = try World()
        let (client, server) = try await world.connection()
        try await client.send([1])
        _ = try await server.receive(upTo: 1)
        client.abort()
        var buffer = [UInt8](repeating: 0, count: 10)
        let code = await Socket.code { _ = try await server.receive(into: &buffer) }
        #expect(code == ECONNRESET)
    }

    @Test(
        "A reader that does not read stops the sender, and loses nothing", arguments: [true, false])
    func backpressure(isOut: Bool) async throws {
        let world = try World()
        let (client, server) = try await world.connection()
        let (sender, receiver) = isOut ? (client, server) : (server, client)
        let total = 24 << 20
        let pattern = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        let sending = Task {
            var sent = 0
            while sent < total {
                try await sender.send(pattern)
                sent += pattern.count
            }
            try sender.shutdown(.sending)
        }
        // Queues of several megabytes fill, not one of twenty-four.
        try await Task.sleep(for: .milliseconds(300))
        let statistics = try await world.onGateway { $0.statistics }
        #expect(isOut ? statistics.bytesOut < 20 << 20 : statistics.bytesIn < 20 << 20)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var received = 0
        var isRight = true
        while true {
            let count = try await receiver.receive(into: &buffer)
            if count == 0 { break }
            for index in 0..<count where buffer[index] != pattern[(received + index) & 0xFFFF] {
                isRight = false
            }
            received += count
        }
        try await sending.value
        #expect(received == total)
        #expect(isRight)
    }

    @Test("A hundred connections at once, each with its own bytes")
    func many() async throws {
        let world = try World()
        let listener = try World.listener(backlog: 128)
        let port = try listener.localAddress.port
        let serving = Task {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 {
                    let peer = try await listener.accept()
                    group.addTask {
                        let bytes = try await peer.receive(upTo: 4)
                        try await peer.send(Array(bytes.reversed()))
                        peer.close()
                    }
                }
                try await group.waitForAll()
            }
        }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let socket = try world.socket()
                    try await socket.connect(to: World.name("10.0.2.2", port))
                    let bytes: [UInt8] = [1, 2, 3, UInt8(number)]
                    try await socket.send(bytes)
                    return try await socket.receive(upTo: 5) == Array(bytes.reversed())
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        try await serving.value
    }

    @Test("Isolated, nothing of the machine is reached", arguments: ["10.0.2.2", "127.0.0.1"])
    func isolated(destination: String) async throws {
        let world = try World { $0.isIsolated = true }
        let listener = try World.listener()
        let socket = try world.socket(onLink: destination == "127.0.0.1")
        let port = try listener.localAddress.port
        let code = await Socket.code {
            try await socket.connect(to: World.name(destination, port))
        }
        #expect(code == EHOSTUNREACH)
    }
}
