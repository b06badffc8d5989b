import Memory

extension Dissector {
    /// Appends the first line of a request or response; of what follows it, only the name.
    func appendHTTP(
        _ bytes: Span<UInt8>, count: Int, to line: inout String
    ) throws(Truncation) {
        line += "HTTP"
        guard Self.beginsMessage(bytes, isWhole: bytes.count >= count) else { return }
        for end in bytes.indices {
            switch bytes[end] {
            case UInt8(ascii: "\n"): return Self.append(bytes, end, to: &line)
            case UInt8(ascii: "\r"):
                guard end &+ 1 < bytes.count else {
                    if bytes.count >= count { return }
                    throw .http
                }
                if bytes[end &+ 1] == UInt8(ascii: "\n") { Self.append(bytes, end, to: &line) }
                return
            case UInt8(ascii: "\t"), 0x20...0x7E: continue
            default: return
            }
        }
        // A line without an end is shown if it fills the packet, which others may continue.
        if bytes.count >= count { Self.append(bytes, bytes.count, to: &line) }
        throw .http
    }

    private static func append(_ bytes: Span<UInt8>, _ count: Int, to line: inout String) {
        var text: [UInt8] = []
        for index in 0..<count { text.append(bytes[index]) }
        line += ": " + String(decoding: text, as: UTF8.self)
    }

    /// Whether the first word is a method, or the second a status of three digits.
    private static func beginsMessage(_ bytes: Span<UInt8>, isWhole: Bool) -> Bool {
        guard let first = word(bytes, from: 0, isWhole: isWhole) else { return false }
        if isMethod(bytes.extracting(first.word)) { return true }
        guard let second = word(bytes, from: first.next, isWhole: isWhole), second.word.count == 3
        else {
            return false
        }
        for index in second.word {
            guard bytes[index] >= UInt8(ascii: "0"), bytes[index] <= UInt8(ascii: "9")
            else { return false }
        }
        return true
    }

    /// The word that begins at `start` and where the next one does, if it is short printable text.
    private static func word(
        _ bytes: Span<UInt8>, from start: Int, isWhole: Bool
    ) -> (word: Range<Int>, next: Int)? {
        var end = start
        while end < bytes.count, !isSpace(bytes[end]) {
            guard isPrintable(bytes[end]), end &- start < 127 else { return nil }
            end &+= 1
        }
        // A word that reaches the end of what was captured might go on.
        guard end > start, end < bytes.count || isWhole else { return nil }
        var next = end
        while next < bytes.count, bytes[next] == UInt8(ascii: " ") { next &+= 1 }
        return (start..<end, next)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\n")
    }

    private static func isPrintable(_ byte: UInt8) -> Bool { byte >= 0x20 && byte < 0x7F }

    private static func isMethod(_ word: Span<UInt8>) -> Bool {
        for method in methods where equals(word, method) { return true }
        return false
    }

    private static func equals(_ word: Span<UInt8>, _ method: String) -> Bool {
        let text = method.utf8
        guard text.count == word.count else { return false }
        var index = 0
        for byte in text {
            let letter = word[index]
            let isLower = letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "z")
            guard (isLower ? letter & ~0x20 : letter) == byte else { return false }
            index &+= 1
        }
        return true
    }

    /// HTTP's (RFC 9110 §9, RFC 5789) and WebDAV's methods (RFC 4918, RFC 3253).
    private static var methods: [String] {
        [
            "GET", "PUT", "HEAD", "POST", "TRACE", "DELETE", "CONNECT", "OPTIONS",
            "COPY", "LOCK", "MOVE", "MKCOL", "UNLOCK", "PROPFIND", "PROPPATCH", "SEARCH",
            "LABEL", "MERGE", "REPORT", "UPDATE", "CHECKIN", "CHECKOUT", "UNCHECKOUT",
            "MKACTIVITY", "MKWORKSPACE", "VERSION-CONTROL", "BASELINE-CONTROL",
            "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "POLL",
        ]
    }
}
