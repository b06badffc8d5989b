import Memory

/// A router solicitation where it lies (RFC 4861 §4.1): eight bytes of ICMPv6 header, and options.
///
/// After `init` has succeeded, no accessor can fail.
@frozen
public struct RouterSolicitationPacket: ~Escapable {
    public let options: NeighbourDiscoveryOptions

    /// - Parameter bytes: The whole ICMPv6 message, whose type the caller has read.
    /// - Throws: `.truncated` below 8 bytes; `.badOption` (RFC 4861 §6.1.1).
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= ICMPv6Header.byteCount else { throw .truncated }
        options = try NeighbourDiscoveryOptions(
            bytes.extracting(droppingFirst: ICMPv6Header.byteCount))
    }
}

/// How much a router wants to be the default one (RFC 4191 §2.1).
@frozen
public enum RouterPreference: UInt8, Comparable, Sendable {
    case low = 3
    case medium = 0
    case high = 1

    /// Reads two bits; the reserved value counts as medium (RFC 4191 §2.2).
    @inlinable
    public init(bits: UInt8) { self = RouterPreference(rawValue: bits & 3) ?? .medium }

    @usableFromInline var rank: Int {
        switch self {
        case .low: 0
        case .medium: 1
        case .high: 2
        }
    }

    @inlinable
    public static func < (a: RouterPreference, b: RouterPreference) -> Bool { a.rank < b.rank }
}

/// A router advertisement where it lies (RFC 4861 §4.2).
///
///      0      7 8     15 16              31
///     +--------+--------+------------------+
///     |  134   |   0    |     checksum     |
///     +--------+--------+------------------+
///     | hop lim|M O Prf |     lifetime     |
///     |           reachable time           |
///     |          retransmit time           |
///     |  options …
///
/// After `init` has succeeded, no accessor can fail.
@frozen
public struct RouterAdvertisementPacket: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    public let options: NeighbourDiscoveryOptions

    /// - Parameter bytes: The whole ICMPv6 message, whose type the caller has read.
    /// - Throws: `.truncated` below 16 bytes; `.badOption` (RFC 4861 §6.1.2).
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= RouterAdvertisement.byteCount else { throw .truncated }
        options = try NeighbourDiscoveryOptions(
            bytes.extracting(droppingFirst: RouterAdvertisement.byteCount))
        self.bytes = bytes
    }

    /// What to put into the hop limit of packets; 0 where the router does not say.
    @inlinable public var hopLimit: UInt8 { bytes[RouterField.hopLimit] }
    /// Whether addresses are to be had by DHCPv6 (M).
    @inlinable public var isManaged: Bool { bytes[RouterField.flags] & 0x80 != 0 }
    /// Whether other configuration is to be had by DHCPv6 (O).
    @inlinable public var hasOtherConfiguration: Bool { bytes[RouterField.flags] & 0x40 != 0 }
    /// RFC 4191 §2.2; of no meaning when the lifetime is zero.
    @inlinable public var preference: RouterPreference {
        RouterPreference(bits: bytes[RouterField.flags] >> 3)
    }
    /// How long the router serves as a default one, in seconds; 0: it does not.
    @inlinable public var lifetime: UInt16 { bytes.uint16(at: RouterField.lifetime) }
    /// How long a neighbour counts as reachable, in milliseconds; 0 where the router does not say.
    @inlinable public var reachableTime: UInt32 { bytes.uint32(at: RouterField.reachableTime) }
    /// Between solicitations, in milliseconds; 0 where the router does not say.
    @inlinable public var retransmitTime: UInt32 { bytes.uint32(at: RouterField.retransmitTime) }
}

/// The fixed fields of a router advertisement, to be written in front of its options
/// (RFC 4861 §4.2).
@frozen
public struct RouterAdvertisement: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 16 }

    public var hopLimit: UInt8
    public var isManaged: Bool
    public var hasOtherConfiguration: Bool
    public var preference: RouterPreference
    /// In seconds.
    public var lifetime: UInt16
    /// In milliseconds.
    public var reachableTime: UInt32
    /// In milliseconds.
    public var retransmitTime: UInt32

    @inlinable
    public init(
        hopLimit: UInt8 = 64, isManaged: Bool = false, hasOtherConfiguration: Bool = false,
        preference: RouterPreference = .medium, lifetime: UInt16, reachableTime: UInt32 = 0,
        retransmitTime: UInt32 = 0
    ) {
        self.hopLimit = hopLimit
        self.isManaged = isManaged
        self.hasOtherConfiguration = hasOtherConfiguration
        self.preference = preference
        self.lifetime = lifetime
        self.reachableTime = reachableTime
        self.retransmitTime = retransmitTime
    }

    /// Writes the fields in front of the options that stand in `message` already, and the
    /// checksum over all.
    ///
    /// - Precondition: `message` is the whole message, at least `byteCount` bytes.
    public func write(
        toMessage message: inout MutableSpan<UInt8>, source: IPv6Address,
        destination: IPv6Address
    ) {
        message.write(retransmitTime, at: RouterField.retransmitTime)
        message.write(reachableTime, at: RouterField.reachableTime)
        let flags: UInt8 =
            (isManaged ? 0x80 : 0) | (hasOtherConfiguration ? 0x40 : 0)
            | preference.rawValue << 3
        let rest = UInt32(hopLimit) << 24 | UInt32(flags) << 16 | UInt32(lifetime)
        ICMPv6Header(type: .routerAdvertisement, rest: rest).write(
            toMessage: &message, source: source, destination: destination)
    }
}

/// Offsets of the fields, in bytes.
@usableFromInline
enum RouterField {
    @inlinable static var hopLimit: Int { 4 }
    @inlinable static var flags: Int { 5 }
    @inlinable static var lifetime: Int { 6 }
    @inlinable static var reachableTime: Int { 8 }
    @inlinable static var retransmitTime: Int { 12 }
}
