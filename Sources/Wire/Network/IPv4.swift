import Memory

/// An IPv4 packet where it lies, checked once (RFC 791 §3.1).
///
///      0      3 4      7 8           15 16  18 19                31
///     +--------+--------+--------------+--------------------------+
///     |version | header | DSCP    |ECN |       total length       |
///     +--------+--------+--------------+------+-------------------+
///     |         identification         |0|D|M |  fragment offset  |
///     +-----------------+--------------+------+-------------------+
///     |  time to live   |   protocol   |     header checksum      |
///     +-----------------+--------------+--------------------------+
///     |                          source                           |
///     +-----------------------------------------------------------+
///     |                        destination                        |
///     +-----------------------------------------------------------+
///     |                  options, 0 to 40 bytes …                 |
///     +-----------------------------------------------------------+
///
/// After `init` has succeeded, no accessor can fail: the header lies within the bytes and the
/// total length within the packet. Whether the checksum is right is asked for separately.
@frozen
public struct IPv4Packet: ~Escapable {
    /// The packet's bytes without what follows its total length.
    @usableFromInline let bytes: Span<UInt8>

    /// - Parameters:
    ///   - bytes: The packet or its first bytes, possibly followed by link-layer padding.
    ///   - beyond: How many bytes of it lie elsewhere, behind those.
    /// - Throws: `.truncated` when the header does not lie within `bytes`; `.badVersion`;
    ///   `.badHeaderLength` below 20 bytes; `.lengthMismatch` when the total length is below the
    ///   header's or beyond the end.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>, beyond: Int = 0) throws(WireError) {
        let packet = try IPv4Packet(quoted: bytes)
        guard packet.totalCount <= bytes.count &+ beyond else { throw .lengthMismatch }
        self = packet
    }

    /// A packet of which an ICMP error quotes the beginning (RFC 792, RFC 1812 §4.3.2.3).
    ///
    /// - Throws: As `init(_:beyond:)`, but the total length may reach past the end.
    @inlinable
    @_lifetime(copy bytes)
    public init(quoted bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= IPv4Header.byteCount else { throw .truncated }
        let first = bytes[IPv4Field.versionAndHeaderLength]
        guard first >> 4 == 4 else { throw .badVersion }
        let headerCount = Int(first & 0xF) &* 4
        guard headerCount >= IPv4Header.byteCount else { throw .badHeaderLength }
        guard headerCount <= bytes.count else { throw .truncated }
        let totalCount = Int(bytes.uint16(at: IPv4Field.totalLength))
        guard totalCount >= headerCount else { throw .lengthMismatch }
        self.bytes = bytes.extracting(first: min(totalCount, bytes.count))
    }

    /// Header and options, in bytes: 20 to 60.
    @inlinable public var headerCount: Int {
        Int(bytes[IPv4Field.versionAndHeaderLength] & 0xF) &* 4
    }
    /// DSCP and ECN as one byte.
    @inlinable public var trafficClass: UInt8 { bytes[IPv4Field.trafficClass] }
    /// 0 to 63 (RFC 2474 §3).
    @inlinable public var dscp: UInt8 { trafficClass >> 2 }
    @inlinable public var ecn: ECN { ECN(trafficClass: trafficClass) }
    /// Header and payload, in bytes: 20 to 65,535.
    @inlinable public var totalCount: Int { Int(bytes.uint16(at: IPv4Field.totalLength)) }
    @inlinable public var identification: UInt16 { bytes.uint16(at: IPv4Field.identification) }
    @inlinable public var dontFragment: Bool { bytes[IPv4Field.flagsAndOffset] & 0x40 != 0 }
    @inlinable public var moreFragments: Bool { bytes[IPv4Field.flagsAndOffset] & 0x20 != 0 }
    /// Where the payload stands in that of the whole datagram, in bytes: 0 to 65,528.
    @inlinable public var fragmentOffset: Int {
        Int(bytes.uint16(at: IPv4Field.flagsAndOffset) & 0x1FFF) &* 8
    }
    /// Whether the packet is a part of a datagram.
    @inlinable public var isFragment: Bool {
        bytes.uint16(at: IPv4Field.flagsAndOffset) & 0x3FFF != 0
    }
    @inlinable public var timeToLive: UInt8 { bytes[IPv4Field.timeToLive] }
    @inlinable public var proto: IPProtocol { IPProtocol(rawValue: bytes[IPv4Field.proto]) }
    @inlinable public var headerChecksum: UInt16 { bytes.uint16(at: IPv4Field.headerChecksum) }
    @inlinable public var source: IPv4Address { bytes.ipv4Address(at: IPv4Field.source) }
    @inlinable public var destination: IPv4Address {
        bytes.ipv4Address(at: IPv4Field.destination)
    }

    /// Whether the header sums up to its checksum.
    public var checksumIsValid: Bool {
        var sum = InternetChecksum()
        sum.add(bytes.extracting(first: headerCount))
        return sum.value == 0
    }

    /// 0 to 40 bytes between the fixed header and the payload; `OptionCursor` walks them.
    @inlinable
    public var options: Span<UInt8> {
        @_lifetime(copy self)
        get { bytes.extracting(IPv4Header.byteCount..<headerCount) }
    }
    /// The payload as far as it lies within the bytes.
    @inlinable
    public var payload: Span<UInt8> {
        @_lifetime(copy self)
        get { bytes.extracting(droppingFirst: headerCount) }
    }
    /// All of the payload, in bytes.
    @inlinable public var payloadCount: Int { totalCount &- headerCount }
}

/// The fields of an IPv4 header, to be written in front of a payload (RFC 791 §3.1).
@frozen
public struct IPv4Header: Equatable, Sendable {
    /// Without options.
    @inlinable public static var byteCount: Int { 20 }
    /// The most that options can take, in bytes.
    @inlinable public static var maximumOptionsCount: Int { 40 }

    /// DSCP and ECN as one byte.
    public var trafficClass: UInt8
    /// Header, options and payload, in bytes.
    public var totalCount: UInt16
    public var identification: UInt16
    public var dontFragment: Bool
    public var moreFragments: Bool
    /// In bytes, a multiple of 8 up to 65,528.
    public var fragmentOffset: Int
    public var timeToLive: UInt8
    public var proto: IPProtocol
    public var source: IPv4Address
    public var destination: IPv4Address

    @inlinable
    public init(
        trafficClass: UInt8 = 0, totalCount: UInt16, identification: UInt16 = 0,
        dontFragment: Bool = false, moreFragments: Bool = false, fragmentOffset: Int = 0,
        timeToLive: UInt8 = 64, proto: IPProtocol, source: IPv4Address, destination: IPv4Address
    ) {
        self.trafficClass = trafficClass
        self.totalCount = totalCount
        self.identification = identification
        self.dontFragment = dontFragment
        self.moreFragments = moreFragments
        self.fragmentOffset = fragmentOffset
        self.timeToLive = timeToLive
        self.proto = proto
        self.source = source
        self.destination = destination
    }

    /// The fields of `packet`, without its options.
    @inlinable
    public init(_ packet: borrowing IPv4Packet) {
        self.init(
            trafficClass: packet.trafficClass,
            totalCount: UInt16(truncatingIfNeeded: packet.totalCount),
            identification: packet.identification, dontFragment: packet.dontFragment,
            moreFragments: packet.moreFragments, fragmentOffset: packet.fragmentOffset,
            timeToLive: packet.timeToLive, proto: packet.proto, source: packet.source,
            destination: packet.destination)
    }

    /// Bytes of a header with `optionsCount` bytes of options, padded to a multiple of 4.
    @inlinable
    public static func byteCount(optionsCount: Int) -> Int {
        byteCount &+ (optionsCount &+ 3) & ~3
    }

    /// Writes the header and its checksum.
    ///
    /// - Precondition: `bytes` has room for `byteCount` bytes.
    @inlinable
    public func write(to bytes: inout MutableSpan<UInt8>) {
        writeFields(to: &bytes, headerCount: Self.byteCount)
        var sum = InternetChecksum()
        sum.add(0x4500 | UInt16(trafficClass))
        sum.add(totalCount)
        sum.add(identification)
        sum.add(flagsAndOffset)
        sum.add(UInt16(timeToLive) << 8 | UInt16(proto.rawValue))
        sum.add(source.rawValue)
        sum.add(destination.rawValue)
        bytes.write(sum.value, at: IPv4Field.headerChecksum)
    }

    /// Writes the header, `options` padded with ends of list, and the checksum over all of it.
    ///
    /// - Precondition: `options` has at most 40 bytes and `bytes` room for
    ///   `byteCount(optionsCount:)` bytes.
    public func write(to bytes: inout MutableSpan<UInt8>, options: Span<UInt8>) {
        precondition(options.count <= Self.maximumOptionsCount, "more options than fit")
        let headerCount = Self.byteCount(optionsCount: options.count)
        writeFields(to: &bytes, headerCount: headerCount)
        bytes.write(options, at: Self.byteCount)
        for offset in Self.byteCount &+ options.count..<headerCount {
            bytes[offset] = OptionCursor.end
        }
        var sum = InternetChecksum()
        sum.add(bytes.span.extracting(first: headerCount))
        bytes.write(sum.value, at: IPv4Field.headerChecksum)
    }

    @inlinable
    var flagsAndOffset: UInt16 {
        let flags: UInt16 = (dontFragment ? 0x4000 : 0) | (moreFragments ? 0x2000 : 0)
        return flags | UInt16(truncatingIfNeeded: fragmentOffset >> 3) & 0x1FFF
    }

    /// Writes everything but the checksum, whose place is zero.
    @inlinable
    func writeFields(to bytes: inout MutableSpan<UInt8>, headerCount: Int) {
        bytes.write(destination, at: IPv4Field.destination)
        bytes.write(source, at: IPv4Field.source)
        bytes.write(0 as UInt16, at: IPv4Field.headerChecksum)
        bytes.write(proto.rawValue, at: IPv4Field.proto)
        bytes.write(timeToLive, at: IPv4Field.timeToLive)
        bytes.write(flagsAndOffset, at: IPv4Field.flagsAndOffset)
        bytes.write(identification, at: IPv4Field.identification)
        bytes.write(totalCount, at: IPv4Field.totalLength)
        bytes.write(trafficClass, at: IPv4Field.trafficClass)
        let words = UInt8(truncatingIfNeeded: headerCount >> 2)
        bytes.write(0x40 | words, at: IPv4Field.versionAndHeaderLength)
    }
}

/// Offsets of the fields, in bytes.
@usableFromInline
enum IPv4Field {
    @inlinable static var versionAndHeaderLength: Int { 0 }
    @inlinable static var trafficClass: Int { 1 }
    @inlinable static var totalLength: Int { 2 }
    @inlinable static var identification: Int { 4 }
    @inlinable static var flagsAndOffset: Int { 6 }
    @inlinable static var timeToLive: Int { 8 }
    @inlinable static var proto: Int { 9 }
    @inlinable static var headerChecksum: Int { 10 }
    @inlinable static var source: Int { 12 }
    @inlinable static var destination: Int { 16 }
}
