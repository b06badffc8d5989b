import Memory

/// What a record of a report tells of a group (RFC 9776 §4.2.13, RFC 9777 §5.2.12).
@frozen
public struct GroupRecordType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The state, asked for by a query: these sources.
    @inlinable public static var isInclude: Self { Self(rawValue: 1) }
    /// The state, asked for by a query: all sources but these.
    @inlinable public static var isExclude: Self { Self(rawValue: 2) }
    /// From now on these sources; none means that the group was left.
    @inlinable public static var toInclude: Self { Self(rawValue: 3) }
    /// From now on all sources but these.
    @inlinable public static var toExclude: Self { Self(rawValue: 4) }
    /// These sources too.
    @inlinable public static var allowNewSources: Self { Self(rawValue: 5) }
    /// These sources no longer.
    @inlinable public static var blockOldSources: Self { Self(rawValue: 6) }
}

/// Addresses of one family one after another, as queries and records carry sources.
@frozen
public struct AddressList: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    /// Bytes of an address: 4 or 16.
    @usableFromInline let stride: Int

    /// - Parameters:
    ///   - bytes: The addresses; a rest that is no whole address is left out.
    ///   - stride: Bytes of an address: 4 or 16.
    @inlinable
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, stride: Int) {
        self.bytes = bytes
        self.stride = stride
    }

    @inlinable public var count: Int { bytes.count / stride }

    /// The address number `index`.
    ///
    /// - Precondition: `index` is at least 0 and below `count`.
    @inlinable
    public subscript(index: Int) -> IPAddress {
        let offset = index &* stride
        if stride == 4 { return IPAddress(bytes.ipv4Address(at: offset)) }
        return IPAddress(bytes.ipv6Address(at: offset))
    }
}

/// What a report of IGMPv3 or MLDv2 tells of one group, where it lies (RFC 9776 §4.2.2,
/// RFC 9777 §5.2).
///
///      0      7 8     15 16              31
///     +--------+--------+------------------+
///     |  type  |aux len |number of sources |
///     +--------+--------+------------------+
///     |  group (4 or 16 bytes) …
///     |  sources …
///     |  auxiliary data …
///
/// After `init` has succeeded, no accessor can fail.
@frozen
public struct GroupRecord: ~Escapable {
    /// The record without what follows it.
    @usableFromInline let bytes: Span<UInt8>
    @usableFromInline let stride: Int

    /// - Parameters:
    ///   - bytes: The record and what follows it.
    ///   - stride: Bytes of an address: 4 or 16.
    /// - Throws: `.truncated` when the fixed fields do not lie within `bytes`; `.lengthMismatch`
    ///   when sources or auxiliary data reach past the end.
    @inlinable
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, stride: Int) throws(WireError) {
        guard bytes.count >= GroupRecordField.group &+ stride else { throw .truncated }
        let sources = Int(bytes.uint16(at: GroupRecordField.sourceCount)) &* stride
        let auxiliary = Int(bytes[GroupRecordField.auxiliaryLength]) &* 4
        let count = GroupRecordField.group &+ stride &+ sources &+ auxiliary
        guard count <= bytes.count else { throw .lengthMismatch }
        self.bytes = bytes.extracting(first: count)
        self.stride = stride
    }

    @inlinable public var type: GroupRecordType {
        GroupRecordType(rawValue: bytes[GroupRecordField.type])
    }
    @inlinable public var group: IPAddress {
        if stride == 4 { return IPAddress(bytes.ipv4Address(at: GroupRecordField.group)) }
        return IPAddress(bytes.ipv6Address(at: GroupRecordField.group))
    }
    @inlinable public var sources: AddressList {
        @_lifetime(copy self)
        get {
            let start = GroupRecordField.group &+ stride
            let count = Int(bytes.uint16(at: GroupRecordField.sourceCount)) &* stride
            return AddressList(bytes.extracting(start..<start &+ count), stride: stride)
        }
    }
    /// All of the record, in bytes.
    @inlinable public var byteCount: Int { bytes.count }
}

/// The fixed fields of a record, to be written in front of its sources.
@frozen
public struct GroupRecordHeader: Equatable, Sendable {
    public var type: GroupRecordType
    public var sourceCount: UInt16
    public var group: IPAddress

    @inlinable
    public init(type: GroupRecordType, sourceCount: UInt16, group: IPAddress) {
        self.type = type
        self.sourceCount = sourceCount
        self.group = group
    }

    /// Bytes in front of the sources: 8 or 20.
    @inlinable public var byteCount: Int { GroupRecordField.group &+ group.byteCount }

    /// - Precondition: `bytes` has room for `byteCount` bytes from `offset` on.
    @inlinable
    public func write(to bytes: inout MutableSpan<UInt8>, at offset: Int) {
        bytes.write(group, at: offset &+ GroupRecordField.group)
        bytes.write(sourceCount, at: offset &+ GroupRecordField.sourceCount)
        bytes.write(0 as UInt8, at: offset &+ GroupRecordField.auxiliaryLength)
        bytes.write(type.rawValue, at: offset &+ GroupRecordField.type)
    }
}

/// Offsets of the fields, in bytes.
@usableFromInline
enum GroupRecordField {
    @inlinable static var type: Int { 0 }
    @inlinable static var auxiliaryLength: Int { 1 }
    @inlinable static var sourceCount: Int { 2 }
    @inlinable static var group: Int { 4 }
}
