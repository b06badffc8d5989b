import Memory

/// A UDP datagram where it lies, checked once (RFC 768).
///
///      0               15 16              31
///     +------------------+------------------+
///     |   source port    | destination port |
///     +------------------+------------------+
///     |     length       |     checksum     |
///     +------------------+------------------+
///     |              payload …
///
/// After `init` has succeeded, no accessor can fail: `length` covers the header and lies
/// within the packet.
@frozen
public struct UDPDatagram: ~Escapable {
    /// The datagram's bytes without what follows its length.
    @usableFromInline let bytes: Span<UInt8>

    /// - Parameters:
    ///   - bytes: The datagram or its first bytes, possibly followed by padding.
    ///   - beyond: How many bytes of the packet lie elsewhere, behind those.
    /// - Throws: `.truncated` below 8 bytes; `.lengthMismatch` when the length field is below 8 or
    ///   beyond the end.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>, beyond: Int = 0) throws(WireError) {
        guard bytes.count >= UDPHeader.byteCount else { throw .truncated }
        let length = Int(bytes.uint16(at: UDPField.length))
        guard length >= UDPHeader.byteCount, length <= bytes.count &+ beyond
        else { throw .lengthMismatch }
        self.bytes = bytes.extracting(first: min(length, bytes.count))
    }

    @inlinable public var sourcePort: UInt16 { bytes.uint16(at: UDPField.sourcePort) }
    @inlinable public var destinationPort: UInt16 { bytes.uint16(at: UDPField.destinationPort) }
    /// Header and payload, in bytes: 8 to 65,535.
    @inlinable public var length: Int { Int(bytes.uint16(at: UDPField.length)) }
    /// Zero means that the sender computed none, which IPv6 forbids (RFC 8200 §8.1).
    @inlinable public var checksum: UInt16 { bytes.uint16(at: UDPField.checksum) }
    /// The payload as far as it lies within the bytes.
    @inlinable
    public var payload: Span<UInt8> {
        @_lifetime(copy self)
        get { bytes.extracting(droppingFirst: UDPHeader.byteCount) }
    }
    /// All of the payload, in bytes.
    @inlinable public var payloadCount: Int { length &- UDPHeader.byteCount }

    /// The sum over the pseudo-header and what lies within the bytes. Once the bytes beyond are
    /// added, its `value` is zero if the checksum is right.
    public func sum(source: IPAddress, destination: IPAddress) -> InternetChecksum {
        var sum = InternetChecksum.pseudoHeader(
            source: source, destination: destination, proto: .udp,
            length: UInt32(truncatingIfNeeded: length))
        sum.add(bytes)
        return sum
    }

    /// Whether a datagram that lies wholly within the bytes sums up to its checksum, or has none
    /// and is allowed that (RFC 768; RFC 8200 §8.1).
    public func checksumIsValid(source: IPAddress, destination: IPAddress) -> Bool {
        if checksum == 0 { return source.isIPv4 }
        return sum(source: source, destination: destination).value == 0
    }
}

/// The fields of a UDP header, to be written in front of a payload (RFC 768).
@frozen
public struct UDPHeader: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 8 }
    /// Where the checksum stands, in bytes from the start of the header.
    @inlinable public static var checksumOffset: Int { UDPField.checksum }

    public var sourcePort: UInt16
    public var destinationPort: UInt16
    /// Header and payload, in bytes.
    public var length: UInt16
    /// A computed sum of zero is sent as 0xFFFF, since zero means that there is none (RFC 768).
    public var checksum: UInt16

    @inlinable
    public init(sourcePort: UInt16, destinationPort: UInt16, length: UInt16, checksum: UInt16 = 0) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.length = length
        self.checksum = checksum
    }

    /// - Precondition: `bytes` has room for `byteCount` bytes.
    @inlinable
    public func write(to bytes: inout MutableSpan<UInt8>) {
        bytes.write(checksum, at: UDPField.checksum)
        bytes.write(length, at: UDPField.length)
        bytes.write(destinationPort, at: UDPField.destinationPort)
        bytes.write(sourcePort, at: UDPField.sourcePort)
    }
}

/// Offsets of the fields, in bytes.
@usableFromInline
enum UDPField {
    @inlinable static var sourcePort: Int { 0 }
    @inlinable static var destinationPort: Int { 2 }
    @inlinable static var length: Int { 4 }
    @inlinable static var checksum: Int { 6 }
}
