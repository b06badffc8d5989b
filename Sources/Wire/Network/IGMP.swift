import Memory

/// What an IGMP message says (RFC 9776 §4; numbers: IANA, IGMP Type Numbers).
@frozen
public struct IGMPType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Of every version: length and code tell which.
    @inlinable public static var query: Self { Self(rawValue: 0x11) }
    /// RFC 1112.
    @inlinable public static var reportV1: Self { Self(rawValue: 0x12) }
    /// RFC 2236.
    @inlinable public static var reportV2: Self { Self(rawValue: 0x16) }
    /// RFC 2236.
    @inlinable public static var leave: Self { Self(rawValue: 0x17) }
    @inlinable public static var reportV3: Self { Self(rawValue: 0x22) }
}

/// An IGMP message where it lies: what the messages of all versions have in common (RFC 1112
/// appendix I, RFC 2236 §2, RFC 9776 §4).
///
///      0      7 8     15 16              31
///     +--------+--------+------------------+
///     |  type  |  code  |     checksum     |
///     +--------+--------+------------------+
///     |  group, but in reports of version 3
///
/// After `init` has succeeded, no accessor can fail.
@frozen
public struct IGMPMessage: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>

    /// - Parameter bytes: The message, without link-layer padding, or its first bytes.
    /// - Throws: `.truncated` below 8 bytes.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= IGMPHeader.byteCount else { throw .truncated }
        self.bytes = bytes
    }

    @inlinable public var type: IGMPType { IGMPType(rawValue: bytes[IGMPField.type]) }
    /// Of queries: the longest delay of an answer, as a code.
    @inlinable public var code: UInt8 { bytes[IGMPField.code] }
    @inlinable public var checksum: UInt16 { bytes.uint16(at: IGMPField.checksum) }
    /// The group that the message is about; 0.0.0.0 in general queries.
    @inlinable public var group: IPv4Address { bytes.ipv4Address(at: IGMPField.group) }

    /// Whether a message that lies wholly within the bytes sums up to its checksum, which covers
    /// what may follow the fields, too (RFC 9776 §4.1.2).
    public var checksumIsValid: Bool {
        var sum = InternetChecksum()
        sum.add(bytes)
        return sum.value == 0
    }
}

/// A message of IGMPv1 or v2, or the first fields of a query, to be written.
@frozen
public struct IGMPHeader: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 8 }
    /// Where the checksum stands, in bytes from the start of the header.
    @inlinable public static var checksumOffset: Int { IGMPField.checksum }

    public var type: IGMPType
    public var code: UInt8
    public var group: IPv4Address

    @inlinable
    public init(type: IGMPType, code: UInt8 = 0, group: IPv4Address) {
        self.type = type
        self.code = code
        self.group = group
    }

    /// Writes the header in front of what stands in `message` already, and the checksum over
    /// both.
    ///
    /// - Precondition: `message` is the whole message, at least `byteCount` bytes.
    public func write(toMessage message: inout MutableSpan<UInt8>) {
        message.write(group, at: IGMPField.group)
        message.write(0 as UInt16, at: IGMPField.checksum)
        message.write(code, at: IGMPField.code)
        message.write(type.rawValue, at: IGMPField.type)
        var sum = InternetChecksum()
        sum.add(message.span)
        message.write(sum.value, at: IGMPField.checksum)
    }
}

/// Offsets of the fields, in bytes.
@usableFromInline
enum IGMPField {
    @inlinable static var type: Int { 0 }
    @inlinable static var code: Int { 1 }
    @inlinable static var checksum: Int { 2 }
    @inlinable static var group: Int { 4 }
}
