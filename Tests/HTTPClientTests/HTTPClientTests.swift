import Foundation
import Glibc
import HTTPClient
import NetworkTesting
import Services
import Sockets
import Testing
import Wire

/// The web server and its client: the same tests on three networks.
@Suite("A web client and server on three networks", .timeLimit(.minutes(2)))
struct HTTPClientTests {
    /// Runs `body` beside a web server.
    private func serving(
        _ network: TestedNetwork, _ service: HTTPService,
        _ body: @escaping @Sendable (Place, SocketAddress) async throws -> Void
    ) async throws {
        try await network.run { place in
            let server = try StreamServer(service, on: place.server, at: place.anyPort)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await server.run() }
                defer { group.cancelAll() }
                try await body(place, try server.address)
            }
        }
    }

    @Test("pages one after another on one connection", arguments: TestedNetwork.allCases)
    func pages(_ network: TestedNetwork) async throws {
        let pages = PageSource.pages([
            "index.html": Page("<p>welcome"), "digits": Page("0123456789", type: "text/plain"),
        ])
        try await serving(network, HTTPService(pages)) { place, address in
            var connection = try await HTTPConnection(
                to: address, named: "server", on: place.client)
            #expect(try await connection.get("/").text == "<p>welcome")
            let part = try await connection.get("/digits", range: 3...5)
            #expect(part.status == 206)
            #expect(part.text == "345")
            #expect(try await connection.get("/nowhere").status == 404)
            let head = try await connection.head("/digits")
            #expect(head["content-length"] == "10")
            #expect(head.body.isEmpty)
            #expect(try await connection.get("/digits").text == "0123456789")
        }
    }

    @Test("what was put is fetched, counted or in chunks", arguments: TestedNetwork.allCases)
    func uploads(_ network: TestedNetwork) async throws {
        let directory = try TemporaryDirectory()
        let source = PageSource.directory(try ServedDirectory(directory.path))
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 5) }
        try await serving(network, HTTPService(source, isWritable: true)) { place, address in
            var connection = try await HTTPConnection(
                to: address, named: "server", on: place.client)
            #expect(try await connection.put("/one", bytes).status == 201)
            let chunks = AsyncStream { continuation in
                for start in stride(from: 0, to: bytes.count, by: 70_000) {
                    let end = min(start + 70_000, bytes.count)
                    continuation.yield(Array(bytes[start..<end]))
                }
                continuation.finish()
            }
            #expect(try await connection.put("/two", chunks: chunks).status == 201)
            let one = try await connection.get("/one").body
            let two = try await connection.get("/two").body
            #expect(one == bytes)
            #expect(two == bytes)
        }
    }

    @Test("twenty clients at once", arguments: TestedNetwork.allCases)
    func manyClients(_ network: TestedNetwork) async throws {
        try await serving(network, HTTPService(.builtIn)) { place, address in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        var connection = try await HTTPConnection(
                            to: address, named: "server", on: place.client)
                        return try await connection.get("/").status
                    }
                }
                for try await status in group { #expect(status == 200) }
            }
        }
    }

    /// Runs `body` beside a server that says `answer` whatever it is asked, and ends.
    private func answering(
        _ network: TestedNetwork, _ answer: String,
        _ body: @escaping @Sendable (inout HTTPConnection, Place) async throws -> Void
    ) async throws {
        try await network.run { place in
            let listener = try place.listener()
            async let served: Void = Self.answer(answer, listener)
            var connection = try await HTTPConnection(
                to: try listener.localAddress, named: "server", on: place.client)
            try await body(&connection, place)
            connection.close()
            try await served
        }
    }

    private static func answer(_ answer: String, _ listener: Socket) async throws {
        let socket = try await listener.accept()
        var buffer = [UInt8](repeating: 0, count: 1_000)
        _ = try await socket.receive(into: &buffer)
        guard !answer.isEmpty else {
            // Nothing until the client gives up.
            _ = try? await socket.receive(into: &buffer)
            return
        }
        try await socket.send(Array(answer.utf8))
        try socket.shutdown(.sending)
        _ = try? await socket.receive(into: &buffer)
    }

    @Test("a chunked answer with extensions and trailers", arguments: TestedNetwork.allCases)
    func chunkedAnswer(_ network: TestedNetwork) async throws {
        let answer =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "4\r\nabcd\r\n6;note=1\r\nefghij\r\n0\r\nChecksum: none\r\n\r\n"
        try await answering(network, answer) { connection, _ in
            let text = try await connection.get("/").text
            #expect(text == "abcdefghij")
        }
    }

    @Test("a body up to the end of the connection", arguments: TestedNetwork.allCases)
    func bodyToTheEnd(_ network: TestedNetwork) async throws {
        try await answering(network, "HTTP/1.0 200 OK\r\n\r\nall of it") { connection, _ in
            let text = try await connection.get("/").text
            #expect(text == "all of it")
        }
    }

    @Test("an answer that is cut off is an error", arguments: TestedNetwork.allCases)
    func cutOff(_ network: TestedNetwork) async throws {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"
        try await answering(network, answer) { connection, _ in
            do {
                _ = try await connection.get("/")
                Issue.record("the answer was not whole")
            } catch {
                #expect(error as? HTTPError == .cutOff)
            }
        }
    }

    @Test("a server that says nothing is given up", arguments: TestedNetwork.allCases)
    func silence(_ network: TestedNetwork) async throws {
        try await answering(network, "") { connection, place in
            let asked = connection
            await #expect(throws: SocketError(ETIMEDOUT, in: "within")) {
                try await place.client.clock.within(.milliseconds(100)) {
                    var connection = asked
                    _ = try await connection.get("/")
                }
            }
        }
    }
}

/// A directory that goes with the test.
private final class TemporaryDirectory: Sendable {
    let path = NSTemporaryDirectory() + "sockeye-client-\(UUID().uuidString)"

    init() throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
