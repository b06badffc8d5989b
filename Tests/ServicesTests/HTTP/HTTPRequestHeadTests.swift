import Testing

@testable import Services

/// RFC 9112 §2 to §5.
@Suite("Heads of requests")
struct HTTPRequestHeadTests {
    private func parse(_ text: String) throws(HTTPRefusal) -> HTTPRequestHead {
        try HTTPRequestHead.parse(Array(text.utf8)[...])
    }

    private func status(of text: String) -> Int? {
        do throws(HTTPRefusal) {
            _ = try parse(text)
            return nil
        } catch {
            return error.status.code
        }
    }

    @Test("a request line and its fields are taken apart")
    func request() throws {
        let head = try parse(
            "GET /a%20b?c HTTP/1.1\r\nHost: x:80\r\nACCEPT:\t*/* \r\nAccept: a, B ,\r\nX:\r\n\r\n")
        #expect(head.method == "GET")
        #expect(head.target == "/a%20b?c")
        #expect(head.minorVersion == 1)
        #expect(head.fields.only("host") == "x:80")
        #expect(head.fields.values("accept") == ["*/*", "a, B ,"])
        #expect(head.fields.list("accept") == ["*/*", "a", "b"])
        #expect(head.fields.only("accept") == nil)
        #expect(head.fields.only("x") == "")
    }

    @Test("lines may end with LF alone, and empty ones come first")
    func lenientLines() throws {
        #expect(try parse("\r\n\nHEAD / HTTP/1.0\nA: b\n\n").method == "HEAD")
    }

    @Test("a head that is cut off anywhere is refused")
    func truncation() {
        let bytes = Array("PUT /file HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n".utf8)
        for count in 0..<bytes.count {
            #expect(throws: HTTPRefusal.self) { try HTTPRequestHead.parse(bytes[..<count]) }
        }
    }

    @Test(
        "what is not HTTP/1 is refused with the status that says why",
        arguments: [
            ("GET /\r\n\r\n", 400),
            ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
            ("GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /\u{0} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /\u{7F} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / http/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/+1.1\r\nHost: a\r\n\r\n", 400),
            ("PRI * HTTP/2.0\r\n\r\n", 505),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nfield\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\u{0}\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET", 400),
        ])
    func malformed(text: String, status expected: Int) {
        #expect(status(of: text) == expected)
    }

    @Test("a hundred fields are taken, one more is not: 431")
    func manyFields() {
        let line = "GET / HTTP/1.0\r\n"
        let fields = String(repeating: "a: b\r\n", count: 100)
        #expect(status(of: line + fields + "\r\n") == nil)
        #expect(status(of: line + fields + "a: b\r\n\r\n") == 431)
    }

    @Test("the connection stays as the version and the client say (RFC 9112 §9.3)")
    func persistence() throws {
        #expect(try parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n").keepsConnection)
        #expect(try !parse("GET / HTTP/1.0\r\n\r\n").keepsConnection)
        #expect(try parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keepsConnection)
        let closing = "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n"
        #expect(try !parse(closing).keepsConnection)
    }

    @Test("any bytes are parsed or refused, never trapped upon")
    func anyBytes() {
        var dice = Dice(1)
        let seed = Array("GET /a?b HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\n\r\n".utf8)
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<dice.roll(below: 6) {
                bytes[dice.roll(below: bytes.count)] = UInt8(dice.roll(below: 256))
            }
            guard let head = try? HTTPRequestHead.parse(bytes[...]) else { continue }
            #expect(!head.method.isEmpty && !head.target.isEmpty)
            _ = try? HTTPTarget(head.target)
            _ = try? BodyFraming(of: head)
            _ = ByteRange(head.fields.only("range"), of: 10)
        }
    }
}
