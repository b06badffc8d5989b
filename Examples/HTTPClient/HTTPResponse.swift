/// What a server answered.
public struct HTTPResponse: Equatable, Sendable {
    /// Such as 200 or 404.
    public let status: Int
    /// The fields in their order, their names in small letters.
    public let fields: [Field]
    public var body: [UInt8] = []

    public struct Field: Equatable, Sendable {
        public let name: String
        public let value: String
    }

    /// The value of the first field of that name, given in small letters.
    public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    public var text: String { String(decoding: body, as: UTF8.self) }

    /// Reads a head without the empty line that ends it.
    init(head: ArraySlice<UInt8>) throws(HTTPError) {
        var lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")[...]
        let words = lines.popFirst()?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw .malformed
        }
        self.status = status
        var fields: [Field] = []
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { throw .malformed }
            let value = line[line.index(after: colon)...]
            fields.append(
                Field(name: line[..<colon].lowercased(), value: value.withoutSpaces))
        }
        self.fields = fields
    }
}

/// What is wrong with an answer.
public enum HTTPError: Error, Equatable, Sendable {
    /// It is none of HTTP/1.1.
    case malformed
    /// The server ended the connection before its answer was complete.
    case cutOff
}

extension Substring {
    /// Without spaces at either end.
    var withoutSpaces: String {
        var rest = self
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest.drop(while: \.isWhitespace))
    }
}
