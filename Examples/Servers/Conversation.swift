import Stack

/// One side of a conversation with a client, whichever way its bytes come: what a server is, apart
/// from how it serves many at once.
protocol Conversation: Sendable {
    init()
    /// Hears what the client said, empty at the end of it; what is answered.
    mutating func hear(_ bytes: ArraySlice<UInt8>) -> [UInt8]
    /// Whether the server has said all that it will.
    var isOver: Bool { get }
}

/// What the servers here offer.
enum Service: String, CaseIterable, Sendable {
    case echo, files, web

    func conversation() -> any Conversation {
        switch self {
        case .echo: Echo()
        case .files: FileTransfer()
        case .web: WebPage()
        }
    }
}

/// Says everything again (RFC 862).
struct Echo: Conversation {
    private(set) var isOver = false

    mutating func hear(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        isOver = bytes.isEmpty
        return Array(bytes)
    }
}

/// Sends the file whose name the client says in one line.
struct FileTransfer: Conversation {
    private var line: [UInt8] = []
    private(set) var isOver = false

    mutating func hear(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        line += bytes
        let end = line.firstIndex(of: UInt8(ascii: "\n"))
        guard end != nil || bytes.isEmpty || line.count > 255 else { return [] }
        isOver = true
        let name = String(decoding: line[..<(end ?? line.count)], as: UTF8.self)
        guard let content = Shelf.content(of: name) else { return Array("no such file\n".utf8) }
        return Array("\(content.count) bytes\n".utf8) + content
    }
}

/// Answers one request for a page (HTTP/1.0).
struct WebPage: Conversation {
    private var head: [UInt8] = []
    private(set) var isOver = false

    mutating func hear(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        head += bytes
        let text = String(decoding: head, as: UTF8.self)
        guard text.contains("\r\n\r\n") || bytes.isEmpty || head.count > 8192 else { return [] }
        isOver = true
        let words = text.prefix { $0 != "\r\n" }.split(separator: " ")
        guard words.count == 3, words[0] == "GET" else {
            return Self.answer("400 Bad Request", [])
        }
        guard let content = Shelf.content(of: String(words[1].dropFirst())) else {
            return Self.answer("404 Not Found", [])
        }
        return Self.answer("200 OK", content)
    }

    private static func answer(_ status: String, _ content: [UInt8]) -> [UInt8] {
        let head =
            "HTTP/1.0 \(status)\r\nContent-Type: application/octet-stream\r\n"
            + "Content-Length: \(content.count)\r\n\r\n"
        return Array(head.utf8) + content
    }
}

/// The files that there are: named by their sizes, such as `20000`.
enum Shelf {
    static func content(of name: String) -> [UInt8]? {
        guard let count = Int(name), (0...1_000_000).contains(count) else { return nil }
        return (0..<count).map { place in UInt8(truncatingIfNeeded: place &* 31 &+ place >> 8) }
    }
}
