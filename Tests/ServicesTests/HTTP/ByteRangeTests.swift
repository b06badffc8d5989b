import Testing

@testable import Services

/// RFC 9110 §14.1 and §14.2.
@Suite("Ranges")
struct ByteRangeTests {
    @Test(
        "one range selects what the page has of it",
        arguments: [
            ("bytes=0-0", 0..<1), ("bytes=0-9", 0..<10), ("bytes=3-", 3..<10),
            ("bytes=9-", 9..<10), ("bytes=-1", 9..<10), ("bytes=-10", 0..<10),
            ("bytes=-99", 0..<10), ("BYTES= 2-4 ", 2..<5), ("bytes=5-99", 5..<10),
            ("bytes=0-9223372036854775807", 0..<10), ("bytes=0-99999999999999999999", 0..<10),
            ("bytes=-99999999999999999999", 0..<10),
        ])
    func part(field: String, range: Range<Int>) {
        #expect(ByteRange(field, of: 10) == .part(range))
    }

    @Test(
        "a range beyond the end has nothing: 416",
        arguments: ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-"])
    func unsatisfiable(field: String) {
        #expect(ByteRange(field, of: 10) == .unsatisfiable)
    }

    @Test("an empty page has no range")
    func emptyPage() {
        #expect(ByteRange("bytes=0-", of: 0) == .unsatisfiable)
        #expect(ByteRange("bytes=-5", of: 0) == .unsatisfiable)
    }

    @Test(
        "what is malformed, of several ranges or in other units selects all",
        arguments: [
            nil, "", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=0-1,3-4", "bytes=a-b",
            "bytes=0x1-2", "bytes=+1-2", "bytes=1--2", "bytes=1", "lines=0-1", "bytes=1 -2",
        ] as [String?])
    func whole(field: String?) {
        #expect(ByteRange(field, of: 10) == .whole)
    }
}
