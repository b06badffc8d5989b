import Wire

/// Addresses in numbers, as the C library reads and writes them.
public enum NumericAddress {
    /// Reads a dotted quad and nothing else. POSIX `inet_pton` with `AF_INET`.
    public static func pton4(_ text: String) -> IPv4Address? { IPv4Address(text) }

    /// Reads an IPv6 address without zone. POSIX `inet_pton` with `AF_INET6`.
    public static func pton6(_ text: String) -> IPv6Address? { IPv6Address(text) }

    /// The dotted quad. POSIX `inet_ntop` with `AF_INET`, `inet_ntoa`.
    public static func ntop(_ address: IPv4Address) -> String { address.description }

    /// The canonical form but for the addresses of `::/96` with more than 16 bits set, which end
    /// in a dotted quad here and in hexadecimal digits in RFC 5952. POSIX `inet_ntop` with
    /// `AF_INET6`.
    public static func ntop(_ address: IPv6Address) -> String {
        guard address.high == 0, address.low >> 32 == 0, address.low >> 16 != 0 else {
            return address.description
        }
        return "::" + IPv4Address(UInt32(truncatingIfNeeded: address.low)).description
    }

    /// Reads one to four numbers with dots between, each decimal, octal behind a `0` or
    /// hexadecimal behind `0x`, the last of which fills the bytes that are left: `127.1` is
    /// 127.0.0.1. White space ends the address, whatever follows. BSD's `inet_aton`, `inet_addr`.
    public static func aton(_ text: String) -> IPv4Address? {
        var cursor = NumberCursor(text)
        guard let address = cursor.address(), cursor.isAtEnd || cursor.isAtSpace else {
            return nil
        }
        return address
    }

    /// As `aton`, but nothing may follow the address: what `getaddrinfo` takes for one.
    static func exactAton(_ text: String) -> IPv4Address? {
        var cursor = NumberCursor(text)
        guard let address = cursor.address(), cursor.isAtEnd else { return nil }
        return address
    }

    /// Reads one to four numbers of a byte each, with dots between, as one number: `127.1` is
    /// 0x7F01. White space may follow. BSD's `inet_network`; nil for what that calls -1.
    public static func network(_ text: String) -> UInt32? {
        var cursor = NumberCursor(text)
        return cursor.network()
    }
}

/// The classes that addresses had before prefixes (RFC 791 §2.3).
extension NumericAddress {
    /// How many bits of `address` named the host.
    private static func hostBits(_ address: IPv4Address) -> UInt32 {
        switch address.rawValue >> 30 {
        case 0, 1: 24
        case 2: 16
        default: 8
        }
    }

    /// The host's part of an address. BSD's `inet_lnaof`.
    public static func localPart(of address: IPv4Address) -> UInt32 {
        address.rawValue & ~(UInt32.max << hostBits(address))
    }

    /// The network's part of an address, moved to the right. BSD's `inet_netof`.
    public static func networkPart(of address: IPv4Address) -> UInt32 {
        address.rawValue >> hostBits(address)
    }

    /// The address of the host `local` on `network`, whose class its size tells. BSD's
    /// `inet_makeaddr`.
    public static func address(network: UInt32, local: UInt32) -> IPv4Address {
        switch network {
        case ..<128: IPv4Address(network << 24 | local & 0xFF_FFFF)
        case ..<65_536: IPv4Address(network << 16 | local & 0xFFFF)
        case ..<0x100_0000: IPv4Address(network << 8 | local & 0xFF)
        default: IPv4Address(network | local)
        }
    }
}
