import Memory

/// What a router says about a prefix (RFC 4861 §4.6.2).
///
///      0      7 8     15 16    23 24  26  31
///     +--------+--------+--------+---+------+
///     |  3     |  4     | length |L A|   0  |
///     +--------+--------+--------+---+------+
///     |           valid lifetime            |
///     |         preferred lifetime          |
///     |                  0                  |
///     |         prefix (16 bytes) …         |
///     +-------------------------------------+
@frozen
public struct PrefixInformation: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 32 }
    /// A lifetime without end.
    @inlinable public static var infinity: UInt32 { .max }

    /// The prefix; bits behind its length are as they were sent.
    public var prefix: IPPrefix
    /// Whether addresses of the prefix are on the link (L).
    public var isOnLink: Bool
    /// Whether addresses may be made from the prefix (A; RFC 4862 §5.5.3).
    public var isAutonomous: Bool
    /// In seconds.
    public var validLifetime: UInt32
    /// In seconds.
    public var preferredLifetime: UInt32

    @inlinable
    public init(
        prefix: IPPrefix, isOnLink: Bool = true, isAutonomous: Bool = true,
        validLifetime: UInt32, preferredLifetime: UInt32
    ) {
        self.prefix = prefix
        self.isOnLink = isOnLink
        self.isAutonomous = isAutonomous
        self.validLifetime = validLifetime
        self.preferredLifetime = preferredLifetime
    }

    /// Reads an option of `byteCount` bytes at `offset`; nil when the length is no prefix's, or
    /// the prefix is not one of IPv6.
    init?(_ bytes: Span<UInt8>, at offset: Int) {
        let address = IPAddress(bytes.ipv6Address(at: offset &+ 16))
        guard !address.isIPv4,
            let prefix = IPPrefix(address: address, length: Int(bytes[offset &+ 2]))
        else { return nil }
        self.prefix = prefix
        isOnLink = bytes[offset &+ 3] & 0x80 != 0
        isAutonomous = bytes[offset &+ 3] & 0x40 != 0
        validLifetime = bytes.uint32(at: offset &+ 4)
        preferredLifetime = bytes.uint32(at: offset &+ 8)
    }

    /// Writes the option at `offset`.
    ///
    /// - Precondition: `bytes` has room for `byteCount` bytes there.
    public func write(to bytes: inout MutableSpan<UInt8>, at offset: Int) {
        bytes.write(prefix.address.v6, at: offset &+ 16)
        bytes.write(0 as UInt32, at: offset &+ 12)
        bytes.write(preferredLifetime, at: offset &+ 8)
        bytes.write(validLifetime, at: offset &+ 4)
        let flags: UInt8 = (isOnLink ? 0x80 : 0) | (isAutonomous ? 0x40 : 0)
        bytes.write(flags, at: offset &+ 3)
        bytes.write(prefix.length, at: offset &+ 2)
        bytes.write(UInt8(truncatingIfNeeded: Self.byteCount / 8), at: offset &+ 1)
        bytes.write(NeighbourDiscoveryOptionKind.prefixInformation.rawValue, at: offset)
    }
}

/// A list of DNS servers among the options of a router advertisement (RFC 8106 §5.1); the
/// addresses are read by `NeighbourDiscoveryOptions.server(_:of:)`.
@frozen
public struct RecursiveServers: Equatable, Sendable {
    /// In seconds; 0 says that the servers must no longer be used.
    public let lifetime: UInt32
    /// Where the first address stands, from the start of the options.
    let offset: Int
    /// How many there are, at least one.
    public let count: Int
}

/// Options of a fixed form, to be written (RFC 4861 §4.6).
@frozen
public enum NeighbourDiscoveryOption: Equatable, Sendable {
    case sourceLinkAddress(MACAddress)
    case targetLinkAddress(MACAddress)
    /// In bytes.
    case mtu(UInt32)
    /// The low 48 bits.
    case nonce(UInt64)

    /// Each of them takes eight bytes.
    @inlinable public static var byteCount: Int { 8 }

    /// Writes the option at `offset`.
    ///
    /// - Precondition: `bytes` has room for `byteCount` bytes there.
    public func write(to bytes: inout MutableSpan<UInt8>, at offset: Int) {
        let kind: NeighbourDiscoveryOptionKind
        let data: UInt64
        switch self {
        case .sourceLinkAddress(let address):
            (kind, data) = (.sourceLinkAddress, address.rawValue)
        case .targetLinkAddress(let address):
            (kind, data) = (.targetLinkAddress, address.rawValue)
        case .mtu(let mtu): (kind, data) = (.mtu, UInt64(mtu))
        case .nonce(let nonce): (kind, data) = (.nonce, nonce & 0xFFFF_FFFF_FFFF)
        }
        bytes.write(UInt64(kind.rawValue) << 56 | 1 << 48 | data, at: offset)
    }
}
