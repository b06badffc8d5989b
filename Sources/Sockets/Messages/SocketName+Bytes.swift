import Glibc
import Stack
import Wire

/// Names as Linux lays them out: `sockaddr_in`, `sockaddr_in6`, `sockaddr_un`, `sockaddr_ll`,
/// `sockaddr_nl`, family first in the machine's order.
extension SocketName {
    /// Reads a `sockaddr`.
    ///
    /// - Throws: `EINVAL` when it is shorter than its family's, or no name of it;
    ///   `EAFNOSUPPORT` for other families.
    public init(bytes: Span<UInt8>) throws(SocketError) {
        guard bytes.count >= 2 else { throw SocketError(EINVAL, in: "sockaddr") }
        let family = CInt(UInt16(bytes[0]) | UInt16(bytes[1]) << 8)
        switch family {
        case AF_UNSPEC: self = .unspecified
        case AF_INET:
            try Self.require(bytes, 16)
            let address = IPAddress.v4(bytes[4], bytes[5], bytes[6], bytes[7])
            self = .internet(SocketAddress(address: address, port: Self.port(bytes)))
        case AF_INET6:
            // Old programs leave the scope out (RFC 2553).
            try Self.require(bytes, 24)
            self = .internet(Self.inet6(bytes))
        case AF_UNIX:
            guard bytes.count <= 110 else { throw SocketError(EINVAL, in: "sockaddr") }
            self = .local(LocalName(sockaddr: (2..<bytes.count).map { bytes[$0] }))
        case AF_PACKET:
            try Self.require(bytes, 12)
            self = .packet(Self.packet(bytes))
        case AF_NETLINK:
            try Self.require(bytes, 12)
            self = .netlink(port: Self.word(bytes, 4), groups: Self.word(bytes, 8))
        default: throw SocketError(EAFNOSUPPORT, in: "sockaddr")
        }
    }

    private static func require(_ bytes: Span<UInt8>, _ count: Int) throws(SocketError) {
        guard bytes.count >= count else { throw SocketError(EINVAL, in: "sockaddr") }
    }

    private static func port(_ bytes: Span<UInt8>) -> UInt16 {
        UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    }

    /// In the machine's order, which is little-endian wherever this runs.
    private static func word(_ bytes: Span<UInt8>, _ offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
    }

    private static func inet6(_ bytes: Span<UInt8>) -> SocketAddress {
        let scope = bytes.count >= 28 ? word(bytes, 24) : 0
        // One mapped into IPv6 (RFC 4291 §2.5.5.2) is of IPv4 here.
        let address = IPAddress(high: big(bytes, 8, 8), low: big(bytes, 16, 8))
        // Addresses that are one everywhere have none (RFC 4007 §6).
        return SocketAddress(
            address: address, port: port(bytes),
            zone: address.isLinkLocal || address.isMulticast ? UInt16(clamping: scope) : 0)
    }

    private static func big(_ bytes: Span<UInt8>, _ offset: Int, _ count: Int) -> UInt64 {
        (offset..<offset + count).reduce(0) { $0 << 8 | UInt64(bytes[$1]) }
    }

    private static func packet(_ bytes: Span<UInt8>) -> PacketAddress {
        let type = port(bytes)
        let index = word(bytes, 4)
        let isWhole = bytes.count >= 18
        return PacketAddress(
            interface: InterfaceID(zone: UInt16(clamping: index)),
            etherType: type == 0x0003 || type == 0 ? nil : EtherType(rawValue: type),
            address: isWhole ? MACAddress(big(bytes, 12, 6)) : .broadcast)
    }

    /// The `sockaddr` of the name.
    ///
    /// - Parameter family: The socket's: one of `AF_INET6` names IPv4 as `::ffff:a.b.c.d`.
    public func bytes(for family: AddressFamily) -> [UInt8] {
        switch self {
        case .unspecified: return Self.head(AF_UNSPEC) + [UInt8](repeating: 0, count: 14)
        case .internet(let name):
            if name.address.isIPv4, family == .inet { return Self.inet(name) }
            return Self.inet6(name)
        case .local(let name):
            return Self.head(AF_UNIX) + (name?.sockaddrBytes ?? [])
        case .packet(let name): return Self.packet(name)
        case .netlink(let port, let groups):
            return Self.head(AF_NETLINK) + [0, 0] + Self.native(port) + Self.native(groups)
        }
    }

    private static func head(_ family: CInt) -> [UInt8] {
        [UInt8(truncatingIfNeeded: family), UInt8(truncatingIfNeeded: family >> 8)]
    }

    /// In network order.
    private static func big(_ value: UInt64, _ count: Int) -> [UInt8] {
        (1...count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - $0))) }
    }

    private static func native(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }

    private static func inet(_ name: SocketAddress) -> [UInt8] {
        head(AF_INET) + big(UInt64(name.port), 2) + big(name.address.low, 4)
            + [UInt8](repeating: 0, count: 8)
    }

    private static func inet6(_ name: SocketAddress) -> [UInt8] {
        head(AF_INET6) + big(UInt64(name.port), 2) + [0, 0, 0, 0] + big(name.address.high, 8)
            + big(name.address.low, 8) + native(UInt32(name.zone))
    }

    private static func packet(_ name: PacketAddress) -> [UInt8] {
        let zone = name.interface.map { UInt32($0.zone) } ?? 0
        return head(AF_PACKET) + big(UInt64(name.etherType?.rawValue ?? 0x0003), 2) + native(zone)
            + [1, 0, name.direction.rawValue, 6] + big(name.address.rawValue, 6) + [0, 0]
    }
}
