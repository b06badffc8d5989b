/// An IPv6 address (RFC 4291).
@frozen
public struct IPv6Address: Hashable, Comparable, Sendable {
    /// The first 8 bytes as a number, the first of them the most significant.
    public let high: UInt64
    /// The last 8 bytes as a number.
    public let low: UInt64

    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// `::`, no address yet, or any (RFC 4291 §2.5.2).
    @inlinable public static var unspecified: IPv6Address { IPv6Address(high: 0, low: 0) }
    /// `::1` (RFC 4291 §2.5.3).
    @inlinable public static var loopback: IPv6Address { IPv6Address(high: 0, low: 1) }

    @inlinable public var isUnspecified: Bool { high | low == 0 }
    @inlinable public var isLoopback: Bool { high == 0 && low == 1 }
    /// Whether the address is in `ff00::/8` (RFC 4291 §2.7).
    @inlinable public var isMulticast: Bool { high >> 56 == 0xFF }
    /// Whether the address is in `fe80::/10` (RFC 4291 §2.5.6).
    @inlinable public var isLinkLocal: Bool { high >> 54 == 0x3FA }
    /// Whether the address is in `::ffff:0:0/96`, which stands for IPv4 (RFC 4291 §2.5.5.2).
    @inlinable public var isIPv4Mapped: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// `ff02::1`: every node of a link (RFC 4291 §2.7.1).
    @inlinable public static var allNodes: IPv6Address {
        IPv6Address(high: 0xFF02 << 48, low: 1)
    }
    /// `ff02::2`: every router of a link (RFC 4291 §2.7.1).
    @inlinable public static var allRouters: IPv6Address {
        IPv6Address(high: 0xFF02 << 48, low: 2)
    }
    /// The group in which this address is asked after: `ff02::1:ff` and its low 24 bits
    /// (RFC 4291 §2.7.1).
    @inlinable public var solicitedNode: IPv6Address {
        IPv6Address(high: 0xFF02 << 48, low: 0x1_FF00_0000 | low & 0xFF_FFFF)
    }
    /// Whether the address is the group in which some address is asked after.
    @inlinable public var isSolicitedNode: Bool {
        high == 0xFF02 << 48 && low >> 24 == 0x1FF
    }

    @inlinable
    public static func < (a: IPv6Address, b: IPv6Address) -> Bool {
        a.high != b.high ? a.high < b.high : a.low < b.low
    }
}

extension IPv6Address: CustomStringConvertible {
    /// Reads the forms of RFC 4291 §2.2: eight groups of hexadecimal digits, `::` for zeros, the
    /// last two groups as a dotted quad if need be. A zone is not part of an address.
    public init?(_ text: String) {
        var scanner = AddressScanner(text)
        guard let address = scanner.ipv6Address(), scanner.isAtEnd else { return nil }
        self = address
    }

    /// The one canonical form (RFC 5952 §4): lower case, no leading zeros, the first of the
    /// longest runs of two or more zero groups as `::`; IPv4-mapped addresses end in a dotted quad
    /// (§5).
    public var description: String {
        var text = AddressText()
        text.append(self)
        return text.string
    }
}
