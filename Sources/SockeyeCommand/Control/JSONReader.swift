extension JSON {
    /// Reads one value, with nothing but white space around it; nil where `text` is not one, or
    /// nests deeper than 16, or has a number that is not whole or too large.
    init?(_ text: String) {
        var reader = JSONReader(text)
        guard let value = reader.value(depth: 0), reader.isAtEnd else { return nil }
        self = value
    }
}

/// Goes through the text of a JSON value (RFC 8259 §2).
private struct JSONReader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return place == bytes.count
        }
    }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipSpace() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { place += 1 }
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard let byte = next, UInt32(byte) == character.value else { return false }
        place += 1
        return true
    }

    private mutating func skip(word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard place + count <= bytes.count else { return false }
        guard String(decoding: bytes[place..<place + count], as: UTF8.self) == "\(word)" else {
            return false
        }
        place += count
        return true
    }

    mutating func value(depth: Int) -> JSON? {
        skipSpace()
        guard depth < 16, let byte = next else { return nil }
        switch Unicode.Scalar(byte) {
        case "{": return object(depth)
        case "[": return array(depth)
        case "\"": return string().map { .string($0) }
        case "t": return skip(word: "true") ? .bool(true) : nil
        case "f": return skip(word: "false") ? .bool(false) : nil
        case "n": return skip(word: "null") ? .null : nil
        default: return number()
        }
    }

    private mutating func object(_ depth: Int) -> JSON? {
        guard skip("{") else { return nil }
        var members: [JSON.Member] = []
        if skip("}") { return .object(members) }
        repeat {
            skipSpace()
            guard let name = string(), skip(":"), let value = value(depth: depth + 1) else {
                return nil
            }
            members.append(JSON.Member(name: name, value: value))
        } while skip(",")
        return skip("}") ? .object(members) : nil
    }

    private mutating func array(_ depth: Int) -> JSON? {
        guard skip("[") else { return nil }
        var elements: [JSON] = []
        if skip("]") { return .array(elements) }
        repeat {
            guard let element = value(depth: depth + 1) else { return nil }
            elements.append(element)
        } while skip(",")
        return skip("]") ? .array(elements) : nil
    }

    private mutating func number() -> JSON? {
        let start = place
        while let byte = next, byte == 0x2D || (0x30...0x39).contains(byte) { place += 1 }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        // No leading zeros (RFC 8259 §6), and nothing that is not whole.
        guard let number = Int(text), text == String(number) else { return nil }
        return .number(number)
    }

    private mutating func string() -> String? {
        guard next == 0x22 else { return nil }
        place += 1
        var text: [UInt8] = []
        while let byte = next {
            place += 1
            switch byte {
            case 0x22: return String(validating: text, as: UTF8.self)
            case 0x5C:
                guard let scalar = escape() else { return nil }
                text += Array(String(scalar).utf8)
            case ..<0x20: return nil
            default: text.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        guard let byte = next else { return nil }
        place += 1
        switch Unicode.Scalar(byte) {
        case "\"": return "\""
        case "\\": return "\\"
        case "/": return "/"
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u":
            guard let unit = hexadecimal() else { return nil }
            return scalar(unit)
        default: return nil
        }
    }

    /// The character of a code unit, with the second half of a pair where it is the first of one.
    private mutating func scalar(_ unit: UInt32) -> Unicode.Scalar? {
        guard (0xD800...0xDBFF).contains(unit) else { return Unicode.Scalar(unit) }
        guard skip(word: "\\u"), let low = hexadecimal(), (0xDC00...0xDFFF).contains(low) else {
            return nil
        }
        return Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
    }

    private mutating func hexadecimal() -> UInt32? {
        guard place + 4 <= bytes.count else { return nil }
        let digits = bytes[place..<place + 4]
        guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        place += 4
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
