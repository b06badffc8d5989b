import Memory

/// Addresses read from spans of bytes, in network order.
extension Span<UInt8> {
    /// The Ethernet address whose first byte is at `offset`.
    @inlinable
    public func macAddress(at offset: Int) -> MACAddress {
        let low = uint32(at: offset &+ 2)
        return MACAddress(UInt64(uint16(at: offset)) << 32 | UInt64(low))
    }

    /// The IPv4 address whose first byte is at `offset`.
    @inlinable
    public func ipv4Address(at offset: Int) -> IPv4Address { IPv4Address(uint32(at: offset)) }

    /// The IPv6 address whose first byte is at `offset`.
    @inlinable
    public func ipv6Address(at offset: Int) -> IPv6Address {
        let low = uint64(at: offset &+ 8)
        return IPv6Address(high: uint64(at: offset), low: low)
    }
}

/// Addresses written in network order.
extension MutableSpan<UInt8> {
    /// Writes the 6 bytes of `address` from `offset` on.
    @inlinable
    public mutating func write(_ address: MACAddress, at offset: Int) {
        write(UInt32(truncatingIfNeeded: address.rawValue), at: offset &+ 2)
        write(UInt16(truncatingIfNeeded: address.rawValue >> 32), at: offset)
    }

    /// Writes the 4 bytes of `address` from `offset` on.
    @inlinable
    public mutating func write(_ address: IPv4Address, at offset: Int) {
        write(address.rawValue, at: offset)
    }

    /// Writes the 16 bytes of `address` from `offset` on.
    @inlinable
    public mutating func write(_ address: IPv6Address, at offset: Int) {
        write(address.low, at: offset &+ 8)
        write(address.high, at: offset)
    }

    /// Writes the 4 or 16 bytes of `address` from `offset` on.
    @inlinable
    public mutating func write(_ address: IPAddress, at offset: Int) {
        if let v4 = address.v4 {
            write(v4, at: offset)
        } else {
            write(address.v6, at: offset)
        }
    }
}
