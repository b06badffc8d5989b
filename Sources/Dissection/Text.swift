/// Forms of numbers and bytes in lines.
enum Text {
    /// `number` in hexadecimal, with zeros in front up to `digits`.
    static func hexadecimal(_ number: UInt64, digits: Int = 1) -> String {
        var bytes: [UInt8] = []
        var place = max(digits &* 4, 64 &- number.leadingZeroBitCount)
        place = (place &+ 3) / 4
        while place > 0 {
            place &-= 1
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(place &* 4) & 0xF)
            bytes.append(digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ digit &- 10)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `number` in decimal, with zeros in front up to `digits`.
    static func decimal(_ number: Int64, digits: Int) -> String {
        var text = "\(number)"
        while text.utf8.count < digits { text = "0" + text }
        return text
    }

    /// Bytes as printable characters, others as control (^X) and high (M-x) ones.
    static func printable(_ bytes: Span<UInt8>) -> String {
        var text: [UInt8] = []
        for index in bytes.indices {
            var byte = bytes[index]
            if byte >= 0x80 {
                text.append(UInt8(ascii: "M"))
                text.append(UInt8(ascii: "-"))
                byte &= 0x7F
            }
            if byte < 0x20 || byte == 0x7F {
                text.append(UInt8(ascii: "^"))
                byte ^= 0x40
            }
            text.append(byte)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
