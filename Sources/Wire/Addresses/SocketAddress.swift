/// One end of a conversation: an address, a port and, where the address is only unique on a link,
/// which link.
@frozen
public struct SocketAddress: Hashable, Comparable, Sendable {
    public var address: IPAddress
    public var port: UInt16
    /// The zone of a link-local address (RFC 4007 §6): the number of an interface, from 1; 0 for
    /// the default one and for addresses that need none.
    public var zone: UInt16

    @inlinable
    public init(address: IPAddress, port: UInt16, zone: UInt16 = 0) {
        self.address = address
        self.port = port
        self.zone = zone
    }

    /// By address, then by zone, then by port.
    @inlinable
    public static func < (a: SocketAddress, b: SocketAddress) -> Bool {
        if a.address != b.address { return a.address < b.address }
        return a.zone != b.zone ? a.zone < b.zone : a.port < b.port
    }
}

extension SocketAddress: CustomStringConvertible {
    /// Reads `10.7.0.2:80` or, with the brackets of RFC 3986 §3.2.2, `[::1]:80`; a zone is a
    /// number: `[fe80::1%2]:80` (RFC 4007 §11).
    public init?(_ text: String) {
        var scanner = AddressScanner(text)
        let address: IPAddress
        var zone = 0
        if scanner.skip(AddressText.openingBracket) {
            guard let v6 = scanner.ipv6Address() else { return nil }
            if scanner.skip(AddressText.percent) {
                guard let number = scanner.decimal(maximum: 65_535) else { return nil }
                zone = number
            }
            guard scanner.skip(AddressText.closingBracket) else { return nil }
            address = IPAddress(v6)
        } else {
            guard let v4 = scanner.ipv4Address() else { return nil }
            address = IPAddress(v4)
        }
        guard scanner.skip(AddressText.colon), let port = scanner.decimal(maximum: 65_535),
            scanner.isAtEnd
        else { return nil }
        self.init(
            address: address, port: UInt16(truncatingIfNeeded: port),
            zone: UInt16(truncatingIfNeeded: zone))
    }

    /// The form that `init` reads (RFC 5952 §6).
    public var description: String {
        var text = AddressText()
        if address.isIPv4 {
            text.append(address)
        } else {
            text.append(AddressText.openingBracket)
            text.append(address)
            if zone != 0 {
                text.append(AddressText.percent)
                text.appendDecimal(Int(zone))
            }
            text.append(AddressText.closingBracket)
        }
        text.append(AddressText.colon)
        text.appendDecimal(Int(port))
        return text.string
    }
}
