/// Kinds of bytes in texts, as the C locale has them.
enum ASCII {
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    static func digit(_ byte: UInt8) -> UInt8? {
        byte >= 0x30 && byte <= 0x39 ? byte &- 0x30 : nil
    }

    static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        if let digit = digit(byte) { return digit }
        let letter = byte | 0x20
        return letter >= 0x61 && letter <= 0x66 ? letter &- 0x61 &+ 10 : nil
    }

    static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

    /// The small letter of a capital one, and every other byte as it is.
    static func folded(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }

    static func folded(_ text: some StringProtocol) -> [UInt8] { text.utf8.map(folded) }

    /// A decimal number without sign that is the whole of `text`; nil where it is none or is
    /// larger than `maximum`.
    static func decimal(_ text: some StringProtocol, maximum: Int) -> Int? {
        var number = 0
        guard !text.isEmpty else { return nil }
        for byte in text.utf8 {
            guard let digit = digit(byte) else { return nil }
            number = number * 10 + Int(digit)
            guard number <= maximum else { return nil }
        }
        return number
    }
}
