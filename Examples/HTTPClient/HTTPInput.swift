import Sockets

/// What a server sends: heads, and the bodies behind them.
struct HTTPInput: Sendable {
    private let socket: Socket
    /// What was received and is not used yet.
    private var held: [UInt8] = []
    private var hasEnded = false

    init(_ socket: Socket) { self.socket = socket }

    /// Receives an answer.
    ///
    /// - Parameter hasBody: Whether the request was of a kind whose answers have one.
    mutating func response(hasBody: Bool) async throws -> HTTPResponse {
        while true {
            var response = try HTTPResponse(head: try await head())
            // Interim answers come before the one that counts (RFC 9110 §15.2).
            if response.status / 100 == 1 { continue }
            let isBodyless = [204, 304].contains(response.status)
            if hasBody, !isBodyless { response.body = try await body(of: response) }
            return response
        }
    }

    private mutating func head() async throws -> ArraySlice<UInt8> {
        while true {
            if let end = held.firstRange(of: [13, 10, 13, 10]) {
                defer { held.removeFirst(end.upperBound) }
                return held[..<end.lowerBound]
            }
            guard held.count < 1 << 16 else { throw HTTPError.malformed }
            try await fillOrFail()
        }
    }

    /// RFC 9112 §6.3.
    private mutating func body(of response: HTTPResponse) async throws -> [UInt8] {
        if response["transfer-encoding"]?.lowercased() == "chunked" { return try await chunks() }
        if let length = response["content-length"] {
            guard let count = Int(length), count >= 0 else { throw HTTPError.malformed }
            return try await take(count)
        }
        while try await fill() {}
        return try await take(held.count)
    }

    private mutating func chunks() async throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let size = String(decoding: try await line().prefix { $0 != 59 }, as: UTF8.self)
            guard let count = Int(Substring(size).withoutSpaces, radix: 16), count >= 0 else {
                throw HTTPError.malformed
            }
            if count == 0 { break }
            body += try await take(count)
            guard try await line().isEmpty else { throw HTTPError.malformed }
        }
        // Trailers say nothing that is needed here.
        while try await !line().isEmpty {}
        return body
    }

    private mutating func line() async throws -> [UInt8] {
        while true {
            if let end = held.firstRange(of: [13, 10]) {
                defer { held.removeFirst(end.upperBound) }
                return Array(held[..<end.lowerBound])
            }
            guard held.count < 1 << 16 else { throw HTTPError.malformed }
            try await fillOrFail()
        }
    }

    private mutating func take(_ count: Int) async throws -> [UInt8] {
        while held.count < count { try await fillOrFail() }
        defer { held.removeFirst(count) }
        return Array(held[..<count])
    }

    private mutating func fillOrFail() async throws {
        guard try await fill() else { throw HTTPError.cutOff }
    }

    /// Adds what comes next; false at the end.
    private mutating func fill() async throws -> Bool {
        guard !hasEnded else { return false }
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let count = try await socket.receive(into: &buffer)
        held += buffer[..<count]
        hasEnded = count == 0
        return count > 0
    }
}

extension [UInt8] {
    /// Where `pattern` stands first.
    func firstRange(of pattern: [UInt8]) -> Range<Int>? {
        guard count >= pattern.count else { return nil }
        for start in 0...count - pattern.count
        where self[start] == pattern[0] && self[start..<start + pattern.count] == pattern[...] {
            return start..<start + pattern.count
        }
        return nil
    }
}
