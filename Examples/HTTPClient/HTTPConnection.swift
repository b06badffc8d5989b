import Sockets
import Stack
import Wire

/// A connection to a web server, over any network: requests one after another, as HTTP/1.1 has them
/// (RFC 9110, RFC 9112).
///
///     var connection = try await HTTPConnection(to: address, named: "example", on: network)
///     let page = try await connection.get("/index.html")
public struct HTTPConnection: Sendable {
    private let socket: Socket
    private let name: String
    private var input: HTTPInput

    /// Connects to the server at `address`.
    ///
    /// - Parameter name: The server's, as requests tell it.
    /// - Throws: What `Socket.connect` throws.
    public init(to address: SocketAddress, named name: String, on network: Network) async throws {
        socket = try Socket(.stream, family: AddressFamily(of: address.address), on: network)
        try await socket.connect(to: address)
        self.name = name
        input = HTTPInput(socket)
    }

    /// Fetches what stands at `path`.
    ///
    /// - Parameter range: The bytes of it that are wanted; nil for all.
    /// - Throws: `HTTPError` for an answer that is none; what the socket throws.
    public mutating func get(
        _ path: String, range: ClosedRange<Int>? = nil
    ) async throws -> HTTPResponse {
        let fields = range.map { "Range: bytes=\($0.lowerBound)-\($0.upperBound)\r\n" } ?? ""
        try await socket.send(head("GET", path, fields))
        return try await input.response(hasBody: true)
    }

    /// Asks what `get` would answer, without its body.
    public mutating func head(_ path: String) async throws -> HTTPResponse {
        try await socket.send(head("HEAD", path, ""))
        return try await input.response(hasBody: false)
    }

    /// Puts `body` at `path`, whose length is told before.
    public mutating func put(_ path: String, _ body: [UInt8]) async throws -> HTTPResponse {
        try await socket.send(head("PUT", path, "Content-Length: \(body.count)\r\n") + body)
        return try await input.response(hasBody: true)
    }

    /// Puts a body whose length nobody knows yet, in chunks as they come (RFC 9112 §7.1).
    public mutating func put<Chunks: AsyncSequence>(
        _ path: String, chunks: Chunks
    ) async throws -> HTTPResponse where Chunks.Element == [UInt8] {
        try await socket.send(head("PUT", path, "Transfer-Encoding: chunked\r\n"))
        for try await chunk in chunks where !chunk.isEmpty {
            let size = Array("\(String(chunk.count, radix: 16))\r\n".utf8)
            try await socket.send(size + chunk + Array("\r\n".utf8))
        }
        try await socket.send(Array("0\r\n\r\n".utf8))
        return try await input.response(hasBody: true)
    }

    /// Ends the connection.
    public func close() { socket.close() }

    private func head(_ method: String, _ path: String, _ fields: String) -> [UInt8] {
        Array("\(method) \(path) HTTP/1.1\r\nHost: \(name)\r\n\(fields)\r\n".utf8)
    }
}
