import Memory

/// A message of MLDv1 where it lies, or the first fields of a query of MLDv2 (RFC 2710 §3).
///
///      0      7 8     15 16              31
///     +--------+--------+------------------+
///     |  type  |  code  |     checksum     |
///     +--------+--------+------------------+
///     |  max. response  |     reserved     |
///     +-----------------+------------------+
///     |          group (16 bytes)          |
///     +------------------------------------+
///
/// After `init` has succeeded, no accessor can fail.
@frozen
public struct MLDMessage: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>

    /// - Parameter bytes: The ICMPv6 message, of one of the types of listener discovery.
    /// - Throws: `.truncated` below 24 bytes.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= MLDHeader.byteCount else { throw .truncated }
        self.bytes = bytes
    }

    @inlinable public var type: ICMPv6Type { ICMPv6Type(rawValue: bytes[MLDField.type]) }
    /// The group that the message is about; `::` in general queries.
    @inlinable public var group: IPv6Address { bytes.ipv6Address(at: MLDField.group) }
}

/// A message of MLDv1, or the first fields of a query of MLDv2, to be written (RFC 2710 §3).
@frozen
public struct MLDHeader: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 24 }
    /// Where the checksum stands, in bytes from the start of the header.
    @inlinable public static var checksumOffset: Int { MLDField.checksum }

    public var type: ICMPv6Type
    /// Of queries: in milliseconds, in version 2 as a code.
    public var maximumResponse: UInt16
    public var group: IPv6Address

    @inlinable
    public init(type: ICMPv6Type, maximumResponse: UInt16 = 0, group: IPv6Address) {
        self.type = type
        self.maximumResponse = maximumResponse
        self.group = group
    }

    /// Writes the header with a checksum of zero.
    ///
    /// - Precondition: `bytes` has room for `byteCount` bytes.
    @inlinable
    public func write(to bytes: inout MutableSpan<UInt8>) {
        bytes.write(group, at: MLDField.group)
        bytes.write(0 as UInt16, at: MLDField.reserved)
        bytes.write(maximumResponse, at: MLDField.maximumResponse)
        bytes.write(0 as UInt16, at: MLDField.checksum)
        bytes.write(0 as UInt8, at: MLDField.code)
        bytes.write(type.rawValue, at: MLDField.type)
    }
}

/// Offsets of the fields, in bytes.
@usableFromInline
enum MLDField {
    @inlinable static var type: Int { 0 }
    @inlinable static var code: Int { 1 }
    @inlinable static var checksum: Int { 2 }
    @inlinable static var maximumResponse: Int { 4 }
    @inlinable static var reserved: Int { 6 }
    @inlinable static var group: Int { 8 }
}
