import Memory

/// An IPv6 packet where it lies, checked once; extension headers are part of its payload
/// (RFC 8200 §3).
///
///      0      3 4          11 12   15 16           23 24          31
///     +--------+-------------+-------------------------------------+
///     |version |traffic class|             flow label              |
///     +--------+-------------+-------+---------------+-------------+
///     |        payload length        |  next header  |  hop limit  |
///     +------------------------------+---------------+-------------+
///     |                     source (16 bytes)                      |
///     +------------------------------------------------------------+
///     |                  destination (16 bytes)                    |
///     +------------------------------------------------------------+
///
/// After `init` has succeeded, no accessor can fail.
@frozen
public struct IPv6Packet: ~Escapable {
    /// The packet's bytes without what follows its payload.
    @usableFromInline let bytes: Span<UInt8>

    /// - Parameters:
    ///   - bytes: The packet or its first bytes, possibly followed by link-layer padding.
    ///   - beyond: How many bytes of it lie elsewhere, behind those.
    /// - Throws: `.truncated` when the header does not lie within `bytes`; `.badVersion`;
    ///   `.lengthMismatch` when the payload length reaches past the end.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>, beyond: Int = 0) throws(WireError) {
        let packet = try IPv6Packet(quoted: bytes)
        guard packet.totalCount <= bytes.count &+ beyond else { throw .lengthMismatch }
        self = packet
    }

    /// A packet of which an ICMPv6 error quotes the beginning (RFC 4443 §2.4).
    ///
    /// - Throws: As `init(_:beyond:)`, but the payload length may reach past the end.
    @inlinable
    @_lifetime(copy bytes)
    public init(quoted bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= IPv6Header.byteCount else { throw .truncated }
        guard bytes[IPv6Field.versionClassAndLabel] >> 4 == 6 else { throw .badVersion }
        let totalCount = IPv6Header.byteCount &+ Int(bytes.uint16(at: IPv6Field.payloadLength))
        self.bytes = bytes.extracting(first: min(totalCount, bytes.count))
    }

    /// DSCP and ECN as one byte.
    @inlinable public var trafficClass: UInt8 {
        UInt8(truncatingIfNeeded: bytes.uint16(at: IPv6Field.versionClassAndLabel) >> 4)
    }
    /// 0 to 63 (RFC 2474 §3).
    @inlinable public var dscp: UInt8 { trafficClass >> 2 }
    @inlinable public var ecn: ECN { ECN(trafficClass: trafficClass) }
    /// 20 bits (RFC 6437).
    @inlinable public var flowLabel: UInt32 {
        bytes.uint32(at: IPv6Field.versionClassAndLabel) & 0xF_FFFF
    }
    /// Extension headers and payload, in bytes: 0 to 65,535.
    @inlinable public var payloadCount: Int { Int(bytes.uint16(at: IPv6Field.payloadLength)) }
    /// Header and payload, in bytes: 40 to 65,575.
    @inlinable public var totalCount: Int { IPv6Header.byteCount &+ payloadCount }
    @inlinable public var nextHeader: IPProtocol {
        IPProtocol(rawValue: bytes[IPv6Field.nextHeader])
    }
    @inlinable public var hopLimit: UInt8 { bytes[IPv6Field.hopLimit] }
    @inlinable public var source: IPv6Address { bytes.ipv6Address(at: IPv6Field.source) }
    @inlinable public var destination: IPv6Address {
        bytes.ipv6Address(at: IPv6Field.destination)
    }
    /// What follows the fixed header, as far as it lies within the bytes.
    @inlinable
    public var payload: Span<UInt8> {
        @_lifetime(copy self)
        get { bytes.extracting(droppingFirst: IPv6Header.byteCount) }
    }
}

/// The fields of the fixed IPv6 header, to be written in front of a payload (RFC 8200 §3).
@frozen
public struct IPv6Header: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 40 }

    /// DSCP and ECN as one byte.
    public var trafficClass: UInt8
    /// The low 20 bits count.
    public var flowLabel: UInt32
    /// Extension headers and payload, in bytes.
    public var payloadCount: UInt16
    public var nextHeader: IPProtocol
    public var hopLimit: UInt8
    public var source: IPv6Address
    public var destination: IPv6Address

    @inlinable
    public init(
        trafficClass: UInt8 = 0, flowLabel: UInt32 = 0, payloadCount: UInt16,
        nextHeader: IPProtocol, hopLimit: UInt8 = 64, source: IPv6Address,
        destination: IPv6Address
    ) {
        self.trafficClass = trafficClass
        self.flowLabel = flowLabel
        self.payloadCount = payloadCount
        self.nextHeader = nextHeader
        self.hopLimit = hopLimit
        self.source = source
        self.destination = destination
    }

    /// - Precondition: `bytes` has room for `byteCount` bytes.
    @inlinable
    public func write(to bytes: inout MutableSpan<UInt8>) {
        bytes.write(destination, at: IPv6Field.destination)
        bytes.write(source, at: IPv6Field.source)
        bytes.write(hopLimit, at: IPv6Field.hopLimit)
        bytes.write(nextHeader.rawValue, at: IPv6Field.nextHeader)
        bytes.write(payloadCount, at: IPv6Field.payloadLength)
        let first = 0x6000_0000 | UInt32(trafficClass) << 20 | flowLabel & 0xF_FFFF
        bytes.write(first, at: IPv6Field.versionClassAndLabel)
    }
}

/// Offsets of the fields, in bytes.
@usableFromInline
enum IPv6Field {
    @inlinable static var versionClassAndLabel: Int { 0 }
    @inlinable static var payloadLength: Int { 4 }
    @inlinable static var nextHeader: Int { 6 }
    @inlinable static var hopLimit: Int { 7 }
    @inlinable static var source: Int { 8 }
    @inlinable static var destination: Int { 24 }
}
