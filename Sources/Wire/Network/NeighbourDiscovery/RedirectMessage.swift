import Memory

/// A redirect where it lies (RFC 4861 §4.5).
///
///      0      7 8     15 16              31
///     +--------+--------+------------------+
///     |  137   |   0    |     checksum     |
///     +--------+--------+------------------+
///     |                 0                  |
///     |        target (16 bytes) …         |
///     |      destination (16 bytes) …      |
///     |  options …
///
/// After `init` has succeeded, no accessor can fail.
@frozen
public struct RedirectPacket: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    public let options: NeighbourDiscoveryOptions

    /// - Parameter bytes: The whole ICMPv6 message, whose type the caller has read.
    /// - Throws: `.truncated` below 40 bytes; `.badOption` (RFC 4861 §8.1).
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= RedirectMessage.byteCount else { throw .truncated }
        options = try NeighbourDiscoveryOptions(
            bytes.extracting(droppingFirst: RedirectMessage.byteCount))
        self.bytes = bytes
    }

    /// The better first hop: a router, or the destination itself where that is on the link.
    @inlinable public var target: IPv6Address { bytes.ipv6Address(at: RedirectField.target) }
    /// Where packets are meant to go.
    @inlinable public var destination: IPv6Address {
        bytes.ipv6Address(at: RedirectField.destination)
    }
}

/// The fixed fields of a redirect, to be written in front of its options (RFC 4861 §4.5).
@frozen
public struct RedirectMessage: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 40 }

    public var target: IPv6Address
    public var destination: IPv6Address

    @inlinable
    public init(target: IPv6Address, destination: IPv6Address) {
        self.target = target
        self.destination = destination
    }

    /// Writes the head of the option that quotes the redirected packet, whose bytes stand eight
    /// behind `offset` already (RFC 4861 §4.6.3).
    ///
    /// - Parameter count: All of the option, in bytes: a multiple of 8, at most 2,040.
    public static func writeQuoteHeader(
        to bytes: inout MutableSpan<UInt8>, at offset: Int, count: Int
    ) {
        let kind = NeighbourDiscoveryOptionKind.redirectedHeader
        let length = UInt8(truncatingIfNeeded: count / 8)
        bytes.write(UInt64(kind.rawValue) << 56 | UInt64(length) << 48, at: offset)
    }

    /// Writes the fields in front of the options that stand in `message` already, and the
    /// checksum over all.
    ///
    /// - Precondition: `message` is the whole message, at least `byteCount` bytes.
    public func write(
        toMessage message: inout MutableSpan<UInt8>, source: IPv6Address,
        destination receiver: IPv6Address
    ) {
        message.write(destination, at: RedirectField.destination)
        message.write(target, at: RedirectField.target)
        ICMPv6Header(type: .redirect).write(
            toMessage: &message, source: source, destination: receiver)
    }
}

/// Offsets of the fields, in bytes.
@usableFromInline
enum RedirectField {
    @inlinable static var target: Int { 8 }
    @inlinable static var destination: Int { 24 }
}
