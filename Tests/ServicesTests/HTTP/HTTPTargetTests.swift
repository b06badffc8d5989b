import Testing

@testable import Services

/// RFC 9112 §3.2 and RFC 3986 §2.1; the traversals are those that have broken other servers.
@Suite("Request targets")
struct HTTPTargetTests {
    @Test(
        "a target names what is between its slashes",
        arguments: [
            ("/", [], true),
            ("/a", ["a"], false),
            ("/a/", ["a"], true),
            ("//a///b", ["a", "b"], false),
            ("/./a/.", ["a"], false),
            ("/a%20b/%C3%A9?q=/../x", ["a b", "é"], false),
            ("/%25%32%65", ["%2e"], false),
            ("/...", ["..."], false),
            ("/..a/a..", ["..a", "a.."], false),
            ("/a\\b", ["a\\b"], false),
            ("http://host:80/a/b", ["a", "b"], false),
            ("HTTP://host", [], true),
            ("http://host?q", [], true),
        ])
    func names(target: String, names: [String], endsWithSlash: Bool) throws {
        let parsed = try HTTPTarget(target)
        #expect(parsed.names == names)
        #expect(parsed.endsWithSlash == endsWithSlash)
    }

    @Test(
        "no disguise leads out: 403",
        arguments: [
            "/..", "/../etc/passwd", "/a/../../b", "/a/..", "/%2e%2e/a", "/%2E./a", "/.%2e",
            "/..%2fetc", "/a%2fb", "/%2fetc", "/..?x", "http://host/../a",
        ])
    func traversal(target: String) {
        let expected = HTTPRefusal(.forbidden, "The path leads where it must not.")
        #expect(throws: expected) { try HTTPTarget(target) }
    }

    @Test(
        "what is no path is refused: 400",
        arguments: [
            "", "*", "a/b", "ftp://host/a", "https://host/", "/%", "/%4", "/%zz", "/%+1", "/%00",
            "/a%00b", "/a#b", "/%ff", "/%c0%ae%c0%ae/a", "/%c0%af", "?", "host:443",
        ])
    func malformed(target: String) {
        #expect {
            try HTTPTarget(target)
        } throws: { error in
            (error as? HTTPRefusal)?.status == .badRequest
        }
    }

    @Test("encoding undoes decoding, for any text")
    func encoding() throws {
        let name = "a b/%?#&<\"é\u{1F41F}\n"
        let encoded = HTTPTarget.encode(name)
        #expect(encoded == "a%20b%2F%25%3F%23%26%3C%22%C3%A9%F0%9F%90%9F%0A")
        #expect(try HTTPTarget("/" + HTTPTarget.encode("é%\n?")).names == ["é%\n?"])
    }

    @Test("a directory's path cannot be taken for another host's")
    func directoryPath() throws {
        #expect(try HTTPTarget("//evil.example/x").directoryPath == "/evil.example/x/")
        #expect(try HTTPTarget("/a%0d%0ab").directoryPath == "/a%0D%0Ab/")
        #expect(try HTTPTarget("/").directoryPath == "/")
    }
}
