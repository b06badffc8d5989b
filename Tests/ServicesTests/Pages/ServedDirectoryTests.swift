import Devices
import Glibc
import Memory
import Testing

@testable import Services

@Suite("Served directories")
struct ServedDirectoryTests {
    private let files: TemporaryDirectory
    private let directory: ServedDirectory

    init() throws {
        files = try TemporaryDirectory()
        try files.write("outside", to: "secret.txt")
        try files.write("hello", to: "www/hello.txt")
        try files.write("deep", to: "www/a/b/deep.txt")
        try files.write("index", to: "www/home/index.html")
        directory = try ServedDirectory("\(files.path)/www")
    }

    /// The content that is found, or the status of the refusal.
    private func find(_ target: String) -> String {
        do throws(HTTPRefusal) {
            switch try directory.find(HTTPTarget(target)) {
            case .directoryWithoutSlash: return "301"
            case .page(let page):
                var bytes = [UInt8](repeating: 0, count: page.count)
                var span = bytes.mutableSpan
                do throws(DeviceError) {
                    try page.read(at: 0, into: &span, 0..<span.count)
                } catch {
                    return "\(error)"
                }
                return String(decoding: bytes, as: UTF8.self)
            }
        } catch {
            return "\(error.status.code)"
        }
    }

    @Test(
        "files are found by their names, and nothing else is",
        arguments: [
            ("/hello.txt", "hello"), ("/a/b/deep.txt", "deep"), ("/home/", "index"),
            ("/home", "301"), ("/a", "301"), ("/hello.txt/", "404"), ("/hello.txt/x", "404"),
            ("/none", "404"), ("/a/none/x", "404"), ("/secret.txt", "404"),
            ("/" + String(repeating: "x", count: 300), "404"),
            ("/" + String(repeating: "a/", count: 500), "404"),
        ])
    func find(target: String, expected: String) {
        #expect(find(target) == expected)
    }

    @Test("a way of more names than are walked is refused")
    func longWay() throws {
        try files.link("www/self", to: ".")
        #expect(find("/" + String(repeating: "self/", count: 20) + "hello.txt") == "hello")
        #expect(find("/" + String(repeating: "self/", count: 500) + "hello.txt") == "403")
    }

    @Test(
        "links are followed as far as they stay inside",
        arguments: [
            ("hello.txt", "hello"), ("a/b/deep.txt", "deep"), ("./a/../hello.txt", "hello"),
            ("a/b/../b/deep.txt", "deep"), ("../secret.txt", "403"), ("..", "403"),
            ("a/../../secret.txt", "403"), ("/etc/hostname", "403"), ("missing", "404"),
            ("link", "403"), ("home/../a/../..", "403"),
        ])
    func links(to target: String, expected: String) throws {
        try files.link("www/link", to: target)
        #expect(find("/link") == expected)
    }

    @Test("a linked directory is walked through, and its .. leads back the way that was taken")
    func linkedDirectory() throws {
        try files.link("www/short", to: "a/b")
        try files.link("www/a/b/up", to: "../../hello.txt")
        try files.link("www/a/b/out", to: "../../../secret.txt")
        #expect(find("/short/deep.txt") == "deep")
        #expect(find("/short/up") == "hello")
        #expect(find("/short/out") == "403")
    }

    @Test("a FIFO is neither waited for nor served")
    func fifo() throws {
        try files.makeFIFO("www/fifo")
        #expect(find("/fifo") == "403")
    }

    @Test("a directory without an index shows its names, encoded and escaped")
    func listing() throws {
        try files.write("", to: "www/list/<b>&\"'.txt")
        try files.write("", to: "www/list/.hidden")
        try files.write("", to: "www/list/a/b")
        let page = find("/list/")
        #expect(page.contains("<a href=\"%3Cb%3E%26%22%27.txt\">&lt;b&gt;&amp;&quot;&#39;.txt</a>"))
        #expect(page.contains("<a href=\"a/\">a/</a>"))
        #expect(page.contains("<title>Index of /list/</title>"))
        #expect(!page.contains("hidden"))
    }

    @Test("a file that becomes shorter is noticed while it is read")
    func shrinking() throws {
        guard case .page(let page) = try directory.find(HTTPTarget("/hello.txt")) else {
            Issue.record("no page was found")
            return
        }
        try files.write("he", to: "www/hello.txt")
        var bytes = [UInt8](repeating: 0, count: 5)
        var code: CInt = 0
        do throws(DeviceError) {
            var span = bytes.mutableSpan
            try page.read(at: 0, into: &span, 0..<5)
        } catch {
            code = error.code
        }
        #expect(code == EIO)
    }

    @Test("what is no directory cannot be served")
    func noDirectory() {
        #expect(throws: DeviceError.self) { try ServedDirectory("\(files.path)/secret.txt") }
        #expect(throws: DeviceError.self) { try ServedDirectory("\(files.path)/none") }
        #expect(throws: DeviceError.self) { try ServedDirectory("") }
        #expect(throws: DeviceError.self) { try ServedDirectory("/tmp\u{0}/x") }
    }
}
