import Testing

@testable import Services

/// RFC 9112 §7.1.
@Suite("Chunked bodies")
struct ChunkedDecoderTests {
    private struct Decoded: Equatable {
        var data = ""
        /// What follows the body; nil when the body did not end.
        var rest: String?
    }

    /// Decodes `text`, of which each time `size` bytes more have come.
    private func decode(_ text: String, by size: Int) throws(HTTPRefusal) -> Decoded {
        var decoder = ChunkedDecoder()
        var decoded = Decoded()
        var coming = Array(text.utf8)[...]
        var held: [UInt8] = []
        while true {
            switch try decoder.next(held[...]) {
            case .data(let range):
                decoded.data += String(decoding: held[range], as: UTF8.self)
                held.removeFirst(range.upperBound)
            case .end(let consumed):
                held.removeFirst(consumed)
                decoded.rest = String(decoding: held + coming, as: UTF8.self)
                return decoded
            case .needsMore(let consumed):
                held.removeFirst(consumed)
                guard !coming.isEmpty else { return decoded }
                held += coming.prefix(size)
                coming = coming.dropFirst(size)
            }
        }
    }

    private let body = "5;a=\"b\"\r\nhello\r\nC \r\n, chunk\r\n ed\r\n00\r\nX: y\r\n\r\nGET /"

    @Test("chunks are joined however the bytes are cut", arguments: 1...60)
    func pieces(size: Int) throws {
        let expected = Decoded(data: "hello, chunk\r\n ed", rest: "GET /")
        #expect(try decode(body, by: size) == expected)
    }

    @Test("a body that is cut off anywhere does not end")
    func truncation() throws {
        let bytes = Array(body.utf8).dropLast(5)
        for count in 0..<bytes.count {
            let text = String(decoding: bytes[..<count], as: UTF8.self)
            #expect(try decode(text, by: 3).rest == nil)
        }
    }

    @Test(
        "what is not chunked is refused",
        arguments: [
            "\r\n", "g\r\n", "-1\r\n", "+1\r\na\r\n", "0x1\r\na\r\n", " 1\r\na\r\n", ";a\r\n",
            "1 2\r\n", "1\r\nab\r\n", "1\r\na\r\r\n", "1;\u{0}\r\n",
            "1;" + String(repeating: "a", count: 1_100),
            "0\r\n" + String(repeating: "a: b\r\n", count: 1_500) + "\r\n",
        ])
    func malformed(text: String) {
        for size in [1, 5, 20_000] {
            #expect {
                try decode(text, by: size)
            } throws: { error in
                (error as? HTTPRefusal)?.status == .badRequest
            }
        }
    }

    @Test("a chunk beyond counting is too large: 413")
    func hugeChunk() {
        for size in ["fffffffffffffffff", "7fffffffffffffff", "10000000000000000"] {
            #expect {
                try decode(size + "\r\n", by: 30)
            } throws: { error in
                (error as? HTTPRefusal)?.status == .contentTooLarge
            }
        }
    }

    @Test("any bytes are decoded or refused, never trapped upon")
    func anyBytes() {
        var dice = Dice(2)
        let seed = Array(body.utf8)
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<dice.roll(below: 5) {
                bytes[dice.roll(below: bytes.count)] = UInt8(dice.roll(below: 256))
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let decoded = try? decode(text, by: 1 + dice.roll(below: 20))
            #expect((decoded?.data.utf8.count ?? 0) <= text.utf8.count)
        }
    }
}
