import Glibc
import Memory
import Sockets
import Testing
import Wire

@testable import Services

/// Conversations with the web server, byte for byte.
@Suite("The web server", .timeLimit(.minutes(2)))
struct HTTPServiceTests {
    /// What a server answered.
    private struct Response {
        let status: Int
        let head: String
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        func field(_ name: String) -> String? {
            head.split(separator: "\r\n").first { $0.hasPrefix(name + ": ") }
                .map { String($0.dropFirst(name.count + 2)) }
        }
    }

    /// Takes the bytes of a connection apart by Content-Length.
    private func responses(_ bytes: [UInt8], bodies: Bool = true) -> [Response] {
        var responses: [Response] = []
        var rest = bytes[...]
        while let end = rest.indices.dropLast(3).first(where: {
            rest[$0...].prefix(4).elementsEqual("\r\n\r\n".utf8)
        }) {
            let head = String(decoding: rest[..<end], as: UTF8.self)
            rest = rest[(end + 4)...]
            let status = Int(head.dropFirst(9).prefix(3)) ?? 0
            let bare = Response(status: status, head: head, body: [])
            let count = bodies ? bare.field("Content-Length").flatMap { Int($0) } ?? 0 : 0
            responses.append(Response(status: status, head: head, body: Array(rest.prefix(count))))
            rest = rest.dropFirst(count)
        }
        #expect(rest.isEmpty)
        return responses
    }

    /// Serves a directory with some files, and asks once.
    private func serving(
        isWritable: Bool = false, limits: HTTPService.Limits = .init(),
        _ body: (Net, TemporaryDirectory) async throws -> Void
    ) async throws {
        let files = try TemporaryDirectory()
        try files.write("0123456789", to: "digits.txt")
        try files.write("<p>index", to: "sub/index.html")
        try await Net.serving({ host in
            let service = HTTPService(
                .directory(try ServedDirectory(files.path)), isWritable: isWritable,
                limits: limits)
            let server = try StreamServer(
                service, on: Network(host), at: SocketAddress(address: .unspecifiedV4, port: 80),
                limits: ServiceLimits(connections: 8, idle: .milliseconds(400)))
            return { await server.run() }
        }) { try await body($0, files) }
    }

    private func ask(
        _ net: Net, _ request: String, _ fields: String = "", body: String = ""
    ) async throws -> Response {
        let text = "\(request) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(body)"
        let bytes = try await net.exchange(80, Array(text.utf8))
        let responses = responses(bytes, bodies: !request.hasPrefix("HEAD"))
        return try #require(responses.last)
    }

    // MARK: - GET and HEAD

    @Test("GET brings a file, with its length, type and date")
    func get() async throws {
        try await serving { net, _ async throws in
            let response = try await ask(net, "GET /digits.txt")
            #expect(response.status == 200)
            #expect(response.text == "0123456789")
            #expect(response.field("Content-Length") == "10")
            #expect(response.field("Content-Type") == "text/plain; charset=utf-8")
            #expect(response.field("Accept-Ranges") == "bytes")
            #expect(response.field("Connection") == "keep-alive")
            #expect(response.field("Last-Modified").flatMap { HTTPDate($0) } != nil)
            #expect(response.field("Date").flatMap { HTTPDate($0) } != nil)
        }
    }

    @Test("HEAD brings the same head alone")
    func head() async throws {
        try await serving { net, _ async throws in
            let response = try await ask(net, "HEAD /digits.txt")
            #expect(response.status == 200)
            #expect(response.field("Content-Length") == "10")
            let missing = try await ask(net, "HEAD /none")
            #expect(missing.status == 404)
        }
    }

    @Test("directories show their index, or their names, under a path with a slash")
    func directories() async throws {
        try await serving { net, _ async throws in
            #expect(try await ask(net, "GET /sub/").text == "<p>index")
            let redirect = try await ask(net, "GET /sub?q")
            #expect(redirect.status == 301)
            #expect(redirect.field("Location") == "/sub/")
            #expect(try await ask(net, "GET /").text.contains("<a href=\"digits.txt\">"))
        }
    }

    @Test("a range brings its bytes: 206, or 416 where there are none")
    func ranges() async throws {
        try await serving { net, _ async throws in
            let part = try await ask(net, "GET /digits.txt", "Range: bytes=3-5\r\n")
            #expect(part.status == 206)
            #expect(part.text == "345")
            #expect(part.field("Content-Range") == "bytes 3-5/10")
            let beyond = try await ask(net, "GET /digits.txt", "Range: bytes=10-\r\n")
            #expect(beyond.status == 416)
            #expect(beyond.field("Content-Range") == "bytes */10")
            let several = try await ask(net, "GET /digits.txt", "Range: bytes=0-1,4-5\r\n")
            #expect(several.status == 200)
        }
    }

    @Test("conditions on dates are kept (RFC 9110 §13.1.3, §13.1.5)")
    func conditions() async throws {
        try await serving { net, _ async throws in
            let date = try #require(
                try await ask(net, "GET /digits.txt").field("Last-Modified"))
            let same = try await ask(net, "GET /digits.txt", "If-Modified-Since: \(date)\r\n")
            #expect(same.status == 304)
            #expect(same.field("Content-Length") == nil)
            let old = "Sun, 06 Nov 1994 08:49:37 GMT"
            let newer = try await ask(net, "GET /digits.txt", "If-Modified-Since: \(old)\r\n")
            #expect(newer.status == 200)
            let range = "Range: bytes=0-0\r\nIf-Range: "
            #expect(try await ask(net, "GET /digits.txt", "\(range)\(date)\r\n").status == 206)
            #expect(try await ask(net, "GET /digits.txt", "\(range)\(old)\r\n").status == 200)
            #expect(try await ask(net, "GET /digits.txt", "\(range)\"tag\"\r\n").status == 200)
        }
    }

    @Test(
        "what cannot be had is said",
        arguments: [
            ("GET /none", "", 404), ("GET /%2e%2e/x", "", 403), ("GET /%00", "", 400),
            ("POST /digits.txt", "", 405), ("PUT /digits.txt", "Content-Length: 0\r\n", 405),
            ("BREW /pot", "", 501), ("GET /digits.txt", "Expect: wonders\r\n", 417),
            ("GET /digits.txt", "Transfer-Encoding: gzip\r\n", 501),
            ("GET /digits.txt", "Content-Length: x\r\n", 400),
            ("GET /" + String(repeating: "a", count: 8_200), "", 414),
            ("GET /digits.txt", String(repeating: "a: b\r\n", count: 200), 431),
            ("GET /digits.txt", "a: \(String(repeating: "b", count: 33_000))\r\n", 431),
        ])
    func refusals(request: String, fields: String, status: Int) async throws {
        try await serving { net, _ async throws in
            let response = try await ask(net, request, fields)
            #expect(response.status == status)
            if status == 405 { #expect(response.field("Allow") == "GET, HEAD") }
            #expect(try await ask(net, "GET /digits.txt").status == 200)
        }
    }

    @Test("requests that come at once are answered one after the other")
    func pipelining() async throws {
        try await serving { net, _ async throws in
            let one = "GET /digits.txt HTTP/1.1\r\nHost: a\r\n\r\n"
            let last = "GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            let bytes = try await net.exchange(80, Array((one + one + last + one).utf8))
            #expect(responses(bytes).map(\.status) == [200, 200, 404])
        }
    }

    @Test("HTTP/1.0 gets an answer and the end")
    func oldVersion() async throws {
        try await serving { net, _ async throws in
            let socket = try await net.connect(80)
            try await socket.send("GET /digits.txt HTTP/1.0\n\n")
            let response = try #require(responses(try await socket.receiveAll()).last)
            #expect(response.text == "0123456789")
            #expect(response.field("Connection") == "close")
        }
    }

    @Test("a request cut off anywhere is not answered, and no client after it notices")
    func truncation() async throws {
        try await serving { net, _ async throws in
            let bytes = Array("GET /digits.txt HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
            for count in 0..<bytes.count {
                #expect(try await net.exchange(80, Array(bytes[..<count])) == [])
            }
            #expect(try await ask(net, "GET /digits.txt").status == 200)
        }
    }

    @Test("a client that sends no request, or drips one, is reset when its time is over")
    func silence() async throws {
        var limits = HTTPService.Limits()
        limits.idle = .milliseconds(200)
        limits.head = .milliseconds(300)
        try await serving(limits: limits) { net, _ async throws in
            let silent = try await net.connect(80)
            await #expect(throws: SocketError(ECONNRESET, in: "recv")) {
                try await silent.receiveAll()
            }
            let dripping = try await net.connect(80)
            await #expect(throws: SocketError.self) {
                for byte in "GET / HTTP/1.1\r\nHost: \(String(repeating: "a", count: 100))".utf8 {
                    try await dripping.send([byte])
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
        }
    }

    // MARK: - PUT

    @Test("PUT stores a file, new or in place of another")
    func put() async throws {
        try await serving(isWritable: true) { net, files async throws in
            let new = try await ask(net, "PUT /new.txt", "Content-Length: 5\r\n", body: "hello")
            #expect(new.status == 201)
            #expect(files.read("new.txt") == Array("hello".utf8))
            let again = try await ask(net, "PUT /new.txt", "Content-Length: 0\r\n")
            #expect(again.status == 204)
            #expect(again.field("Content-Length") == nil)
            #expect(files.read("new.txt") == [])
            #expect(try files.names == ["digits.txt", "new.txt", "sub"])
        }
    }

    @Test("PUT takes chunks, and the connection goes on behind them")
    func putChunks() async throws {
        try await serving(isWritable: true) { net, files async throws in
            let put = "PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            let chunks = "5\r\nhello\r\n7;x\r\n, world\r\n0\r\n\r\n"
            let get = "GET /c HTTP/1.1\r\nHost: a\r\n\r\n"
            let found = responses(
                try await net.exchange(80, Array((put + chunks + get).utf8)))
            #expect(found.map(\.status) == [201, 200])
            #expect(found.last?.text == "hello, world")
        }
    }

    @Test("a client that asks first is told to go on, or why not")
    func expectation() async throws {
        var limits = HTTPService.Limits()
        limits.upload = 10
        try await serving(isWritable: true, limits: limits) { net, files async throws in
            let socket = try await net.connect(80)
            let fields = "Host: a\r\nExpect: 100-continue\r\nContent-Length:"
            try await socket.send("PUT /e HTTP/1.1\r\n\(fields) 2\r\n\r\n")
            let interim = "HTTP/1.1 100 Continue\r\n\r\n"
            #expect(try await socket.receive(exactly: interim.utf8.count) == Array(interim.utf8))
            try await socket.send("ok")
            try socket.shutdown(.sending)
            #expect(responses(try await socket.receiveAll()).map(\.status) == [201])
            #expect(files.read("e") == Array("ok".utf8))

            let large = try await net.connect(80)
            try await large.send("PUT /e HTTP/1.1\r\n\(fields) 11\r\n\r\n")
            let refusal = try #require(responses(try await large.receiveAll()).last)
            #expect(refusal.status == 413)
            #expect(refusal.field("Connection") == "close")
        }
    }

    @Test(
        "PUT of what cannot be stored is said",
        arguments: [
            ("PUT /x", "", "", 411), ("PUT /sub", "Content-Length: 1\r\n", "a", 409),
            ("PUT /none/x", "Content-Length: 1\r\n", "a", 409),
            ("PUT /../x", "Content-Length: 1\r\n", "a", 403),
            ("PUT /x", "Content-Length: 11\r\n", "01234567890", 413),
            ("PUT /x", "Transfer-Encoding: chunked\r\n", "b\r\n01234567890\r\n0\r\n\r\n", 413),
            ("PUT /x", "Transfer-Encoding: chunked\r\n", "zz\r\n", 400),
            ("PUT /x", "Content-Length: 1\r\nContent-Range: bytes 0-0/2\r\n", "a", 400),
            ("PUT /x", "Content-Length: 9\r\n", "short", 400),
        ])
    func putRefusals(
        request: String, fields: String, body: String, status: Int
    ) async throws {
        var limits = HTTPService.Limits()
        limits.upload = 10
        try await serving(isWritable: true, limits: limits) { net, files async throws in
            #expect(try await ask(net, request, fields, body: body).status == status)
            #expect(try files.names == ["digits.txt", "sub"])
        }
    }

    @Test("a client that vanishes while it puts leaves nothing behind")
    func abandonedPut() async throws {
        try await serving(isWritable: true) { net, files async throws in
            let socket = try await net.connect(80)
            try await socket.send("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\nabc")
            while try files.names.count < 3 { try await Task.sleep(for: .milliseconds(5)) }
            socket.abort()
            while try files.names.count > 2 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(try files.names == ["digits.txt", "sub"])
        }
    }

    // MARK: - Large and generated

    @Test("a large file comes back as it was put, and parts of it as they are")
    func largeFile() async throws {
        try await serving(isWritable: true) { net, files async throws in
            let content = Dice.content(1_500_001)
            let head = "PUT /large HTTP/1.1\r\nHost: a\r\nContent-Length: \(content.count)\r\n\r\n"
            #expect(
                responses(try await net.exchange(80, Array(head.utf8) + content)).map(\.status)
                    == [201])
            #expect(files.read("large") == content)
            #expect(try await ask(net, "GET /large").body == content)
            let part = try await ask(net, "GET /large", "Range: bytes=500000-1199999\r\n")
            #expect(part.body == Array(content[500_000..<1_200_000]))
        }
    }

    @Test("generated bytes have the hash that the server tells")
    func generated() async throws {
        try await Net.serving("http") { net async throws in
            #expect(try await ask(net, "GET /").text.contains("Sockeye"))
            let count = 600_003
            let bytes = try await ask(net, "GET /bytes/\(count)").body
            #expect(bytes.count == count)
            var hash = SHA256()
            hash.add(bytes.span)
            let digits = hash.finish()
            let told = try await ask(net, "GET /bytes/\(count).sha256").text
            #expect(told == "\(digits)  \(count)\n")
            let part = try await ask(net, "GET /bytes/\(count)", "Range: bytes=-5\r\n")
            #expect(part.body == Array(bytes.suffix(5)))
        }
    }

    @Test(
        "numbers that are none are no pages",
        arguments: [
            "/bytes", "/bytes/", "/bytes/x", "/bytes/-1", "/bytes/+1", "/bytes/1/2",
            "/bytes/1000000000001", "/bytes/99999999999999999999", "/bytes/.sha256",
            "/bytes/1000000001.sha256", "/none",
        ])
    func noPages(path: String) async throws {
        try await Net.serving("http") { net async throws in
            #expect(try await ask(net, "GET \(path)").status == 404)
        }
    }
}

extension Dice {
    fileprivate static func content(_ count: Int) -> [UInt8] {
        var dice = Dice(9)
        return dice.bytes(count)
    }
}
