import Memory
import Testing
import Wire

/// The bytes that `text` spells: hexadecimal digits, with spaces and line breaks between them.
func bytes(_ text: String) -> [UInt8] {
    let digits = text.compactMap { $0.hexDigitValue.map(UInt8.init) }
    precondition(digits.count.isMultiple(of: 2), "half a byte")
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// A copy of what `span` holds, fit to stand inside `#expect`.
func copy(_ span: Span<UInt8>) -> [UInt8] {
    span.indices.map { span[$0] }
}

/// `count` bytes of a pattern that no writer leaves by chance, changed by `write`.
func written(_ count: Int, _ write: (inout MutableSpan<UInt8>) -> Void) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xEE, count: count)
    var span = bytes.mutableSpan
    write(&span)
    return bytes
}

/// Why `attempt` fails, nil if it does not.
func refusal(_ attempt: () throws -> Void) -> WireError? {
    do {
        try attempt()
        return nil
    } catch {
        guard let refusal = error as? WireError else { preconditionFailure("\(error)") }
        return refusal
    }
}

extension [UInt8] {
    /// The same bytes with those from `offset` on replaced.
    func with(_ replacement: UInt8..., at offset: Int) -> [UInt8] {
        var bytes = self
        for (index, byte) in replacement.enumerated() { bytes[offset + index] = byte }
        return bytes
    }
}

/// The checksum computed as RFC 1071 §1 defines it, a word at a time.
func referenceChecksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for offset in stride(from: 0, to: bytes.count, by: 2) {
        let low = offset + 1 < bytes.count ? bytes[offset + 1] : 0
        sum += UInt32(bytes[offset]) << 8 | UInt32(low)
        sum = (sum & 0xFFFF) + sum >> 16
    }
    return ~UInt16(sum)
}

/// The same sequence on every run (Marsaglia's xorshift).
struct TestRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}
