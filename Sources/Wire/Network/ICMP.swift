import Memory

/// An ICMP message for IPv4 where it lies (RFC 792).
///
///      0      7 8     15 16              31
///     +--------+--------+------------------+
///     |  type  |  code  |     checksum     |
///     +--------+--------+------------------+
///     |       rest, after the type         |
///     +------------------------------------+
///     |  payload, or the quoted packet …
///
/// After `init` has succeeded, no accessor can fail. What `identifier`, `nextHopMTU` and the like
/// mean depends on the type.
@frozen
public struct ICMPMessage: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    @usableFromInline let beyond: Int

    /// - Parameters:
    ///   - bytes: The message or its first bytes, without link-layer padding.
    ///   - beyond: How many bytes of it lie elsewhere, behind those.
    /// - Throws: `.truncated` below 8 bytes.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>, beyond: Int = 0) throws(WireError) {
        guard bytes.count >= ICMPHeader.byteCount else { throw .truncated }
        self.bytes = bytes
        self.beyond = beyond
    }

    @inlinable public var type: ICMPType { ICMPType(rawValue: bytes[ICMPField.type]) }
    @inlinable public var code: UInt8 { bytes[ICMPField.code] }
    @inlinable public var checksum: UInt16 { bytes.uint16(at: ICMPField.checksum) }
    /// The four bytes whose meaning depends on the type.
    @inlinable public var rest: UInt32 { bytes.uint32(at: ICMPField.rest) }
    /// Of echoes: whose they are.
    @inlinable public var identifier: UInt16 { UInt16(truncatingIfNeeded: rest >> 16) }
    /// Of echoes: which of them.
    @inlinable public var sequenceNumber: UInt16 { UInt16(truncatingIfNeeded: rest) }
    /// Of "fragmentation needed": the MTU of the next hop in bytes, 0 from routers that do not
    /// tell (RFC 1191 §4).
    @inlinable public var nextHopMTU: UInt16 { UInt16(truncatingIfNeeded: rest) }
    /// Of parameter problems: which byte of the quoted header is wrong.
    @inlinable public var pointer: UInt8 { UInt8(truncatingIfNeeded: rest >> 24) }
    /// Of redirects: the better router.
    @inlinable public var gateway: IPv4Address { IPv4Address(rest) }

    /// What follows the header, as far as it lies within the bytes. Of errors: the beginning of
    /// the packet they are about, for `IPv4Packet(quoted:)`.
    @inlinable
    public var payload: Span<UInt8> {
        @_lifetime(copy self)
        get { bytes.extracting(droppingFirst: ICMPHeader.byteCount) }
    }
    /// All of the payload, in bytes.
    @inlinable public var payloadCount: Int { bytes.count &- ICMPHeader.byteCount &+ beyond }

    /// The sum over what lies within the bytes. Once the bytes beyond are added, its `value` is
    /// zero if the checksum is right.
    public func sum() -> InternetChecksum {
        var sum = InternetChecksum()
        sum.add(bytes)
        return sum
    }

    /// Whether a message that lies wholly within the bytes sums up to its checksum.
    public var checksumIsValid: Bool { sum().value == 0 }
}

/// The fixed fields of an ICMP message, to be written in front of its payload (RFC 792).
@frozen
public struct ICMPHeader: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 8 }
    /// Where the checksum stands, in bytes from the start of the header.
    @inlinable public static var checksumOffset: Int { ICMPField.checksum }

    public var type: ICMPType
    public var code: UInt8
    public var checksum: UInt16
    /// The four bytes whose meaning depends on the type.
    public var rest: UInt32

    @inlinable
    public init(type: ICMPType, code: UInt8 = 0, rest: UInt32 = 0, checksum: UInt16 = 0) {
        self.type = type
        self.code = code
        self.rest = rest
        self.checksum = checksum
    }

    public static func echoRequest(identifier: UInt16, sequenceNumber: UInt16) -> ICMPHeader {
        ICMPHeader(type: .echoRequest, rest: UInt32(identifier) << 16 | UInt32(sequenceNumber))
    }

    public static func echoReply(identifier: UInt16, sequenceNumber: UInt16) -> ICMPHeader {
        ICMPHeader(type: .echoReply, rest: UInt32(identifier) << 16 | UInt32(sequenceNumber))
    }

    /// - Parameter nextHopMTU: In bytes, with `.fragmentationNeeded` only (RFC 1191 §4).
    public static func destinationUnreachable(
        _ code: ICMPUnreachableCode, nextHopMTU: UInt16 = 0
    ) -> ICMPHeader {
        ICMPHeader(
            type: .destinationUnreachable, code: code.rawValue, rest: UInt32(nextHopMTU))
    }

    public static func timeExceeded(_ code: ICMPTimeExceededCode) -> ICMPHeader {
        ICMPHeader(type: .timeExceeded, code: code.rawValue)
    }

    /// - Parameter pointer: Which byte of the quoted header is wrong.
    public static func parameterProblem(pointer: UInt8) -> ICMPHeader {
        ICMPHeader(type: .parameterProblem, rest: UInt32(pointer) << 24)
    }

    /// Writes the header with `checksum` as it is.
    ///
    /// - Precondition: `bytes` has room for `byteCount` bytes.
    @inlinable
    public func write(to bytes: inout MutableSpan<UInt8>) {
        bytes.write(rest, at: ICMPField.rest)
        bytes.write(checksum, at: ICMPField.checksum)
        bytes.write(code, at: ICMPField.code)
        bytes.write(type.rawValue, at: ICMPField.type)
    }

    /// Writes the header in front of the payload that stands in `message` already, and the
    /// checksum over both.
    ///
    /// - Precondition: `message` is the whole message, at least `byteCount` bytes.
    public func write(toMessage message: inout MutableSpan<UInt8>) {
        write(to: &message)
        message.write(0 as UInt16, at: ICMPField.checksum)
        var sum = InternetChecksum()
        sum.add(message.span)
        message.write(sum.value, at: ICMPField.checksum)
    }
}

/// Offsets of the fields, in bytes.
@usableFromInline
enum ICMPField {
    @inlinable static var type: Int { 0 }
    @inlinable static var code: Int { 1 }
    @inlinable static var checksum: Int { 2 }
    @inlinable static var rest: Int { 4 }
}
