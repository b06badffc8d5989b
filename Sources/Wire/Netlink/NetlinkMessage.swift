import Memory

/// A message between a host and its own programs where it lies, checked once (RFC 3549 §2.2,
/// netlink(7)). All its fields are in the machine's order.
///
///     +-------------------------------------+
///     |            length (32)              |   header and payload, without padding
///     +------------------+------------------+
///     |    type (16)     |    flags (16)    |
///     +------------------+------------------+
///     |          sequence number            |
///     +-------------------------------------+
///     |              port id                |
///     +-------------------------------------+
///     |              payload …              |   the next message begins at a multiple of 4
///
/// After `init` has succeeded, no accessor can fail: `length` covers the header and lies within the
/// bytes.
@frozen
public struct NetlinkMessage: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>

    /// - Parameter bytes: The message, possibly followed by others.
    /// - Throws: `.truncated` below 16 bytes; `.lengthMismatch` when the length field is below 16 or
    ///   beyond the end.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= NetlinkHeader.byteCount else { throw .truncated }
        let length = bytes.littleUInt32(at: 0)
        guard length >= UInt32(NetlinkHeader.byteCount), length <= UInt32(clamping: bytes.count)
        else { throw .lengthMismatch }
        self.bytes = bytes.extracting(first: Int(length))
    }

    /// Header and payload, in bytes.
    @inlinable public var length: Int { bytes.count }
    /// Bytes from here to the next message, which may reach past the end of the last one.
    @inlinable public var alignedLength: Int { (bytes.count &+ 3) & ~3 }
    @inlinable public var type: NetlinkType { NetlinkType(rawValue: bytes.littleUInt16(at: 4)) }
    @inlinable public var flags: NetlinkFlags {
        NetlinkFlags(rawValue: bytes.littleUInt16(at: 6))
    }
    @inlinable public var sequence: UInt32 { bytes.littleUInt32(at: 8) }
    @inlinable public var portID: UInt32 { bytes.littleUInt32(at: 12) }
    /// The message with its header.
    @inlinable
    public var whole: Span<UInt8> {
        @_lifetime(copy self)
        get { bytes }
    }
    @inlinable
    public var payload: Span<UInt8> {
        @_lifetime(copy self)
        get { bytes.extracting(droppingFirst: NetlinkHeader.byteCount) }
    }
}

/// The fields of a message's header, but for its length.
@frozen
public struct NetlinkHeader: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 16 }

    public var type: NetlinkType
    public var flags: NetlinkFlags
    public var sequence: UInt32
    public var portID: UInt32

    public init(
        type: NetlinkType, flags: NetlinkFlags = [], sequence: UInt32 = 0, portID: UInt32 = 0
    ) {
        self.type = type
        self.flags = flags
        self.sequence = sequence
        self.portID = portID
    }
}

/// What a message asks for or says.
@frozen
public struct NetlinkType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// `NLMSG_ERROR`, with error 0 an acknowledgment.
    public static let error = NetlinkType(rawValue: 2)
    /// `NLMSG_DONE`, behind the last part of a dump.
    public static let done = NetlinkType(rawValue: 3)
    /// Below it are messages of the mechanism itself (`NLMSG_MIN_TYPE`).
    public static let firstOfFamily: UInt16 = 16

    // NETLINK_ROUTE: rtnetlink(7).
    public static let newLink = NetlinkType(rawValue: 16)
    public static let getLink = NetlinkType(rawValue: 18)
    public static let newAddress = NetlinkType(rawValue: 20)
    public static let deleteAddress = NetlinkType(rawValue: 21)
    public static let getAddress = NetlinkType(rawValue: 22)
    public static let newRoute = NetlinkType(rawValue: 24)
    public static let getRoute = NetlinkType(rawValue: 26)
    public static let newNeighbour = NetlinkType(rawValue: 28)
    public static let getNeighbour = NetlinkType(rawValue: 30)

    /// `SOCK_DIAG_BY_FAMILY` of NETLINK_SOCK_DIAG, whose answers have the same number: sock_diag(7).
    public static let diagnosis = NetlinkType(rawValue: 20)
}

/// How a message is to be taken.
@frozen
public struct NetlinkFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16
    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// `NLM_F_REQUEST`
    public static let request = NetlinkFlags(rawValue: 0x1)
    /// One of several, the last of which is `done` (`NLM_F_MULTI`).
    public static let multi = NetlinkFlags(rawValue: 0x2)
    /// Success is to be told as well (`NLM_F_ACK`).
    public static let acknowledge = NetlinkFlags(rawValue: 0x4)
    /// All there is: `NLM_F_ROOT` and `NLM_F_MATCH`.
    public static let dump = NetlinkFlags(rawValue: 0x300)
    /// An error whose request is quoted in part only (`NLM_F_CAPPED`).
    public static let capped = NetlinkFlags(rawValue: 0x100)
}
