import Testing

@testable import Services

/// Where a head ends (RFC 9112 §2.2), and how much of it is taken.
@Suite("Finding the end of a head")
struct HTTPHeadScannerTests {
    private static let limits: HTTPLimits = {
        var limits = HTTPLimits()
        limits.requestLine = 20
        limits.head = 60
        return limits
    }()

    /// Gives `text` to a scanner in pieces; what it says at last.
    private func scan(_ text: String, by size: Int) throws(HTTPRefusal) -> Int? {
        let bytes = Array(text.utf8)
        var scanner = HTTPHeadScanner(Self.limits)
        var count = 0
        while true {
            if let end = try scanner.end(in: bytes.span.extracting(first: count)) { return end }
            if count == bytes.count { return nil }
            count = min(count + size, bytes.count)
        }
    }

    @Test("the end is found however the bytes are cut", arguments: 1...40)
    func pieces(size: Int) throws {
        let head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(try scan(head + "GET /b HTTP/1.1\r\n", by: size) == head.utf8.count)
        #expect(try scan("GET / HTTP/1.0\n\n", by: size) == 16)
        #expect(try scan("\r\n\r\nGET / HTTP/1.0\r\n\r\n", by: size) == 22)
        #expect(try scan("GET / HTTP/1.1\r\nHost: a\r\n\r", by: size) == nil)
        #expect(try scan("\r\n\r\n", by: size) == nil)
    }

    @Test("a request line may be as long as the limit and no longer: 414")
    func longLine() throws {
        let longest = String(repeating: "a", count: 20)
        #expect(try scan(longest + "\r\n\r\n", by: 7) == 24)
        let expected = HTTPRefusal(.uriTooLong, "The request line is too long.")
        #expect(throws: expected) { try scan(longest + "abc", by: 7) }
        #expect(throws: expected) { try scan(longest + "a\r\r\n", by: 100) }
    }

    @Test("a head may be as large as the limit and no larger, even of empty lines: 431")
    func largeHead() throws {
        let fields = String(repeating: "a: b\r\n", count: 7)
        #expect(try scan("GET / HTTP/1.0\n" + fields + "\n", by: 9) == 58)
        let expected = HTTPRefusal(.headerFieldsTooLarge, "The header fields are too large.")
        #expect(throws: expected) { try scan("GET / HTTP/1.0\n" + fields + "a: b", by: 9) }
        #expect(throws: expected) { try scan(String(repeating: "\r\n", count: 31), by: 9) }
    }
}
