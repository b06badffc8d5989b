import Memory

/// What a code is computed over: whole bytes, or any number of bits.
enum Message: Equatable {
    case bytes([UInt8])
    /// In the order a line carries them.
    case bits([Bool])

    var bitCount: Int {
        switch self {
        case .bytes(let bytes): bytes.count * 8
        case .bits(let bits): bits.count
        }
    }

    /// As bits, the most significant of each byte first unless `mirrored`.
    func bits(mirrored: Bool = false) -> [Bool] {
        switch self {
        case .bits(let bits): bits
        case .bytes(let bytes):
            bytes.flatMap { byte in
                (0..<8).map { byte >> (mirrored ? $0 : 7 - $0) & 1 != 0 }
            }
        }
    }

    /// As bytes; nil when the bits do not make whole ones.
    var bytes: [UInt8]? {
        switch self {
        case .bytes(let bytes): return bytes
        case .bits(let bits):
            guard bits.count % 8 == 0 else { return nil }
            return stride(from: 0, to: bits.count, by: 8).map { start in
                bits[start..<start + 8].reduce(0) { $0 << 1 | ($1 ? 1 : 0) }
            }
        }
    }
}

/// Numbers and bits as text.
enum Digits {
    /// Reads a number: decimal, or hexadecimal behind `0x`, or binary behind `0b`.
    static func value(_ text: String) -> UInt64? {
        let lower = text.lowercased()
        // The standard library's reading takes a sign, too.
        guard let first = lower.utf8.first, first != UInt8(ascii: "+") else { return nil }
        if lower.hasPrefix("0x") { return unsigned(lower.dropFirst(2), radix: 16) }
        if lower.hasPrefix("0b") { return unsigned(lower.dropFirst(2), radix: 2) }
        return unsigned(lower[...], radix: 10)
    }

    private static func unsigned(_ digits: Substring, radix: Int) -> UInt64? {
        guard let first = digits.utf8.first, first != UInt8(ascii: "+") else { return nil }
        return UInt64(digits, radix: radix)
    }

    /// `width` bits, the most significant first.
    static func bits(_ value: UInt64, width: Int) -> [Bool] {
        (0..<width).map { value >> UInt64(width - 1 - $0) & 1 != 0 }
    }

    static func number(_ bits: some Sequence<Bool>) -> UInt64 {
        bits.reduce(0) { $0 << 1 | ($1 ? 1 : 0) }
    }

    static func text(_ bits: some Sequence<Bool>) -> String {
        String(bits.map { $0 ? "1" : "0" as Character })
    }

    /// `count` hexadecimal digits.
    static func hexadecimal(_ value: UInt64, digits count: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, count - digits.count)) + digits
    }

    /// Reads bits, between which spaces and underscores may stand.
    static func bits(_ text: String) -> [Bool]? {
        var bits: [Bool] = []
        for character in text where character != " " && character != "_" {
            guard character == "0" || character == "1" else { return nil }
            bits.append(character == "1")
        }
        return bits
    }

    /// Reads bytes of two hexadecimal digits, between which spaces, colons and line ends may stand.
    static func bytes(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var half: UInt8?
        let body = text.hasPrefix("0x") ? text.dropFirst(2) : text[...]
        for character in body {
            if character == " " || character == ":" || character.isNewline {
                guard half == nil else { return nil }
                continue
            }
            guard character.isASCII, let digit = character.hexDigitValue else { return nil }
            if let high = half {
                bytes.append(high << 4 | UInt8(digit))
                half = nil
            } else {
                half = UInt8(digit)
            }
        }
        return half == nil ? bytes : nil
    }
}
