/// Times and intervals as queries of IGMPv3 and MLDv2 carry them: small ones as they are, larger
/// ones as a mantissa and an exponent (RFC 9776 §4.1.1 and §4.1.7; RFC 9777 §5.1.3 and §5.1.9).
///
///      8 bits:  |1| exponent (3) | mantissa (4) |      mantissa + 16 … × 2^(exponent + 3)
///     16 bits:  |1| exponent (3) | mantissa (12) … |   mantissa + 4096 … × 2^(exponent + 3)
@frozen
public enum ExponentialCode {
    /// The number that `code` stands for: 0 to 31,744.
    @inlinable
    public static func value(_ code: UInt8) -> UInt32 {
        guard code >= 128 else { return UInt32(code) }
        return UInt32(code & 0xF | 0x10) << UInt32(code >> 4 & 7 &+ 3)
    }

    /// The number that `code` stands for: 0 to 8,387,584.
    @inlinable
    public static func value(_ code: UInt16) -> UInt32 {
        guard code >= 32768 else { return UInt32(code) }
        return UInt32(code & 0xFFF | 0x1000) << UInt32(code >> 12 & 7 &+ 3)
    }

    /// The code of the largest number that it can say and that is not above `value`.
    @inlinable
    public static func code8(_ value: UInt32) -> UInt8 {
        guard value >= 128 else { return UInt8(truncatingIfNeeded: value) }
        let value = min(value, 0x1F << 10)
        // The highest bit is the mantissa's implied one: the fifth from the right.
        let exponent = UInt32(27 &- value.leadingZeroBitCount)
        let mantissa = value >> exponent & 0xF
        return UInt8(truncatingIfNeeded: 0x80 | (exponent &- 3) << 4 | mantissa)
    }

    /// The code of the largest number that it can say and that is not above `value`.
    @inlinable
    public static func code16(_ value: UInt32) -> UInt16 {
        guard value >= 32768 else { return UInt16(truncatingIfNeeded: value) }
        let value = min(value, 0x1FFF << 10)
        let exponent = UInt32(19 &- value.leadingZeroBitCount)
        let mantissa = value >> exponent & 0xFFF
        return UInt16(truncatingIfNeeded: 0x8000 | (exponent &- 3) << 12 | mantissa)
    }
}
