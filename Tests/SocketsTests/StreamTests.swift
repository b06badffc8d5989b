import Devices
import Equipment
import Glibc
import Memory
import Sockets
import Stack
import Testing
import Wire

@Suite("Stream sockets", .timeLimit(.minutes(2)))
struct StreamTests {
    @Test("bytes come back over blocking calls, and the end of the stream after them")
    func blockingEcho() async throws {
        let net = try Wired()
        defer { net.end() }
        let listener = try net.listener(7)
        try SystemThread.start {
            do throws(SocketError) {
                let peer = try listener.accept()
                var buffer = [UInt8](repeating: 0, count: 4096)
                while true {
                    var span = buffer.mutableSpan
                    let count = try peer.receive(into: &span)
                    guard count > 0 else { break }
                    try peer.sendAll(buffer.span.extracting(first: count))
                }
                try peer.shutdown(.sending)
            } catch {
                Issue.record("the server failed: \(error)")
            }
        }
        let echoed = try await onThread { () throws(SocketError) -> [UInt8] in
            let client = Socket(.stream, on: net.left)
            try client.connect(to: Wired.address(2, 7))
            let greeting = Array("hello".utf8)
            try client.sendAll(greeting.span)
            try client.shutdown(.sending)
            var received: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 16)
            while true {
                var span = buffer.mutableSpan
                let count = try client.receive(into: &span)
                guard count > 0 else { return received }
                received += buffer[..<count]
            }
        }
        #expect(echoed == Array("hello".utf8))
    }

    @Test("megabytes pass both ways at once between tasks, in order", arguments: [true, false])
    func bothWays(segments: Bool) async throws {
        let net = try Wired(segments: segments)
        defer { net.end() }
        let listener = try net.listener(9)
        let count = 8 << 20
        async let accepted = listener.accept()
        let client = Socket(.stream, on: net.left)
        try await client.connect(to: Wired.address(2, 9))
        let server = try await accepted
        try await withThrowingTaskGroup(of: Void.self) { group in
            for socket in [client, server] {
                group.addTask { try await send(count, to: socket) }
                group.addTask { try await expect(count, from: socket) }
            }
            try await group.waitForAll()
        }
    }

    @Test("bytes arrive whole and in order over a wire that loses, delays and reorders")
    func impaired() async throws {
        var impairments = Impairments()
        impairments.loss = .percent(2)
        impairments.delay = .milliseconds(2)
        impairments.reordering = .percent(1)
        let net = try Wired(impairments)
        defer { net.end() }
        let listener = try net.listener(9)
        async let accepted = listener.accept()
        let client = Socket(.stream, on: net.left)
        try await client.connect(to: Wired.address(2, 9))
        let server = try await accepted
        async let received: Void = expect(1 << 20, from: server)
        try await send(1 << 20, to: client)
        try await received
    }

    @Test("a port where nobody listens refuses")
    func refused() async throws {
        let net = try Wired()
        defer { net.end() }
        let client = Socket(.stream, on: net.left)
        await #expect(throws: SocketError(ECONNREFUSED, in: "connect")) {
            try await client.connect(to: Wired.address(2, 81))
        }
    }

    @Test("a network that no route leads to is unreachable")
    func unreachable() async throws {
        let net = try Wired()
        defer { net.end() }
        let client = Socket(.stream, on: net.left)
        await #expect(throws: SocketError(ENETUNREACH, in: "connect")) {
            try await client.connect(to: SocketAddress(address: .v4(192, 0, 2, 1), port: 80))
        }
    }

    @Test("a neighbour that does not answer is unreachable")
    func silent() async throws {
        let net = try Wired()
        defer { net.end() }
        let client = Socket(.stream, on: net.left)
        await #expect(throws: SocketError(EHOSTUNREACH, in: "connect")) {
            try await client.connect(to: Wired.address(77, 80))
        }
    }

    @Test("a receive timeout ends the wait with EAGAIN")
    func timeout() async throws {
        let net = try Wired()
        defer { net.end() }
        let listener = try net.listener(9)
        async let accepted = listener.accept()
        let client = Socket(.stream, on: net.left)
        try await client.connect(to: Wired.address(2, 9))
        _ = try await accepted
        client.receiveTimeout = .milliseconds(30)
        let code = try await onThread { () throws(SocketError) -> CInt in
            var buffer = [UInt8](repeating: 0, count: 1)
            do throws(SocketError) {
                var span = buffer.mutableSpan
                _ = try client.receive(into: &span)
                return 0
            } catch {
                return error.code
            }
        }
        #expect(code == EAGAIN)
    }

    @Test("a cancelled task stops waiting with ECANCELED")
    func cancelled() async throws {
        let net = try Wired()
        defer { net.end() }
        let listener = try net.listener(9)
        let waiting = Task { await acceptCode(listener) }
        try await Task.sleep(for: .milliseconds(20))
        waiting.cancel()
        #expect(await waiting.value == ECANCELED)
    }

    @Test("stopping a host resets its peers, wakes whoever waits and fails calls from then on")
    func stoppedHost() async throws {
        let net = try Wired()
        defer { net.end() }
        let listener = try net.listener(9)
        async let accepted = listener.accept()
        let client = Socket(.stream, on: net.left)
        try await client.connect(to: Wired.address(2, 9))
        let server = try await accepted
        let waiting = Task { () -> CInt in
            var buffer = [UInt8](repeating: 0, count: 1)
            do throws(SocketError) {
                return CInt(try await server.receive(into: &buffer))
            } catch {
                return error.code
            }
        }
        try await Task.sleep(for: .milliseconds(20))
        net.right.stop()
        #expect(await waiting.value == EBADF)
        await #expect(throws: SocketError(EBADF, in: "accept")) { try await listener.accept() }
        let late = Socket(.stream, on: net.right)
        await #expect(throws: SocketError(EBADF, in: "connect")) {
            try await late.connect(to: Wired.address(1, 9))
        }
        var buffer = [UInt8](repeating: 0, count: 1)
        await #expect(throws: SocketError(ECONNRESET, in: "recv")) {
            try await client.receive(into: &buffer)
        }
    }

    @Test("closing a socket wakes whoever waits on it with EBADF")
    func closedWhileWaiting() async throws {
        let net = try Wired()
        defer { net.end() }
        let listener = try net.listener(9)
        let waiting = Task { await acceptCode(listener) }
        try await Task.sleep(for: .milliseconds(20))
        listener.close()
        #expect(await waiting.value == EBADF)
    }

    @Test("many connections at once are all served")
    func many() async throws {
        let net = try Wired()
        defer { net.end() }
        let listener = try net.listener(7, backlog: 256)
        let server = Task {
            await withDiscardingTaskGroup { group in
                while let peer = try? await listener.accept() {
                    group.addTask { try? await echo(peer) }
                }
            }
        }
        let total = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let client = Socket(.stream, on: net.left)
                    try await client.connect(to: Wired.address(2, 7))
                    let message = [UInt8](repeating: UInt8(number & 255), count: 1000)
                    try await client.send(message)
                    try client.shutdown(.sending)
                    return try await readAll(client) == message ? 1 : 0
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(total == 200)
        listener.close()
        await server.value
    }

    @Test("a set tells of what happens to its sockets")
    func readySet() async throws {
        let net = try Wired()
        defer { net.end() }
        let listener = try net.listener(9)
        let set = try ReadySet()
        try set.add(.socket(listener), for: .readable, token: 42)
        #expect(set.next() == nil)
        let client = Socket(.stream, on: net.left)
        try await client.connect(to: Wired.address(2, 9))
        var event: ReadySet.Event?
        for _ in 0..<100 where event == nil {
            event = set.next()
            if event == nil { try await Task.sleep(for: .milliseconds(5)) }
        }
        #expect(event?.token == 42)
        #expect(event?.events.contains(.readable) == true)
        _ = try listener.acceptNow()
    }
}

/// The error with which waiting for a connection ends, 0 when one comes.
func acceptCode(_ listener: Socket) async -> CInt {
    do throws(SocketError) {
        _ = try await listener.accept()
        return 0
    } catch {
        return error.code
    }
}

/// Runs blocking calls on a thread of their own.
func onThread<Result: Sendable>(
    _ body: @escaping @Sendable () throws(SocketError) -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        do throws(DeviceError) {
            try SystemThread.start {
                do throws(SocketError) {
                    continuation.resume(returning: try body())
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        } catch {
            continuation.resume(throwing: error)
        }
    }
}

/// Sends `count` bytes whose values tell their place.
func send(_ count: Int, to socket: Socket) async throws {
    var sent = 0
    while sent < count {
        let length = min(100_000, count - sent)
        try await socket.send((sent..<sent + length).map(pattern))
        sent += length
    }
    try socket.shutdown(.sending)
}

/// Receives until the end of the stream and checks each byte.
func expect(_ count: Int, from socket: Socket) async throws {
    var received = 0
    var wrong = 0
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
        let length = try await socket.receive(into: &buffer)
        guard length > 0 else { break }
        for place in 0..<length where buffer[place] != pattern(received + place) { wrong += 1 }
        received += length
    }
    #expect(received == count)
    #expect(wrong == 0)
}

func pattern(_ place: Int) -> UInt8 { UInt8(truncatingIfNeeded: place &* 31 &+ place >> 8) }

func echo(_ socket: Socket) async throws {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = try await socket.receive(into: &buffer)
        guard count > 0 else { break }
        try await socket.send(Array(buffer[..<count]))
    }
    try socket.shutdown(.sending)
}

func readAll(_ socket: Socket) async throws -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = try await socket.receive(into: &buffer)
        guard count > 0 else { return all }
        all += buffer[..<count]
    }
}
