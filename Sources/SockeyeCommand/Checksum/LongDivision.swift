import Memory
import Setup

/// A cyclic code worked out on paper: the message with zeros behind it, divided without carries.
///
///     10011 ) 11010111110000
///             10011
///             -----
///              10011
///     …
struct LongDivision {
    private static var limit: Int { 256 }

    private let code: CyclicCode
    private let message: [Bool]
    private let isBytes: Bool

    init(_ message: Message, by code: CyclicCode) throws(CommandError) {
        guard message.bitCount <= Self.limit else {
            throw .usage("checksum: --show is for messages of up to \(Self.limit) bits here")
        }
        self.code = code
        self.message = message.bits(mirrored: code.reflectsInput)
        if case .bytes = message { isBytes = true } else { isBytes = false }
    }

    private var divisor: [Bool] {
        [true] + Digits.bits(code.polynomial, width: code.width)
    }

    var lines: [String] {
        var lines = ["the polynomial is \(polynomial)"]
        if isBytes, code.reflectsInput {
            lines.append("each byte goes in with its least significant bit first")
        }
        lines.append("message       \(Digits.text(message))")
        var dividend = message + repeatElement(false, count: code.width)
        lines.append("with zeros    \(Digits.text(dividend))")
        if code.initial != 0 {
            let initial = Digits.bits(code.initial, width: code.width)
            for place in 0..<code.width where initial[place] { dividend[place].toggle() }
            lines.append("plus initial  \(Digits.text(initial))")
            lines.append("              \(Digits.text(dividend))")
        }
        lines.append("")
        divide(&dividend, into: &lines)
        finish(dividend.suffix(code.width), into: &lines)
        return lines
    }

    /// Such as "x^4 + x + 1".
    private var polynomial: String {
        let powers = divisor.indices.filter { divisor[$0] }.map { code.width - $0 }
        return powers.map { $0 == 0 ? "1" : $0 == 1 ? "x" : "x^\($0)" }.joined(separator: " + ")
    }

    /// Takes the divisor from the dividend below each leading one, until it is too long.
    private func divide(_ dividend: inout [Bool], into lines: inout [String]) {
        let prefix = Digits.text(divisor) + " ) "
        let margin = String(repeating: " ", count: prefix.count)
        var quotient: [Bool] = []
        var rows: [String] = [prefix + Digits.text(dividend)]
        for place in message.indices {
            quotient.append(dividend[place])
            guard dividend[place] else { continue }
            let indent = margin + String(repeating: " ", count: place)
            for (step, bit) in divisor.enumerated() where bit { dividend[place + step].toggle() }
            rows.append(indent + Digits.text(divisor))
            rows.append(indent + String(repeating: "-", count: divisor.count))
            // What is left begins at the next one, or is the remainder.
            let next = (place + 1..<message.count).first { dividend[$0] } ?? message.count
            rows.append(
                margin + String(repeating: " ", count: next) + Digits.text(dividend[next...]))
        }
        lines.append(margin + Digits.text(quotient) + "  quotient")
        lines += rows
    }

    private func finish(_ remainder: ArraySlice<Bool>, into lines: inout [String]) {
        lines.append("")
        lines.append("remainder     \(Digits.text(remainder))")
        var value = Digits.number(remainder)
        if code.reflectsOutput {
            value = CyclicCode.reflected(value, width: code.width)
            lines.append("mirrored      \(Digits.text(Digits.bits(value, width: code.width)))")
        }
        if code.finalXor != 0 {
            lines.append(
                "plus          \(Digits.text(Digits.bits(code.finalXor, width: code.width)))")
            value ^= code.finalXor
            lines.append("              \(Digits.text(Digits.bits(value, width: code.width)))")
        }
    }
}
