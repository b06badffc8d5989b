import Memory

/// An Ethernet frame where it lies, without preamble and check sequence (RFC 894, RFC 2464).
///
///     +-------------+-------------+------+-----------
///     | destination |   source    | type | payload …
///     +-------------+-------------+------+-----------
///     0             6             12     14
///
/// After `init` has succeeded, no accessor can fail.
@frozen
public struct EthernetFrame: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    @usableFromInline let beyond: Int

    /// - Parameters:
    ///   - bytes: The frame or its first bytes.
    ///   - beyond: How many bytes of it lie elsewhere, behind those.
    /// - Throws: `.truncated` below 14 bytes.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>, beyond: Int = 0) throws(WireError) {
        guard bytes.count >= EthernetHeader.byteCount else { throw .truncated }
        self.bytes = bytes
        self.beyond = beyond
    }

    @inlinable public var destination: MACAddress {
        bytes.macAddress(at: EthernetField.destination)
    }
    @inlinable public var source: MACAddress { bytes.macAddress(at: EthernetField.source) }
    @inlinable public var etherType: EtherType {
        EtherType(rawValue: bytes.uint16(at: EthernetField.etherType))
    }
    /// What follows the header, padding included, as far as it lies within the bytes.
    @inlinable
    public var payload: Span<UInt8> {
        @_lifetime(copy self)
        get { bytes.extracting(droppingFirst: EthernetHeader.byteCount) }
    }
    /// All of the payload, in bytes.
    @inlinable public var payloadCount: Int {
        bytes.count &- EthernetHeader.byteCount &+ beyond
    }
}

/// The fields of an Ethernet header, to be written in front of a payload.
@frozen
public struct EthernetHeader: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 14 }

    public var destination: MACAddress
    public var source: MACAddress
    public var etherType: EtherType

    @inlinable
    public init(destination: MACAddress, source: MACAddress, etherType: EtherType) {
        self.destination = destination
        self.source = source
        self.etherType = etherType
    }

    /// - Precondition: `bytes` has room for `byteCount` bytes.
    @inlinable
    public func write(to bytes: inout MutableSpan<UInt8>) {
        bytes.write(etherType.rawValue, at: EthernetField.etherType)
        bytes.write(source, at: EthernetField.source)
        bytes.write(destination, at: EthernetField.destination)
    }
}

/// Offsets of the fields, in bytes.
@usableFromInline
enum EthernetField {
    @inlinable static var destination: Int { 0 }
    @inlinable static var source: Int { 6 }
    @inlinable static var etherType: Int { 12 }
}
