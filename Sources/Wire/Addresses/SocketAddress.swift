/// One end of a conversation: an address and a port.
@frozen
public struct SocketAddress: Hashable, Comparable, Sendable {
    public var address: IPAddress
    public var port: UInt16

    @inlinable
    public init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// By address, then by port.
    @inlinable
    public static func < (a: SocketAddress, b: SocketAddress) -> Bool {
        a.address != b.address ? a.address < b.address : a.port < b.port
    }
}

extension SocketAddress: CustomStringConvertible {
    /// Reads `10.7.0.2:80` or, with the brackets of RFC 3986 §3.2.2, `[::1]:80`.
    public init?(_ text: String) {
        var scanner = AddressScanner(text)
        let address: IPAddress
        if scanner.skip(AddressText.openingBracket) {
            guard let v6 = scanner.ipv6Address(), scanner.skip(AddressText.closingBracket)
            else { return nil }
            address = IPAddress(v6)
        } else {
            guard let v4 = scanner.ipv4Address() else { return nil }
            address = IPAddress(v4)
        }
        guard scanner.skip(AddressText.colon), let port = scanner.decimal(maximum: 65_535),
            scanner.isAtEnd
        else { return nil }
        self.init(address: address, port: UInt16(truncatingIfNeeded: port))
    }

    /// The form that `init` reads (RFC 5952 §6).
    public var description: String {
        var text = AddressText()
        if address.isIPv4 {
            text.append(address)
        } else {
            text.append(AddressText.openingBracket)
            text.append(address)
            text.append(AddressText.closingBracket)
        }
        text.append(AddressText.colon)
        text.appendDecimal(Int(port))
        return text.string
    }
}
