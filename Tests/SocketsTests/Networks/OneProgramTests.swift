import Glibc
import NetworkTesting
import Sockets
import Stack
import Testing
import Wire

/// The same programs on three networks: a host of Sockeye's, a simulation's and the kernel.
@Suite("One program, three networks") struct OneProgramTests {
    @Test("an echo comes back", arguments: TestedNetwork.allCases)
    func echo(_ network: TestedNetwork) async throws {
        try await network.run { place in
            let (client, server) = try await place.connection()
            async let served: Void = Self.echo(server)
            for text in ["one", "two", "three"] {
                try await client.send(Array(text.utf8))
                #expect(try await Self.text(client, count: text.utf8.count) == text)
            }
            try client.shutdown(.sending)
            #expect(try await Self.text(client, count: 1) == "")
            try await served
        }
    }

    @Test("a megabyte arrives whole, both ways at once", arguments: TestedNetwork.allCases)
    func transfer(_ network: TestedNetwork) async throws {
        try await network.run { place in
            let (client, server) = try await place.connection()
            let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
            async let forth: Void = Self.sendAndEnd(bytes, client)
            async let back: Void = Self.sendAndEnd(bytes.reversed(), server)
            async let taken = Self.all(server)
            let returned = try await Self.all(client)
            try await forth
            try await back
            #expect(try await taken == bytes)
            #expect(returned == bytes.reversed())
        }
    }

    @Test("datagrams keep their bounds and tell who sent them", arguments: TestedNetwork.allCases)
    func datagrams(_ network: TestedNetwork) async throws {
        try await network.run { place in
            let server = try Socket(.datagram, on: place.server)
            try server.bind(to: place.anyPort)
            let client = try Socket(.datagram, on: place.client)
            try await client.connect(to: try server.localAddress)
            var buffer = [UInt8](repeating: 0, count: 10)
            // A network that loses packets loses datagrams: asked again until an answer comes.
            var answer: ReceivedMessage?
            while answer == nil {
                _ = try await client.sendMessage(Array("question".utf8))
                let question = try await server.receiveMessage(into: &buffer)
                #expect(question.count == 8)
                #expect(question.source == (try client.localName))
                _ = try await server.sendMessage(Array("an answer!!!".utf8), to: question.source)
                answer = try await Self.message(client, within: .seconds(1), on: place.client)
            }
            #expect(answer?.count == 10)
            #expect(answer?.fullCount == 12)
            #expect(answer?.flags == .truncated)
        }
    }

    @Test("nobody listens: refused", arguments: TestedNetwork.allCases)
    func refusal(_ network: TestedNetwork) async throws {
        try await network.run { place in
            let listener = try place.listener()
            let address = try listener.localAddress
            listener.close()
            let socket = try Socket(.stream, on: place.client)
            await #expect(throws: SocketError(ECONNREFUSED, in: "connect")) {
                try await socket.connect(to: address)
            }
        }
    }

    @Test("a reset is an error, a half-close an end", arguments: TestedNetwork.allCases)
    func ends(_ network: TestedNetwork) async throws {
        try await network.run { place in
            let (client, server) = try await place.connection()
            try client.shutdown(.sending)
            #expect(try await Self.text(server, count: 1) == "")
            try await server.send([1])
            #expect(try await Self.all(client, count: 1) == [1])
            server.abort()
            await #expect(throws: SocketError(ECONNRESET, in: "recv")) {
                try await Self.text(client, count: 1)
            }
        }
    }

    @Test("what is not done in time is cancelled", arguments: TestedNetwork.allCases)
    func deadline(_ network: TestedNetwork) async throws {
        try await network.run { place in
            let listener = try place.listener()
            let clock = place.server.clock
            let began = clock.now
            await #expect(throws: SocketError(ETIMEDOUT, in: "within")) {
                try await clock.within(.milliseconds(50)) { _ = try await listener.accept() }
            }
            #expect(began.duration(to: clock.now) >= .milliseconds(50))
            // The listener is as good as before.
            let socket = try Socket(.stream, on: place.client)
            async let accepted = listener.accept()
            try await socket.connect(to: try listener.localAddress)
            _ = try await accepted
        }
    }

    @Test("a task that is cancelled gets ECANCELED", arguments: TestedNetwork.allCases)
    func cancellation(_ network: TestedNetwork) async throws {
        try await network.run { place in
            let (client, server) = try await place.connection()
            try await withThrowingTaskGroup(of: SocketError?.self) { group in
                group.addTask { await Self.error { try await Self.text(client, count: 1) } }
                try await place.client.clock.sleep(for: .milliseconds(20))
                group.cancelAll()
                #expect(try await group.next() == SocketError(ECANCELED, in: "recv"))
            }
            // The connection is as good as before.
            try await server.send([7])
            #expect(try await Self.all(client, count: 1) == [7])
        }
    }

    @Test("closing wakes whoever waits with EBADF", arguments: TestedNetwork.allCases)
    func closing(_ network: TestedNetwork) async throws {
        try await network.run { place in
            let listener = try place.listener()
            try await withThrowingTaskGroup(of: SocketError?.self) { group in
                for _ in 0..<3 {
                    group.addTask { await Self.error { try await listener.accept() } }
                }
                try await place.client.clock.sleep(for: .milliseconds(20))
                listener.close()
                for _ in 0..<3 {
                    #expect(try await group.next() == SocketError(EBADF, in: "accept"))
                }
            }
        }
    }

    @Test("many clients at once are all served", arguments: TestedNetwork.allCases)
    func manyClients(_ network: TestedNetwork) async throws {
        try await network.run { place in
            let listener = try place.listener(backlog: 64)
            let address = try listener.localAddress
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await withThrowingTaskGroup(of: Void.self) { servers in
                        for _ in 0..<40 {
                            let socket = try await listener.accept()
                            servers.addTask { try await Self.echo(socket) }
                        }
                        try await servers.waitForAll()
                    }
                }
                for number in 0..<40 {
                    group.addTask {
                        let socket = try Socket(.stream, on: place.client)
                        try await socket.connect(to: address)
                        try await socket.send([UInt8(number)])
                        #expect(try await Self.all(socket, count: 1) == [UInt8(number)])
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    // MARK: - Parts of programs

    static func echo(_ socket: Socket) async throws {
        var buffer = [UInt8](repeating: 0, count: 1000)
        while true {
            let count = try await socket.receive(into: &buffer)
            if count == 0 { return socket.close() }
            try await socket.send(Array(buffer[..<count]))
        }
    }

    static func sendAndEnd(_ bytes: [UInt8], _ socket: Socket) async throws {
        try await socket.send(bytes)
        try socket.shutdown(.sending)
    }

    /// Bytes up to `count` or the end.
    static func all(_ socket: Socket, count: Int = .max) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var buffer = [UInt8](repeating: 0, count: min(65_536, count - bytes.count))
            let received = try await socket.receive(into: &buffer)
            if received == 0 { break }
            bytes += buffer[..<received]
        }
        return bytes
    }

    static func text(_ socket: Socket, count: Int) async throws -> String {
        String(decoding: try await all(socket, count: count), as: UTF8.self)
    }

    /// A message, nil when none comes in time.
    static func message(
        _ socket: Socket, within limit: Duration, on network: Network
    ) async throws -> ReceivedMessage? {
        try? await network.clock.within(limit) {
            var buffer = [UInt8](repeating: 0, count: 10)
            return try await socket.receiveMessage(into: &buffer)
        }
    }

    static func error<Success>(_ body: () async throws -> Success) async -> SocketError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? SocketError
        }
    }
}
