import Memory

/// A TCP segment where it lies, checked once (RFC 9293 §3.1).
///
///      0      3 4      7 8             15 16                    31
///     +----------------------------------+------------------------+
///     |           source port            |    destination port    |
///     +----------------------------------+------------------------+
///     |                      sequence number                      |
///     +-----------------------------------------------------------+
///     |                   acknowledgment number                   |
///     +--------+--------+----------------+------------------------+
///     | offset |reserved|     flags      |         window         |
///     +--------+--------+----------------+------------------------+
///     |             checksum             |     urgent pointer     |
///     +----------------------------------+------------------------+
///     |                  options, 0 to 40 bytes …                 |
///     +-----------------------------------------------------------+
///
/// After `init` has succeeded, no accessor can fail: the header lies within the bytes.
@frozen
public struct TCPSegment: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    @usableFromInline let beyond: Int

    /// - Parameters:
    ///   - bytes: The segment or its first bytes, without link-layer padding.
    ///   - beyond: How many bytes of it lie elsewhere, behind those.
    /// - Throws: `.truncated` when the header does not lie within `bytes`; `.badHeaderLength` when
    ///   the data offset is below 5.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>, beyond: Int = 0) throws(WireError) {
        guard bytes.count >= TCPHeader.byteCount else { throw .truncated }
        let headerCount = Int(bytes[TCPField.dataOffset] >> 4) &* 4
        guard headerCount >= TCPHeader.byteCount else { throw .badHeaderLength }
        guard headerCount <= bytes.count else { throw .truncated }
        self.bytes = bytes
        self.beyond = beyond
    }

    @inlinable public var sourcePort: UInt16 { bytes.uint16(at: TCPField.sourcePort) }
    @inlinable public var destinationPort: UInt16 { bytes.uint16(at: TCPField.destinationPort) }
    @inlinable public var sequence: SequenceNumber {
        SequenceNumber(bytes.uint32(at: TCPField.sequence))
    }
    /// Meaningful when `flags` holds `.ack`.
    @inlinable public var acknowledgment: SequenceNumber {
        SequenceNumber(bytes.uint32(at: TCPField.acknowledgment))
    }
    /// Header and options, in bytes: 20 to 60.
    @inlinable public var headerCount: Int { Int(bytes[TCPField.dataOffset] >> 4) &* 4 }
    @inlinable public var flags: TCPFlags { TCPFlags(rawValue: bytes[TCPField.flags]) }
    /// As sent: not scaled.
    @inlinable public var window: UInt16 { bytes.uint16(at: TCPField.window) }
    @inlinable public var checksum: UInt16 { bytes.uint16(at: TCPField.checksum) }
    /// Meaningful when `flags` holds `.urg`: where the byte after the urgent data stands, from
    /// `sequence` on.
    @inlinable public var urgentPointer: UInt16 { bytes.uint16(at: TCPField.urgentPointer) }
    /// 0 to 40 bytes between the fixed header and the payload, for `TCPOptions`.
    @inlinable
    public var options: Span<UInt8> {
        @_lifetime(copy self)
        get { bytes.extracting(TCPHeader.byteCount..<headerCount) }
    }
    /// The payload as far as it lies within the bytes.
    @inlinable
    public var payload: Span<UInt8> {
        @_lifetime(copy self)
        get { bytes.extracting(droppingFirst: headerCount) }
    }
    /// All of the payload, in bytes.
    @inlinable public var payloadCount: Int { bytes.count &- headerCount &+ beyond }
    /// What the segment occupies of the sequence space: the payload, SYN and FIN (SEG.LEN).
    @inlinable public var sequenceCount: Int {
        let syn = flags.contains(.syn) ? 1 : 0
        let fin = flags.contains(.fin) ? 1 : 0
        return payloadCount &+ syn &+ fin
    }

    /// The sum over the pseudo-header and what lies within the bytes. Once the bytes beyond are
    /// added, its `value` is zero if the checksum is right.
    public func sum(source: IPAddress, destination: IPAddress) -> InternetChecksum {
        var sum = InternetChecksum.pseudoHeader(
            source: source, destination: destination, proto: .tcp,
            length: UInt32(truncatingIfNeeded: bytes.count &+ beyond))
        sum.add(bytes)
        return sum
    }

    /// Whether a segment that lies wholly within the bytes sums up to its checksum.
    public func checksumIsValid(source: IPAddress, destination: IPAddress) -> Bool {
        sum(source: source, destination: destination).value == 0
    }
}

/// The fields of a TCP header, to be written in front of options and payload (RFC 9293 §3.1).
@frozen
public struct TCPHeader: Equatable, Sendable {
    /// Without options.
    @inlinable public static var byteCount: Int { 20 }
    /// The most that options can take, in bytes.
    @inlinable public static var maximumOptionsCount: Int { 40 }
    /// Where the checksum stands, in bytes from the start of the header.
    @inlinable public static var checksumOffset: Int { TCPField.checksum }

    public var sourcePort: UInt16
    public var destinationPort: UInt16
    public var sequence: SequenceNumber
    public var acknowledgment: SequenceNumber
    /// Header and options, in bytes: a multiple of 4 from 20 to 60.
    public var headerCount: Int
    public var flags: TCPFlags
    /// As sent: scaled already.
    public var window: UInt16
    public var checksum: UInt16
    public var urgentPointer: UInt16

    @inlinable
    public init(
        sourcePort: UInt16, destinationPort: UInt16, sequence: SequenceNumber,
        acknowledgment: SequenceNumber = SequenceNumber(0), headerCount: Int = 20,
        flags: TCPFlags, window: UInt16, checksum: UInt16 = 0, urgentPointer: UInt16 = 0
    ) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.sequence = sequence
        self.acknowledgment = acknowledgment
        self.headerCount = headerCount
        self.flags = flags
        self.window = window
        self.checksum = checksum
        self.urgentPointer = urgentPointer
    }

    /// Writes the fixed header; `TCPOptions` writes what follows it up to `headerCount`.
    ///
    /// - Precondition: `bytes` has room for `byteCount` bytes.
    @inlinable
    public func write(to bytes: inout MutableSpan<UInt8>) {
        bytes.write(urgentPointer, at: TCPField.urgentPointer)
        bytes.write(checksum, at: TCPField.checksum)
        bytes.write(window, at: TCPField.window)
        bytes.write(flags.rawValue, at: TCPField.flags)
        bytes.write(UInt8(truncatingIfNeeded: headerCount >> 2) << 4, at: TCPField.dataOffset)
        bytes.write(acknowledgment.rawValue, at: TCPField.acknowledgment)
        bytes.write(sequence.rawValue, at: TCPField.sequence)
        bytes.write(destinationPort, at: TCPField.destinationPort)
        bytes.write(sourcePort, at: TCPField.sourcePort)
    }
}

/// Offsets of the fields, in bytes.
@usableFromInline
enum TCPField {
    @inlinable static var sourcePort: Int { 0 }
    @inlinable static var destinationPort: Int { 2 }
    @inlinable static var sequence: Int { 4 }
    @inlinable static var acknowledgment: Int { 8 }
    @inlinable static var dataOffset: Int { 12 }
    @inlinable static var flags: Int { 13 }
    @inlinable static var window: Int { 14 }
    @inlinable static var checksum: Int { 16 }
    @inlinable static var urgentPointer: Int { 18 }
}
