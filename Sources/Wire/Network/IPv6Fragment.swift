import Memory

/// What the fragment header of an IPv6 packet says (RFC 8200 §4.5).
@frozen
public struct IPv6Fragment: Equatable, Sendable {
    /// Where the header stands, in bytes from the start of the IPv6 header: how much of the packet
    /// every fragment of the datagram repeats.
    public let headerOffset: Int
    /// Where the "next header" field that names the fragment header stands, from the same start.
    public let protoOffset: Int
    /// What the fragmentable part begins with. Only the first fragment's counts.
    public let nextHeader: IPProtocol
    /// Where the fragment's data stand in the fragmentable part, in bytes: 0 to 65,528.
    public let offset: Int
    public let hasMore: Bool
    public let identification: UInt32

    /// Whether the header stands in a packet that is no part of anything: such a packet is
    /// processed by itself, whatever others have its identification (RFC 6946 §4).
    @inlinable public var isAtomic: Bool { offset == 0 && !hasMore }

    /// Where the fragment's data begin, in bytes from the start of the IPv6 header.
    @inlinable public var dataOffset: Int { headerOffset &+ IPv6FragmentHeader.byteCount }

    /// - Precondition: 8 bytes from `headerOffset` on are within `bytes`.
    @inlinable
    init(_ bytes: Span<UInt8>, headerOffset: Int, protoOffset: Int) {
        self.headerOffset = headerOffset
        self.protoOffset = protoOffset
        identification = bytes.uint32(at: headerOffset &+ IPv6FragmentField.identification)
        let word = bytes.uint16(at: headerOffset &+ IPv6FragmentField.offset)
        offset = Int(word & 0xFFF8)
        hasMore = word & 1 != 0
        nextHeader = IPProtocol(rawValue: bytes[headerOffset])
    }
}

/// A fragment header to be written (RFC 8200 §4.5).
///
///      0              7 8             15 16           28 29 30 31
///     +----------------+----------------+---------------+-----+--+
///     |  next header   |   reserved     |    offset / 8 |  0  |M |
///     +----------------+----------------+---------------+-----+--+
///     |                     identification                       |
///     +----------------------------------------------------------+
@frozen
public struct IPv6FragmentHeader: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 8 }

    /// What the fragmentable part of the datagram begins with.
    public var nextHeader: IPProtocol
    /// In bytes, a multiple of 8 up to 65,528.
    public var offset: Int
    public var hasMore: Bool
    public var identification: UInt32

    @inlinable
    public init(nextHeader: IPProtocol, offset: Int, hasMore: Bool, identification: UInt32) {
        self.nextHeader = nextHeader
        self.offset = offset
        self.hasMore = hasMore
        self.identification = identification
    }

    /// - Precondition: `bytes` has room for 8 bytes from `place` on.
    @inlinable
    public func write(to bytes: inout MutableSpan<UInt8>, at place: Int = 0) {
        bytes.write(identification, at: place &+ IPv6FragmentField.identification)
        let word = UInt16(truncatingIfNeeded: offset) & 0xFFF8 | (hasMore ? 1 : 0)
        bytes.write(word, at: place &+ IPv6FragmentField.offset)
        bytes.write(UInt16(nextHeader.rawValue) << 8, at: place)
    }
}

/// Offsets of the fields, in bytes.
@usableFromInline
enum IPv6FragmentField {
    @inlinable static var offset: Int { 2 }
    @inlinable static var identification: Int { 4 }
}
