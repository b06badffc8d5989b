/// The most that the head of a request may have.
struct HTTPLimits: Sendable {
    /// Bytes of the request line, without its end; beyond it the answer is 414.
    var requestLine = 8_192
    /// Bytes of the whole head; beyond it the answer is 431.
    var head = 32_768
    /// Fields; beyond it the answer is 431.
    var fields = 100
}

/// Finds where the head of a request ends in bytes that come piece by piece. It looks at each byte
/// once, so that a peer who sends them one by one costs no more than another.
struct HTTPHeadScanner: Sendable {
    private let limits: HTTPLimits
    private var position = 0
    private var lineStart = 0
    private var lines = 0

    init(_ limits: HTTPLimits) { self.limits = limits }

    /// The count of bytes up to and with the empty line that ends the head, nil while it is not
    /// there.
    ///
    /// - Parameter bytes: All from the beginning: those of the last call and what came since.
    /// - Throws: 414 or 431 as soon as the limits are passed.
    mutating func end(in bytes: Span<UInt8>) throws(HTTPRefusal) -> Int? {
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            guard byte == HTTPSyntax.lineFeed else { continue }
            let isEmpty =
                position - lineStart == 1
                || position - lineStart == 2 && bytes[lineStart] == HTTPSyntax.carriageReturn
            try checkLimits()
            lineStart = position
            if !isEmpty {
                lines += 1
            } else if lines > 0 {
                return position
            }
            // Empty lines before a request are overlooked (RFC 9112 §2.2).
        }
        try checkLimits()
        return nil
    }

    private func checkLimits() throws(HTTPRefusal) {
        if lines == 0, position - lineStart > limits.requestLine + 2 {
            throw HTTPRefusal(.uriTooLong, "The request line is too long.")
        }
        if position > limits.head {
            throw HTTPRefusal(.headerFieldsTooLarge, "The header fields are too large.")
        }
    }
}

/// Characters of HTTP (RFC 9110 §5.6.2, RFC 5234 §B.1).
enum HTTPSyntax {
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")
    static let colon = UInt8(ascii: ":")

    /// Whether `bytes` are a token, such as a method or the name of a field.
    static func isToken(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy(isTokenCharacter)
    }

    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// Whether a field's value may have `byte`: all but control characters.
    static func isFieldCharacter(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7F || byte == tab
    }
}
