import Memory

/// A report of IGMPv3 or MLDv2 where it lies: which groups and sources a host listens to
/// (RFC 9776 §4.2, RFC 9777 §5.2).
///
///      0      7 8     15 16              31
///     +--------+--------+------------------+
///     |  type  |reserved|     checksum     |
///     +--------+--------+------------------+
///     |     reserved    |number of records |
///     +-----------------+------------------+
///     |  records …
///
/// Both protocols share the form; they differ in the type, the checksum's pseudo-header and the
/// length of an address.
@frozen
public struct GroupReport: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    @usableFromInline let stride: Int

    /// - Parameters:
    ///   - bytes: The message, of the right type already.
    ///   - isIPv4: Whether it is one of IGMP.
    /// - Throws: `.truncated` below 8 bytes.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>, isIPv4: Bool) throws(WireError) {
        guard bytes.count >= GroupReportHeader.byteCount else { throw .truncated }
        self.bytes = bytes
        stride = isIPv4 ? 4 : 16
    }

    @inlinable public var checksum: UInt16 { bytes.uint16(at: GroupReportField.checksum) }
    /// How many records the report claims to have.
    @inlinable public var recordCount: Int {
        Int(bytes.uint16(at: GroupReportField.recordCount))
    }

    /// The record that starts `offset` bytes after the header. The next one starts its
    /// `byteCount` after that.
    ///
    /// - Throws: `.truncated` when `offset` or the record's fixed fields are past the end;
    ///   `.lengthMismatch` when its sources are.
    @inlinable
    @_lifetime(copy self)
    public func record(at offset: Int) throws(WireError) -> GroupRecord {
        guard offset >= 0, offset <= bytes.count &- GroupReportHeader.byteCount
        else { throw .truncated }
        let rest = bytes.extracting(droppingFirst: GroupReportHeader.byteCount &+ offset)
        return try GroupRecord(rest, stride: stride)
    }
}

/// The fixed fields of a report of IGMPv3 or MLDv2, to be written in front of its records.
@frozen
public struct GroupReportHeader: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 8 }
    /// Where the checksum stands, in bytes from the start of the header.
    @inlinable public static var checksumOffset: Int { GroupReportField.checksum }

    /// IGMP's or ICMPv6's number of the message.
    public var type: UInt8
    public var recordCount: UInt16

    /// A report of IGMPv3.
    public static func igmp(recordCount: UInt16) -> GroupReportHeader {
        GroupReportHeader(type: IGMPType.reportV3.rawValue, recordCount: recordCount)
    }

    /// A report of MLDv2.
    public static func mld(recordCount: UInt16) -> GroupReportHeader {
        GroupReportHeader(
            type: ICMPv6Type.multicastListenerReportV2.rawValue, recordCount: recordCount)
    }

    /// Writes the header with a checksum of zero.
    ///
    /// - Precondition: `bytes` has room for `byteCount` bytes.
    @inlinable
    public func write(to bytes: inout MutableSpan<UInt8>) {
        bytes.write(recordCount, at: GroupReportField.recordCount)
        bytes.write(0 as UInt16, at: GroupReportField.reserved)
        bytes.write(0 as UInt16, at: GroupReportField.checksum)
        bytes.write(0 as UInt8, at: GroupReportField.code)
        bytes.write(type, at: GroupReportField.type)
    }
}

/// Offsets of the fields, in bytes.
@usableFromInline
enum GroupReportField {
    @inlinable static var type: Int { 0 }
    @inlinable static var code: Int { 1 }
    @inlinable static var checksum: Int { 2 }
    @inlinable static var reserved: Int { 4 }
    @inlinable static var recordCount: Int { 6 }
}
