/// An Ethernet address, 48 bits (IEEE 802-2014 §8).
@frozen
public struct MACAddress: Hashable, Comparable, Sendable {
    /// The address in the low 48 bits, its first byte the most significant.
    public let rawValue: UInt64

    /// - Parameter rawValue: The address in the low 48 bits; the others are ignored.
    @inlinable
    public init(_ rawValue: UInt64) {
        self.rawValue = rawValue & 0xFFFF_FFFF_FFFF
    }

    @inlinable
    public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8, _ e: UInt8, _ f: UInt8) {
        let high = UInt64(a) << 40 | UInt64(b) << 32 | UInt64(c) << 24
        self.init(high | UInt64(d) << 16 | UInt64(e) << 8 | UInt64(f))
    }

    /// The group that a multicast IP address is sent to on Ethernet: its low 23 bits after
    /// 01:00:5e (RFC 1112 §6.4), or its low 32 bits after 33:33 (RFC 2464 §7).
    @inlinable
    public init(multicast address: IPAddress) {
        if address.isIPv4 {
            self.init(0x0100_5E00_0000 | address.low & 0x7F_FFFF)
        } else {
            self.init(0x3333_0000_0000 | address.low & 0xFFFF_FFFF)
        }
    }

    /// All zeros: no address.
    @inlinable public static var zero: MACAddress { MACAddress(0) }
    /// All ones: every station.
    @inlinable public static var broadcast: MACAddress { MACAddress(0xFFFF_FFFF_FFFF) }

    /// Whether the address names a group of stations, the broadcast address included.
    @inlinable public var isMulticast: Bool { rawValue >> 40 & 1 == 1 }
    @inlinable public var isBroadcast: Bool { self == .broadcast }
    /// Whether the address was chosen locally and not by a manufacturer.
    @inlinable public var isLocallyAdministered: Bool { rawValue >> 40 & 2 == 2 }

    @inlinable
    public static func < (a: MACAddress, b: MACAddress) -> Bool { a.rawValue < b.rawValue }
}

extension MACAddress: CustomStringConvertible {
    /// Reads six groups of two hexadecimal digits between colons: `02:00:00:00:00:01`.
    public init?(_ text: String) {
        var scanner = AddressScanner(text)
        guard let address = scanner.macAddress(), scanner.isAtEnd else { return nil }
        self = address
    }

    /// Six groups of two lower-case hexadecimal digits between colons.
    public var description: String {
        var text = AddressText()
        for index in 0..<6 {
            if index > 0 { text.append(AddressText.colon) }
            let byte = rawValue >> UInt64(40 - 8 * index) & 0xFF
            text.appendHexadecimal(byte >> 4)
            text.appendHexadecimal(byte & 0xF)
        }
        return text.string
    }
}
