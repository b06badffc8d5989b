/// An IP address of either family, in 16 bytes.
///
/// An IPv4 address is held as its IPv4-mapped IPv6 address, `::ffff:a.b.c.d` (RFC 4291
/// §2.5.5.2), so that tables and sockets need one kind of key.
@frozen
public struct IPAddress: Hashable, Comparable, Sendable {
    /// The first 8 bytes as a number, the first of them the most significant.
    public let high: UInt64
    /// The last 8 bytes as a number.
    public let low: UInt64

    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    @inlinable
    public init(_ address: IPv4Address) {
        self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(address.rawValue))
    }

    /// An IPv4-mapped address becomes the IPv4 address it stands for.
    @inlinable
    public init(_ address: IPv6Address) {
        self.init(high: address.high, low: address.low)
    }

    /// The IPv4 address `a.b.c.d`.
    @inlinable
    public static func v4(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) -> IPAddress {
        IPAddress(IPv4Address(a, b, c, d))
    }

    /// 0.0.0.0.
    @inlinable public static var unspecifiedV4: IPAddress { IPAddress(IPv4Address.unspecified) }
    /// `::`.
    @inlinable public static var unspecifiedV6: IPAddress { IPAddress(high: 0, low: 0) }

    @inlinable public var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }
    /// The IPv4 address, nil for one of IPv6.
    @inlinable public var v4: IPv4Address? {
        isIPv4 ? IPv4Address(UInt32(truncatingIfNeeded: low)) : nil
    }
    /// The IPv6 address, IPv4-mapped for one of IPv4.
    @inlinable public var v6: IPv6Address { IPv6Address(high: high, low: low) }

    /// Bytes of the address on the wire: 4 or 16.
    @inlinable public var byteCount: Int { isIPv4 ? 4 : 16 }
    /// Bits of the address on the wire: 32 or 128.
    @inlinable public var bitCount: Int { isIPv4 ? 32 : 128 }

    @inlinable public var isUnspecified: Bool { v4?.isUnspecified ?? v6.isUnspecified }
    @inlinable public var isLoopback: Bool { v4?.isLoopback ?? v6.isLoopback }
    @inlinable public var isMulticast: Bool { v4?.isMulticast ?? v6.isMulticast }
    @inlinable public var isLinkLocal: Bool { v4?.isLinkLocal ?? v6.isLinkLocal }
    /// Whether this is 255.255.255.255; IPv6 has no broadcast.
    @inlinable public var isBroadcast: Bool { v4?.isBroadcast ?? false }

    @inlinable
    public static func < (a: IPAddress, b: IPAddress) -> Bool { a.v6 < b.v6 }
}

extension IPAddress: CustomStringConvertible {
    /// Reads a dotted quad or an IPv6 address.
    public init?(_ text: String) {
        var scanner = AddressScanner(text)
        guard let address = scanner.ipAddress(), scanner.isAtEnd else { return nil }
        self = address
    }

    /// The dotted quad or the canonical IPv6 form (RFC 5952).
    public var description: String {
        var text = AddressText()
        text.append(self)
        return text.string
    }
}
