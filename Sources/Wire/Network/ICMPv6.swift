import Memory

/// An ICMP message for IPv6 where it lies (RFC 4443 §2.1).
///
///      0      7 8     15 16              31
///     +--------+--------+------------------+
///     |  type  |  code  |     checksum     |
///     +--------+--------+------------------+
///     |       rest, after the type         |
///     +------------------------------------+
///     |  payload, or the quoted packet …
///
/// After `init` has succeeded, no accessor can fail. What `identifier`, `mtu` and the like mean
/// depends on the type.
@frozen
public struct ICMPv6Message: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    @usableFromInline let beyond: Int

    /// - Parameters:
    ///   - bytes: The message or its first bytes, without link-layer padding.
    ///   - beyond: How many bytes of it lie elsewhere, behind those.
    /// - Throws: `.truncated` below 8 bytes.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>, beyond: Int = 0) throws(WireError) {
        guard bytes.count >= ICMPv6Header.byteCount else { throw .truncated }
        self.bytes = bytes
        self.beyond = beyond
    }

    @inlinable public var type: ICMPv6Type { ICMPv6Type(rawValue: bytes[ICMPv6Field.type]) }
    @inlinable public var code: UInt8 { bytes[ICMPv6Field.code] }
    @inlinable public var checksum: UInt16 { bytes.uint16(at: ICMPv6Field.checksum) }
    /// The four bytes whose meaning depends on the type.
    @inlinable public var rest: UInt32 { bytes.uint32(at: ICMPv6Field.rest) }
    /// Of echoes: whose they are.
    @inlinable public var identifier: UInt16 { UInt16(truncatingIfNeeded: rest >> 16) }
    /// Of echoes: which of them.
    @inlinable public var sequenceNumber: UInt16 { UInt16(truncatingIfNeeded: rest) }
    /// Of "packet too big": the MTU of the next hop, in bytes (RFC 4443 §3.2).
    @inlinable public var mtu: UInt32 { rest }
    /// Of parameter problems: which byte of the quoted packet is wrong (RFC 4443 §3.4).
    @inlinable public var pointer: UInt32 { rest }

    /// What follows the header, as far as it lies within the bytes. Of errors: the beginning of
    /// the packet they are about, for `IPv6Packet(quoted:)`.
    @inlinable
    public var payload: Span<UInt8> {
        @_lifetime(copy self)
        get { bytes.extracting(droppingFirst: ICMPv6Header.byteCount) }
    }
    /// All of the payload, in bytes.
    @inlinable public var payloadCount: Int {
        bytes.count &- ICMPv6Header.byteCount &+ beyond
    }

    /// The sum over the pseudo-header and what lies within the bytes. Once the bytes beyond are
    /// added, its `value` is zero if the checksum is right (RFC 4443 §2.3).
    public func sum(source: IPv6Address, destination: IPv6Address) -> InternetChecksum {
        var sum = InternetChecksum.pseudoHeader(
            source: IPAddress(source), destination: IPAddress(destination), proto: .icmpv6,
            length: UInt32(truncatingIfNeeded: bytes.count &+ beyond))
        sum.add(bytes)
        return sum
    }

    /// Whether a message that lies wholly within the bytes sums up to its checksum.
    public func checksumIsValid(source: IPv6Address, destination: IPv6Address) -> Bool {
        sum(source: source, destination: destination).value == 0
    }
}

/// The fixed fields of an ICMPv6 message, to be written in front of its payload (RFC 4443 §2.1).
@frozen
public struct ICMPv6Header: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 8 }
    /// Where the checksum stands, in bytes from the start of the header.
    @inlinable public static var checksumOffset: Int { ICMPv6Field.checksum }

    public var type: ICMPv6Type
    public var code: UInt8
    public var checksum: UInt16
    /// The four bytes whose meaning depends on the type.
    public var rest: UInt32

    @inlinable
    public init(type: ICMPv6Type, code: UInt8 = 0, rest: UInt32 = 0, checksum: UInt16 = 0) {
        self.type = type
        self.code = code
        self.rest = rest
        self.checksum = checksum
    }

    public static func echoRequest(identifier: UInt16, sequenceNumber: UInt16) -> ICMPv6Header {
        ICMPv6Header(type: .echoRequest, rest: UInt32(identifier) << 16 | UInt32(sequenceNumber))
    }

    public static func echoReply(identifier: UInt16, sequenceNumber: UInt16) -> ICMPv6Header {
        ICMPv6Header(type: .echoReply, rest: UInt32(identifier) << 16 | UInt32(sequenceNumber))
    }

    public static func destinationUnreachable(_ code: ICMPv6UnreachableCode) -> ICMPv6Header {
        ICMPv6Header(type: .destinationUnreachable, code: code.rawValue)
    }

    /// - Parameter mtu: Of the next hop, in bytes (RFC 4443 §3.2).
    public static func packetTooBig(mtu: UInt32) -> ICMPv6Header {
        ICMPv6Header(type: .packetTooBig, rest: mtu)
    }

    public static func timeExceeded(_ code: ICMPv6TimeExceededCode) -> ICMPv6Header {
        ICMPv6Header(type: .timeExceeded, code: code.rawValue)
    }

    /// - Parameter pointer: Which byte of the quoted packet is wrong.
    public static func parameterProblem(
        _ code: ICMPv6ParameterProblemCode, pointer: UInt32
    ) -> ICMPv6Header {
        ICMPv6Header(type: .parameterProblem, code: code.rawValue, rest: pointer)
    }

    /// Writes the header with `checksum` as it is.
    ///
    /// - Precondition: `bytes` has room for `byteCount` bytes.
    @inlinable
    public func write(to bytes: inout MutableSpan<UInt8>) {
        bytes.write(rest, at: ICMPv6Field.rest)
        bytes.write(checksum, at: ICMPv6Field.checksum)
        bytes.write(code, at: ICMPv6Field.code)
        bytes.write(type.rawValue, at: ICMPv6Field.type)
    }

    /// Writes the header in front of the payload that stands in `message` already, and the
    /// checksum over the pseudo-header and both (RFC 4443 §2.3).
    ///
    /// - Precondition: `message` is the whole message, at least `byteCount` bytes.
    public func write(
        toMessage message: inout MutableSpan<UInt8>, source: IPv6Address,
        destination: IPv6Address
    ) {
        write(to: &message)
        message.write(0 as UInt16, at: ICMPv6Field.checksum)
        var sum = InternetChecksum.pseudoHeader(
            source: IPAddress(source), destination: IPAddress(destination), proto: .icmpv6,
            length: UInt32(truncatingIfNeeded: message.count))
        sum.add(message.span)
        message.write(sum.value, at: ICMPv6Field.checksum)
    }
}

/// Offsets of the fields, in bytes.
@usableFromInline
enum ICMPv6Field {
    @inlinable static var type: Int { 0 }
    @inlinable static var code: Int { 1 }
    @inlinable static var checksum: Int { 2 }
    @inlinable static var rest: Int { 4 }
}
