/// Integers with the least significant byte first, as the machine has them, read from spans of
/// bytes: what hosts hand to their own programs, and not to each other, is in this order.
extension Span<UInt8> {
    /// The 16-bit integer whose least significant byte is at `offset`.
    @inlinable
    public func littleUInt16(at offset: Int) -> UInt16 {
        let high = self[offset &+ 1]
        return UInt16(high) << 8 | UInt16(self[offset])
    }

    /// The 32-bit integer whose least significant byte is at `offset`.
    @inlinable
    public func littleUInt32(at offset: Int) -> UInt32 {
        let high = littleUInt16(at: offset &+ 2)
        return UInt32(high) << 16 | UInt32(littleUInt16(at: offset))
    }

    /// The 64-bit integer whose least significant byte is at `offset`.
    @inlinable
    public func littleUInt64(at offset: Int) -> UInt64 {
        let high = littleUInt32(at: offset &+ 4)
        return UInt64(high) << 32 | UInt64(littleUInt32(at: offset))
    }
}

/// Integers written with the least significant byte first, at the end of an array.
extension [UInt8] {
    public mutating func appendLittle(_ value: UInt16) {
        append(UInt8(truncatingIfNeeded: value))
        append(UInt8(truncatingIfNeeded: value >> 8))
    }

    public mutating func appendLittle(_ value: UInt32) {
        appendLittle(UInt16(truncatingIfNeeded: value))
        appendLittle(UInt16(truncatingIfNeeded: value >> 16))
    }

    public mutating func appendLittle(_ value: UInt64) {
        appendLittle(UInt32(truncatingIfNeeded: value))
        appendLittle(UInt32(truncatingIfNeeded: value >> 32))
    }
}
