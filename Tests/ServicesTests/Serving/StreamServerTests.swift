import Glibc
import Sockets
import Stack
import Testing
import Wire

@testable import Services

@Suite("Servers over TCP", .timeLimit(.minutes(1)))
struct StreamServerTests {
    private func serving(
        _ limits: ServiceLimits, _ body: (Net) async throws -> Void
    ) async throws {
        try await Net.serving(
            { host in
                let address = SocketAddress(address: .unspecifiedV4, port: 7)
                let server = try StreamServer(
                    Echo(limits), on: Network(host), at: address, limits: limits)
                return { await server.run() }
            }, body)
    }

    @Test("connections are served at the same time")
    func parallel() async throws {
        try await serving(ServiceLimits()) { net async throws in
            let first = try await net.connect(7)
            let second = try await net.connect(7)
            try await second.send("second")
            #expect(try await second.receive(exactly: 6) == Array("second".utf8))
            try await first.send("first")
            #expect(try await first.receive(exactly: 5) == Array("first".utf8))
        }
    }

    @Test("two hundred connections are served at once")
    func many() async throws {
        try await serving(ServiceLimits()) { net async throws in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let text = "this is number \(number)"
                        return try await net.exchange(7, text) == text
                    }
                }
                for try await isSame in group { #expect(isSame) }
            }
        }
    }

    @Test("beyond the bound a connection waits until another ends")
    func bound() async throws {
        try await serving(ServiceLimits(connections: 1)) { net async throws in
            let first = try await net.connect(7)
            try await first.send("a")
            #expect(try await first.receive(exactly: 1) == Array("a".utf8))
            let second = try await net.connect(7)
            try await second.send("b")
            try await Task.sleep(for: .milliseconds(50))
            let readiness = try second.readiness
            #expect(!readiness.contains(.readable))
            try first.shutdown(.sending)
            #expect(try await second.receive(exactly: 1) == Array("b".utf8))
        }
    }

    @Test("a reset ends its connection and nothing else")
    func reset() async throws {
        try await serving(ServiceLimits(connections: 1)) { net async throws in
            for _ in 0..<3 {
                let socket = try await net.connect(7)
                try await socket.send("a")
                socket.abort()
            }
            #expect(try await net.exchange(7, "still there") == "still there")
        }
    }

    @Test("a peer that is silent for too long is reset")
    func idle() async throws {
        try await serving(ServiceLimits(connections: 1, idle: .milliseconds(200))) {
            net async throws in
            let silent = try await net.connect(7)
            await #expect(throws: SocketError(ECONNRESET, in: "recv")) {
                try await silent.receiveAll()
            }
            #expect(try await net.exchange(7, "next") == "next")
        }
    }

    @Test("cancellation ends the service, its connections and its listener")
    func cancellation() async throws {
        try await Net.serving({ _ in {} }) { net async throws in
            let set = try ServiceSet([ServiceRequest(.echo)], on: Network(net.server))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await set.run() }
                let open = try await net.connect(7)
                try await open.send("a")
                #expect(try await open.receive(exactly: 1) == Array("a".utf8))
                group.cancelAll()
                try await group.waitForAll()
                _ = try? await open.receiveAll()
                let readiness = try open.readiness
                #expect(readiness.contains(.readHangup))
            }
            await #expect(throws: SocketError(ECONNREFUSED, in: "connect")) {
                try await net.connect(7)
            }
            // The port is free again.
            _ = try ServiceSet([ServiceRequest(.echo)], on: Network(net.server))
        }
    }
}
