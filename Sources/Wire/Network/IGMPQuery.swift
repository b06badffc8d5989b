import Memory

/// A query of any version of IGMP where it lies: who listens? (RFC 9776 §4.1 and §7.1.)
///
///      0      7 8     15 16              31
///     +--------+--------+------------------+
///     |  0x11  |max resp|     checksum     |
///     +--------+--------+------------------+
///     |       group, or 0.0.0.0            |
///     +----+-+---+------+------------------+    from here on in version 3 only
///     |    |S|QRV| QQIC |number of sources |
///     +----+-+---+------+------------------+
///     |  sources …
///
/// After `init` has succeeded, no accessor can fail.
@frozen
public struct IGMPQuery: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    /// 1 to 3.
    public let version: UInt8

    /// - Parameter bytes: The message, of type `.query`, without link-layer padding.
    /// - Throws: `.truncated` below 8 bytes; `.badVersion` for the lengths that no version has, 9
    ///   to 11 bytes; `.lengthMismatch` when the sources reach past the end.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= IGMPHeader.byteCount else { throw .truncated }
        if bytes.count == IGMPHeader.byteCount {
            version = bytes[IGMPField.code] == 0 ? 1 : 2
            self.bytes = bytes
            return
        }
        guard bytes.count >= IGMPQueryHeader.byteCount else { throw .badVersion }
        let sources = Int(bytes.uint16(at: IGMPQueryField.sourceCount)) &* 4
        guard sources <= bytes.count &- IGMPQueryHeader.byteCount else { throw .lengthMismatch }
        version = 3
        self.bytes = bytes.extracting(first: IGMPQueryHeader.byteCount &+ sources)
    }

    /// How long an answer may wait at most, in tenths of a second. Version 1 asks for 10 seconds
    /// without saying so (RFC 2236 §4).
    @inlinable public var maximumResponseTime: UInt32 {
        switch version {
        case 1: 100
        case 2: UInt32(bytes[IGMPField.code])
        default: ExponentialCode.value(bytes[IGMPField.code])
        }
    }
    /// 0.0.0.0 in a general query.
    @inlinable public var group: IPv4Address { bytes.ipv4Address(at: IGMPField.group) }
    /// Of version 3: whether other routers keep their timers as they are (the S flag).
    @inlinable public var suppressesRouterProcessing: Bool {
        version == 3 && bytes[IGMPQueryField.flags] & 8 != 0
    }
    /// Of version 3: how often a report is to be sent, 1 to 7; 0 where the router does not say.
    @inlinable public var robustness: UInt8 {
        version == 3 ? bytes[IGMPQueryField.flags] & 7 : 0
    }
    /// Of version 3: the time between general queries, in seconds; 0 where the router does not
    /// say.
    @inlinable public var queryInterval: UInt32 {
        version == 3 ? ExponentialCode.value(bytes[IGMPQueryField.interval]) : 0
    }
    /// Of version 3: the sources that are asked for; none when all are.
    @inlinable public var sources: AddressList {
        @_lifetime(copy self)
        get {
            let start = min(IGMPQueryHeader.byteCount, bytes.count)
            return AddressList(bytes.extracting(droppingFirst: start), stride: 4)
        }
    }
}

/// The fields of a query of IGMPv3, to be written in front of its sources (RFC 9776 §4.1).
@frozen
public struct IGMPQueryHeader: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 12 }

    /// In tenths of a second; what the code cannot say is rounded down.
    public var maximumResponseTime: UInt32
    /// 0.0.0.0 in a general query.
    public var group: IPv4Address
    public var suppressesRouterProcessing: Bool
    /// 0 to 7.
    public var robustness: UInt8
    /// In seconds; what the code cannot say is rounded down.
    public var queryInterval: UInt32
    public var sourceCount: UInt16

    @inlinable
    public init(
        maximumResponseTime: UInt32 = 100, group: IPv4Address = .unspecified,
        suppressesRouterProcessing: Bool = false, robustness: UInt8 = 2,
        queryInterval: UInt32 = 125, sourceCount: UInt16 = 0
    ) {
        self.maximumResponseTime = maximumResponseTime
        self.group = group
        self.suppressesRouterProcessing = suppressesRouterProcessing
        self.robustness = robustness
        self.queryInterval = queryInterval
        self.sourceCount = sourceCount
    }

    /// Writes the header in front of the sources that stand in `message` already, and the checksum
    /// over both.
    ///
    /// - Precondition: `message` is the whole message, at least `byteCount` bytes.
    public func write(toMessage message: inout MutableSpan<UInt8>) {
        let flags = (suppressesRouterProcessing ? 8 : 0) | robustness & 7
        message.write(sourceCount, at: IGMPQueryField.sourceCount)
        message.write(ExponentialCode.code8(queryInterval), at: IGMPQueryField.interval)
        message.write(flags, at: IGMPQueryField.flags)
        IGMPHeader(type: .query, code: ExponentialCode.code8(maximumResponseTime), group: group)
            .write(toMessage: &message)
    }
}

/// Offsets of the fields behind those that all messages have, in bytes.
@usableFromInline
enum IGMPQueryField {
    @inlinable static var flags: Int { 8 }
    @inlinable static var interval: Int { 9 }
    @inlinable static var sourceCount: Int { 10 }
}
