/// Integers in network byte order, read from spans of bytes.
///
/// Each access touches its highest offset first, so that one check covers all of its bytes, and a
/// view that has validated its length pays for nothing twice.
extension Span<UInt8> {
    /// The byte at `offset`.
    @inlinable
    public func uint8(at offset: Int) -> UInt8 { self[offset] }

    /// The 16-bit integer whose most significant byte is at `offset`.
    @inlinable
    public func uint16(at offset: Int) -> UInt16 {
        let low = self[offset &+ 1]
        return UInt16(self[offset]) << 8 | UInt16(low)
    }

    /// The 32-bit integer whose most significant byte is at `offset`.
    @inlinable
    public func uint32(at offset: Int) -> UInt32 {
        let low = self[offset &+ 3]
        let high = UInt32(self[offset]) << 24 | UInt32(self[offset &+ 1]) << 16
        return high | UInt32(self[offset &+ 2]) << 8 | UInt32(low)
    }

    /// The 64-bit integer whose most significant byte is at `offset`.
    @inlinable
    public func uint64(at offset: Int) -> UInt64 {
        let low = uint32(at: offset &+ 4)
        return UInt64(uint32(at: offset)) << 32 | UInt64(low)
    }
}

/// Integers written in network byte order.
extension MutableSpan<UInt8> {
    /// Writes one byte.
    @inlinable
    public mutating func write(_ value: UInt8, at offset: Int) { self[offset] = value }

    /// Writes `value` so that its most significant byte stands at `offset`.
    @inlinable
    public mutating func write(_ value: UInt16, at offset: Int) {
        self[offset &+ 1] = UInt8(truncatingIfNeeded: value)
        self[offset] = UInt8(truncatingIfNeeded: value >> 8)
    }

    /// Writes `value` so that its most significant byte stands at `offset`.
    @inlinable
    public mutating func write(_ value: UInt32, at offset: Int) {
        self[offset &+ 3] = UInt8(truncatingIfNeeded: value)
        self[offset &+ 2] = UInt8(truncatingIfNeeded: value >> 8)
        self[offset &+ 1] = UInt8(truncatingIfNeeded: value >> 16)
        self[offset] = UInt8(truncatingIfNeeded: value >> 24)
    }

    /// Writes `value` so that its most significant byte stands at `offset`.
    @inlinable
    public mutating func write(_ value: UInt64, at offset: Int) {
        write(UInt32(truncatingIfNeeded: value), at: offset &+ 4)
        write(UInt32(truncatingIfNeeded: value >> 32), at: offset)
    }

    /// Copies all of `bytes` to `offset` and what follows it.
    ///
    /// - Precondition: The bytes fit.
    @inlinable
    public mutating func write(_ bytes: Span<UInt8>, at offset: Int) {
        precondition(offset >= 0 && bytes.count <= count &- offset, "bytes past the end")
        unsafe withUnsafeMutableBytes { target in
            unsafe bytes.withUnsafeBytes { source in
                guard let to = target.baseAddress, let from = source.baseAddress
                else { return }
                unsafe (to + offset).copyMemory(from: from, byteCount: source.count)
            }
        }
    }
}
