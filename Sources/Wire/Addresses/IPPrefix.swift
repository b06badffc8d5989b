/// An address and how many of its leading bits name the network (RFC 4632 §3.1, RFC 4291 §2.3).
///
/// The host's bits are kept, so that one value says both what an interface's address is and which
/// addresses are on its link; `network` is the prefix without them.
@frozen
public struct IPPrefix: Hashable, Comparable, Sendable {
    public let address: IPAddress
    /// In bits: 0 to 32 for IPv4, 0 to 128 for IPv6.
    public let length: UInt8

    /// Nil when `length` is negative or longer than the address.
    @inlinable
    public init?(address: IPAddress, length: Int) {
        guard length >= 0, length <= address.bitCount else { return nil }
        self.address = address
        self.length = UInt8(truncatingIfNeeded: length)
    }

    @usableFromInline
    init(address: IPAddress, uncheckedLength: UInt8) {
        self.address = address
        length = uncheckedLength
    }

    /// The prefix that holds `address` alone.
    @inlinable
    public init(host address: IPAddress) {
        self.init(
            address: address, uncheckedLength: UInt8(truncatingIfNeeded: address.bitCount))
    }

    /// 0.0.0.0/0: all of IPv4.
    @inlinable public static var allIPv4: IPPrefix {
        IPPrefix(address: .unspecifiedV4, uncheckedLength: 0)
    }
    /// `::/0`: all of IPv6.
    @inlinable public static var allIPv6: IPPrefix {
        IPPrefix(address: .unspecifiedV6, uncheckedLength: 0)
    }

    /// The first address: the host's bits are zero.
    @inlinable public var network: IPAddress {
        let (high, low) = mask
        return IPAddress(high: address.high & high, low: address.low & low)
    }

    /// The same prefix without the host's bits.
    @inlinable public var masked: IPPrefix { IPPrefix(address: network, uncheckedLength: length) }

    /// The address of all hosts on the network, whose host's bits are one (RFC 919 §7); nil in
    /// IPv6 and for networks of one or two addresses (RFC 3021).
    @inlinable public var broadcast: IPAddress? {
        guard address.isIPv4, length < 31 else { return nil }
        return IPAddress(high: address.high, low: address.low | ~mask.low)
    }

    /// Whether `other` is of the same family and agrees in all bits of the prefix.
    @inlinable
    public func contains(_ other: IPAddress) -> Bool {
        guard other.isIPv4 == address.isIPv4 else { return false }
        let (high, low) = mask
        return (other.high ^ address.high) & high | (other.low ^ address.low) & low == 0
    }

    /// The ones that cover the network's bits. Smart shifts: 64 places leave nothing.
    @inlinable
    var mask: (high: UInt64, low: UInt64) {
        let bits = Int(length) &+ 128 &- address.bitCount
        if bits >= 64 { return (.max, ~(UInt64.max >> UInt64(bits &- 64))) }
        return (~(UInt64.max >> UInt64(bits)), 0)
    }

    /// By address, then shorter before longer.
    @inlinable
    public static func < (a: IPPrefix, b: IPPrefix) -> Bool {
        a.address != b.address ? a.address < b.address : a.length < b.length
    }
}

extension IPPrefix: CustomStringConvertible {
    /// Reads an address, a slash and a decimal length: `10.7.0.2/24`, `2001:db8::/32`.
    public init?(_ text: String) {
        var scanner = AddressScanner(text)
        guard let address = scanner.ipAddress(), scanner.skip(AddressText.slash),
            let length = scanner.decimal(maximum: 128), scanner.isAtEnd
        else { return nil }
        self.init(address: address, length: length)
    }

    /// The address, a slash and the length.
    public var description: String {
        var text = AddressText()
        text.append(address)
        text.append(AddressText.slash)
        text.appendDecimal(Int(length))
        return text.string
    }
}
