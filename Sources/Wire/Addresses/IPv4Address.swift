/// An IPv4 address (RFC 791).
@frozen
public struct IPv4Address: Hashable, Comparable, Sendable {
    /// The address as a number, its first byte the most significant.
    public let rawValue: UInt32

    @inlinable
    public init(_ rawValue: UInt32) {
        self.rawValue = rawValue
    }

    @inlinable
    public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        self.init(UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d))
    }

    /// 0.0.0.0: no address yet, or any (RFC 1122 §3.2.1.3).
    @inlinable public static var unspecified: IPv4Address { IPv4Address(0) }
    /// 127.0.0.1.
    @inlinable public static var loopback: IPv4Address { IPv4Address(0x7F00_0001) }
    /// 255.255.255.255: every host on this link (RFC 919).
    @inlinable public static var broadcast: IPv4Address { IPv4Address(0xFFFF_FFFF) }

    @inlinable public var isUnspecified: Bool { rawValue == 0 }
    /// Whether the address is in 0.0.0.0/8, valid only as a source before a host knows its own
    /// address (RFC 1122 §3.2.1.3).
    @inlinable public var isThisNetwork: Bool { rawValue >> 24 == 0 }
    /// Whether the address is in 127.0.0.0/8 (RFC 1122 §3.2.1.3).
    @inlinable public var isLoopback: Bool { rawValue >> 24 == 127 }
    /// Whether the address is in 169.254.0.0/16 (RFC 3927).
    @inlinable public var isLinkLocal: Bool { rawValue >> 16 == 0xA9FE }
    /// Whether the address is in 224.0.0.0/4 (RFC 5771).
    @inlinable public var isMulticast: Bool { rawValue >> 28 == 0xE }
    /// Whether this is the limited broadcast address, 255.255.255.255.
    @inlinable public var isBroadcast: Bool { rawValue == .max }

    @inlinable
    public static func < (a: IPv4Address, b: IPv4Address) -> Bool { a.rawValue < b.rawValue }
}

extension IPv4Address: CustomStringConvertible {
    /// Reads four decimal numbers from 0 to 255 between dots, without leading zeros, as
    /// `inet_pton` does.
    public init?(_ text: String) {
        var scanner = AddressScanner(text)
        guard let address = scanner.ipv4Address(), scanner.isAtEnd else { return nil }
        self = address
    }

    /// The dotted quad: `192.0.2.1`.
    public var description: String {
        var text = AddressText()
        text.append(self)
        return text.string
    }
}
