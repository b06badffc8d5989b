import Memory

/// A neighbour solicitation where it lies (RFC 4861 §4.3).
///
///      0      7 8     15 16              31
///     +--------+--------+------------------+
///     |  135   |   0    |     checksum     |
///     +--------+--------+------------------+
///     |                 0                  |
///     |        target (16 bytes) …         |
///     |  options …
///
/// After `init` has succeeded, no accessor can fail.
@frozen
public struct NeighbourSolicitationPacket: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    public let options: NeighbourDiscoveryOptions

    /// - Parameter bytes: The whole ICMPv6 message, whose type the caller has read.
    /// - Throws: `.truncated` below 24 bytes; `.badOption` (RFC 4861 §7.1.1).
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= NeighbourSolicitation.byteCount else { throw .truncated }
        options = try NeighbourDiscoveryOptions(
            bytes.extracting(droppingFirst: NeighbourSolicitation.byteCount))
        self.bytes = bytes
    }

    /// Whose link address is asked for.
    @inlinable public var target: IPv6Address { bytes.ipv6Address(at: NeighbourField.target) }
}

/// The fixed fields of a neighbour solicitation, to be written in front of its options
/// (RFC 4861 §4.3).
@frozen
public struct NeighbourSolicitation: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 24 }

    /// Whose link address is asked for.
    public var target: IPv6Address

    @inlinable
    public init(target: IPv6Address) { self.target = target }

    /// Writes the fields in front of the options that stand in `message` already, and the
    /// checksum over all.
    ///
    /// - Precondition: `message` is the whole message, at least `byteCount` bytes.
    public func write(
        toMessage message: inout MutableSpan<UInt8>, source: IPv6Address,
        destination: IPv6Address
    ) {
        message.write(target, at: NeighbourField.target)
        ICMPv6Header(type: .neighbourSolicitation).write(
            toMessage: &message, source: source, destination: destination)
    }
}

/// A neighbour advertisement where it lies (RFC 4861 §4.4).
///
///      0      7 8     15 16              31
///     +--------+--------+------------------+
///     |  136   |   0    |     checksum     |
///     +-----+--+--------+------------------+
///     |R S O|               0              |
///     |        target (16 bytes) …         |
///     |  options …
///
/// After `init` has succeeded, no accessor can fail.
@frozen
public struct NeighbourAdvertisementPacket: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    public let options: NeighbourDiscoveryOptions

    /// - Parameter bytes: The whole ICMPv6 message, whose type the caller has read.
    /// - Throws: `.truncated` below 24 bytes; `.badOption` (RFC 4861 §7.1.2).
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= NeighbourAdvertisement.byteCount else { throw .truncated }
        options = try NeighbourDiscoveryOptions(
            bytes.extracting(droppingFirst: NeighbourAdvertisement.byteCount))
        self.bytes = bytes
    }

    @usableFromInline var flags: UInt8 { bytes[NeighbourField.flags] }
    /// Whether the sender is a router (R).
    @inlinable public var isRouter: Bool { flags & 0x80 != 0 }
    /// Whether it answers a solicitation (S).
    @inlinable public var isSolicited: Bool { flags & 0x40 != 0 }
    /// Whether it replaces a link address that is known already (O).
    @inlinable public var overrides: Bool { flags & 0x20 != 0 }
    /// Whose link address is told.
    @inlinable public var target: IPv6Address { bytes.ipv6Address(at: NeighbourField.target) }
}

/// The fixed fields of a neighbour advertisement, to be written in front of its options
/// (RFC 4861 §4.4).
@frozen
public struct NeighbourAdvertisement: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 24 }

    /// Whether the sender is a router (R).
    public var isRouter: Bool
    /// Whether it answers a solicitation (S).
    public var isSolicited: Bool
    /// Whether it replaces a link address that is known already (O).
    public var overrides: Bool
    /// Whose link address is told.
    public var target: IPv6Address

    @inlinable
    public init(target: IPv6Address, isRouter: Bool, isSolicited: Bool, overrides: Bool) {
        self.target = target
        self.isRouter = isRouter
        self.isSolicited = isSolicited
        self.overrides = overrides
    }

    /// Writes the fields in front of the options that stand in `message` already, and the
    /// checksum over all.
    ///
    /// - Precondition: `message` is the whole message, at least `byteCount` bytes.
    public func write(
        toMessage message: inout MutableSpan<UInt8>, source: IPv6Address,
        destination: IPv6Address
    ) {
        message.write(target, at: NeighbourField.target)
        let flags: UInt32 =
            (isRouter ? 0x8000_0000 : 0) | (isSolicited ? 0x4000_0000 : 0)
            | (overrides ? 0x2000_0000 : 0)
        ICMPv6Header(type: .neighbourAdvertisement, rest: flags).write(
            toMessage: &message, source: source, destination: destination)
    }
}

/// Offsets of the fields, in bytes.
@usableFromInline
enum NeighbourField {
    @inlinable static var flags: Int { 4 }
    @inlinable static var target: Int { 8 }
}
