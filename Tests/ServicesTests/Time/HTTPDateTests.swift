import Testing

@testable import Services

/// RFC 9110 §5.6.7.
@Suite("Dates of HTTP")
struct HTTPDateTests {
    @Test("the date of the RFC is written and read")
    func example() {
        let text = "Sun, 06 Nov 1994 08:49:37 GMT"
        #expect(HTTPDate(secondsSince1970: 784_111_777).description == text)
        #expect(HTTPDate(text) == HTTPDate(secondsSince1970: 784_111_777))
    }

    @Test("years have four digits")
    func earlyYear() {
        let date = HTTPDate(secondsSince1970: -62_135_596_800)
        #expect(date.description == "Mon, 01 Jan 0001 00:00:00 GMT")
        #expect(HTTPDate(date.description) == date)
    }

    @Test(
        "what is no date in the preferred form is none",
        arguments: [
            "", "GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 0x Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 0000 08:49:37 GMT",
            "Sun, 06 Növ 199 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
        ])
    func malformed(text: String) {
        #expect(HTTPDate(text) == nil)
    }
}
