import Testing

@testable import SockeyeCommand

@Suite("JSON of the control socket")
struct JSONTests {
    @Test(
        "what is written is read again",
        arguments: [
            .null, .bool(true), .bool(false), .number(0), .number(-7), .number(.max),
            .number(.min), .string(""), .string("\"\\/\n\r\t\u{0}\u{1F}é😀"), .array([]),
            .object([:]), .array([.array([.null]), .object(["a": .string("b"), "": .number(1)])]),
        ] as [JSON])
    func roundTrip(value: JSON) {
        #expect(JSON(value.description) == value)
        #expect(!value.description.contains("\n"))
    }

    @Test("escapes, pairs of them and white space are read (RFC 8259 §7)")
    func escapes() {
        #expect(JSON(#" "\u00e9\ud83d\ude00\/\b\f\n\r\t" "#) == .string("é😀/\u{8}\u{C}\n\r\t"))
        #expect(
            JSON(" [ 1 , { \"a\" : null } ]\r\n") == .array([.number(1), .object(["a": .null])]))
    }

    @Test(
        "what is no JSON, or more than is needed, is refused",
        arguments: [
            "", " ", "nul", "tru", "[", "]", "[1,]", "[1 2]", "{", "{\"a\"}", "{\"a\":}", "{a:1}",
            "{\"a\":1,}", "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\udc00\"", "\"\u{1}\"", "01", "-", "+1", "1.5", "1e3", "--1", "1-1",
            "9223372036854775808", "1 2", "nullx", "\"a\" \"b\"",
        ])
    func nonsense(text: String) { #expect(JSON(text) == nil) }

    @Test("nesting is bounded")
    func depth() {
        #expect(JSON(String(repeating: "[", count: 16) + String(repeating: "]", count: 16)) != nil)
        for count in [17, 100_000] {
            #expect(JSON(String(repeating: "[", count: count)) == nil)
            #expect(
                JSON(String(repeating: "[", count: count) + String(repeating: "]", count: count))
                    == nil)
        }
    }

    @Test("of two members with one name the last counts")
    func members() {
        #expect(JSON(#"{"a":1,"a":2}"#)?["a"] == .number(2))
        #expect(JSON(#"{"a":1}"#)?["b"] == nil)
        #expect(JSON("[1]")?["a"] == nil)
    }
}
