import Memory
import Setup

extension ErrorDetectingCode {
    /// How the value comes about, line by line.
    func working(of message: Message) throws(CommandError) -> [String] {
        switch self {
        case .parity(let parity): return try Self.count(message, parity)
        case .block(let width): return try grid(message, width: width)
        case .internet: return try Self.column(wholeBytes(of: message))
        case .cyclic(_, let code): return try LongDivision(message, by: code).lines
        }
    }

    /// Beyond this the working is too long to be read.
    private static func refuse(_ what: String, beyond limit: Int) -> CommandError {
        .usage("checksum: --show is for messages of up to \(limit) \(what)")
    }

    // MARK: - Parity

    private static func count(
        _ message: Message, _ parity: Parity
    ) throws(CommandError) -> [String] {
        let bits = message.bits()
        guard bits.count <= 4096 else { throw refuse("bits", beyond: 4096) }
        var lines: [String] = []
        var ones = 0
        for start in stride(from: 0, to: bits.count, by: 8) {
            let row = bits[start..<min(start + 8, bits.count)]
            ones += row.count { $0 }
            lines.append(
                "  \(Digits.text(row).padded(to: 8))  \(row.count { $0 }) ones, \(ones) in all")
        }
        let bit = parity.bit(ones: ones) ? 1 : 0
        let goal = parity == .even ? "even" : "odd"
        lines.append("\(ones) ones and a parity bit of \(bit) are \(ones + bit), which is \(goal)")
        return lines
    }

    /// A block with its parities behind the rows and below the columns.
    private func grid(_ message: Message, width: Int) throws(CommandError) -> [String] {
        let bits = message.bits()
        guard bits.count <= 4096 else { throw Self.refuse("bits", beyond: 4096) }
        let block = try parityBlock(of: message)
        var lines: [String] = []
        for (number, parity) in block.rows.enumerated() {
            let row = bits[number * width..<min((number + 1) * width, bits.count)]
            let filled = row + repeatElement(false, count: width - row.count)
            lines.append("  \(Digits.text(filled)) | \(parity ? 1 : 0)")
        }
        lines.append("  " + String(repeating: "-", count: width + 1) + "+--")
        lines.append("  \(Digits.text(block.columns)) | \(block.corner ? 1 : 0)")
        return lines
    }

    // MARK: - The Internet checksum

    /// The column of 16-bit words with their ones' complement sum (RFC 1071).
    private static func column(_ bytes: [UInt8]) throws(CommandError) -> [String] {
        guard bytes.count <= 4096 else { throw refuse("bytes", beyond: 4096) }
        var lines = ["  word  sum"]
        var sum: UInt64 = 0
        for start in stride(from: 0, to: bytes.count, by: 2) {
            let isOdd = start + 1 == bytes.count
            let word = UInt64(bytes[start]) << 8 | (isOdd ? 0 : UInt64(bytes[start + 1]))
            sum += word
            let digits = Digits.hexadecimal(word, digits: 4)
            let note = isOdd ? "  (filled up with a zero byte)" : ""
            guard sum > 0xFFFF else {
                lines.append("  \(digits)  \(Digits.hexadecimal(sum, digits: 4))\(note)")
                continue
            }
            let carried = sum & 0xFFFF
            sum = carried + 1
            lines.append(
                "  \(digits)  \(Digits.hexadecimal(carried, digits: 4)) carry 1, "
                    + "added: \(Digits.hexadecimal(sum, digits: 4))\(note)")
        }
        lines.append(
            "the complement of \(Digits.hexadecimal(sum, digits: 4)) "
                + "is \(Digits.hexadecimal(~sum & 0xFFFF, digits: 4))")
        return lines
    }
}

extension String {
    /// With spaces behind it up to `count` characters.
    func padded(to count: Int) -> String {
        self + String(repeating: " ", count: max(0, count - self.count))
    }
}
