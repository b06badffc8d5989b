import Wire

/// Reads the numbers of old-style addresses from the front of a text.
struct NumberCursor {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    var isAtEnd: Bool { position == bytes.count }
    var isAtSpace: Bool { next.map(ASCII.isSpace) ?? false }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    /// A number as C writes it: `0x1F`, `017`, `15`; nil where no digit is or 32 bits are too few.
    private mutating func number() -> UInt32? {
        guard let first = next, ASCII.digit(first) != nil else { return nil }
        var base: UInt32 = 10
        if first == UInt8(ascii: "0") {
            base = 8
            // A lone `0x` is a zero before something else.
            if position + 2 < bytes.count, bytes[position + 1] | 0x20 == UInt8(ascii: "x"),
                ASCII.hexadecimalDigit(bytes[position + 2]) != nil
            {
                base = 16
                position += 2
            }
        }
        var number: UInt32 = 0
        var overflows = false
        while let digit = next.flatMap(ASCII.hexadecimalDigit), UInt32(digit) < base {
            let (product, first) = number.multipliedReportingOverflow(by: base)
            let (sum, second) = product.addingReportingOverflow(UInt32(digit))
            number = sum
            overflows = overflows || first || second
            position += 1
        }
        return overflows ? nil : number
    }

    /// One to four numbers, the last as wide as is left.
    mutating func address() -> IPv4Address? {
        var address: UInt32 = 0
        var rest: UInt32 = 32
        while let number = number() {
            guard rest > 8, skip(UInt8(ascii: ".")) else {
                guard rest == 32 || number >> rest == 0 else { return nil }
                return IPv4Address(address | number)
            }
            guard number <= 0xFF else { return nil }
            rest -= 8
            address |= number << rest
        }
        return nil
    }

    /// One to four numbers of a byte, of which each moves those before it to the left.
    mutating func network() -> UInt32? {
        var network: UInt32 = 0
        for _ in 0..<4 {
            guard let part = networkPart(), part <= 0xFF else { return nil }
            network = network << 8 | part
            guard skip(UInt8(ascii: ".")) else {
                while isAtSpace { position += 1 }
                return isAtEnd ? network : nil
            }
        }
        return nil
    }

    /// A number as `inet_network` reads it: an `x` needs no zero before it, and what does not fit
    /// into 32 bits is cut off.
    private mutating func networkPart() -> UInt32? {
        var base: UInt32 = 10
        var hasDigit = false
        if skip(UInt8(ascii: "0")) {
            base = 8
            hasDigit = true
        }
        if skip(UInt8(ascii: "x")) || skip(UInt8(ascii: "X")) {
            base = 16
            hasDigit = false
        }
        var number: UInt32 = 0
        while let byte = next, let digit = ASCII.hexadecimalDigit(byte), digit < 10 || base == 16 {
            guard digit < base else { return nil }
            number = number &* base &+ UInt32(digit)
            hasDigit = true
            position += 1
        }
        return hasDigit ? number : nil
    }
}
