import Sockets
import Stack
import Wire

/// What the words of a line stand for; see Tests/Behaviour/README.md.
enum Words {
    /// Words with spaces between them; quotes keep spaces together.
    static func of(_ line: String) -> [String] {
        var words: [String] = []
        var word = ""
        var isQuoted = false
        for character in line {
            if character == "\"" { isQuoted.toggle() }
            if character == " ", !isQuoted {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                word.append(character)
            }
        }
        return word.isEmpty ? words : words + [word]
    }

    /// `"text"`, `"x"*1000`, `count*1000`.
    static func data(_ word: String) throws -> [UInt8] {
        let parts = word.split(separator: "*", omittingEmptySubsequences: false)
        let times = parts.count > 1 ? Int(parts[1]) ?? 0 : 1
        if parts[0] == "count" {
            return (0..<times).map { UInt8(truncatingIfNeeded: $0 % 251 + $0 / 251 % 7) }
        }
        guard word.first == "\"", let end = word.lastIndex(of: "\"") else {
            throw Unspeakable(word)
        }
        let text = word[word.index(after: word.startIndex)..<end]
        return Array(repeating: Array(text.utf8), count: times).flatMap(\.self)
    }

    /// The bytes of an option or control message: `int:5`, `hex:0102`, `linger:1,0`, …
    static func value(_ word: String) throws -> [UInt8] {
        guard let colon = word.firstIndex(of: ":") else { throw Unspeakable(word) }
        let rest = String(word[word.index(after: colon)...])
        let fields = rest.split(separator: ",").map(String.init)
        switch word[..<colon] {
        case "int", "linger", "credentials", "ints": return try fields.flatMap { try number($0, 4) }
        case "short": return try number(rest, 2)
        case "byte": return try number(rest, 1)
        case "long", "timeval": return try fields.flatMap { try number($0, 8) }
        case "text": return Array(rest.utf8) + [0]
        case "bare": return Array(rest.utf8)
        case "zero": return [UInt8](repeating: 0, count: Int(rest) ?? 0)
        case "hex": return hex(rest)
        case "address", "mreq", "mreqsource": return try fields.flatMap(address)
        case "address6": return try address(rest)
        case "mreqn": return try fields.prefix(2).flatMap(address) + number(fields[2], 4)
        case "mreq6", "pktinfo6": return try address(fields[0]) + number(fields[1], 4)
        case "pktinfo": return try number(fields[0], 4) + fields.dropFirst().flatMap(address)
        default: throw Unspeakable(word)
        }
    }

    private static func number(_ word: String, _ size: Int) throws -> [UInt8] {
        guard let value = Int(word) else { throw Unspeakable(word) }
        return (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private static func hex(_ text: String) -> [UInt8] {
        let digits = Array(text)
        return stride(from: 0, to: digits.count - 1, by: 2).map {
            UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0
        }
    }

    private static func address(_ word: String) throws -> [UInt8] {
        guard let address = IPAddress(word) else { throw Unspeakable(word) }
        let name = SocketName.internet(SocketAddress(address: address, port: 0))
        return address.isIPv4
            ? Array(name.bytes(for: .inet)[4..<8]) : Array(name.bytes(for: .inet6)[8..<24])
    }
}

/// `127.0.0.1:A`, `[::1%1]:80`: an address and what stands for its port.
struct AddressWord {
    let address: IPAddress
    let zone: UInt16
    let port: String

    init?(_ word: String) {
        guard let colon = word.lastIndex(of: ":") else { return nil }
        port = String(word[word.index(after: colon)...])
        let text = word[..<colon].filter { $0 != "[" && $0 != "]" }
        let parts = text.split(separator: "%").map(String.init)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        self.address = address
        zone = parts.count > 1 ? UInt16(parts[1]) ?? 0 : 0
    }
}
