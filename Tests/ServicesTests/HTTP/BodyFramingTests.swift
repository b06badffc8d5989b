import Testing

@testable import Services

/// RFC 9112 §6.3: where two readers could find different ends, nobody goes on.
@Suite("Framing of bodies")
struct BodyFramingTests {
    private func framing(_ fields: String, minor: Int = 1) throws -> BodyFraming {
        let text = "PUT / HTTP/1.\(minor)\r\nHost: a\r\n\(fields)\r\n"
        return try BodyFraming(of: HTTPRequestHead.parse(Array(text.utf8)[...]))
    }

    @Test("a body has a length, or chunks, or there is none")
    func framings() throws {
        #expect(try framing("") == .none)
        #expect(try framing("Content-Length: 0\r\n") == .length(0))
        #expect(try framing("Content-Length: 1073741824\r\n") == .length(1 << 30))
        #expect(try framing("Transfer-Encoding: Chunked\r\n") == .chunked)
    }

    @Test(
        "ambiguous or wrong lengths are refused",
        arguments: [
            ("Content-Length: 1\r\nContent-Length: 2\r\n", 400),
            ("Content-Length: 1\r\nContent-Length: 1\r\n", 400),
            ("Content-Length: 1, 1\r\n", 400),
            ("Content-Length: -1\r\n", 400),
            ("Content-Length: +1\r\n", 400),
            ("Content-Length: 0x10\r\n", 400),
            ("Content-Length:\r\n", 400),
            ("Content-Length: 1 2\r\n", 400),
            ("Content-Length: 99999999999999999999\r\n", 413),
            ("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", 400),
            ("Transfer-Encoding: gzip, chunked\r\n", 501),
            ("Transfer-Encoding: chunked, chunked\r\n", 501),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 501),
            ("Transfer-Encoding:\r\n", 501),
        ])
    func malformed(fields: String, status: Int) {
        #expect {
            try framing(fields)
        } throws: { error in
            (error as? HTTPRefusal)?.status.code == status
        }
    }

    @Test("HTTP/1.0 has no chunks")
    func oldVersion() {
        #expect(throws: HTTPRefusal.self) {
            try framing("Transfer-Encoding: chunked\r\n", minor: 0)
        }
    }
}
