import Memory

/// A query of either version of MLD where it lies: who listens? (RFC 9777 §5.1 and §8.1.)
///
///      0      7 8     15 16              31
///     +--------+--------+------------------+
///     |  130   |   0    |     checksum     |
///     +--------+--------+------------------+
///     |  max. response  |     reserved     |
///     +-----------------+------------------+
///     |      group (16 bytes), or ::       |
///     +----+-+---+------+------------------+    from here on in version 2 only
///     |    |S|QRV| QQIC |number of sources |
///     +----+-+---+------+------------------+
///     |  sources …
///
/// After `init` has succeeded, no accessor can fail.
@frozen
public struct MLDQuery: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    /// 1 or 2.
    public let version: UInt8

    /// - Parameter bytes: The ICMPv6 message, of type `.multicastListenerQuery`.
    /// - Throws: `.truncated` below 24 bytes; `.badVersion` for the lengths that no version has,
    ///   25 to 27 bytes; `.lengthMismatch` when the sources reach past the end.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= MLDHeader.byteCount else { throw .truncated }
        if bytes.count == MLDHeader.byteCount {
            version = 1
            self.bytes = bytes
            return
        }
        guard bytes.count >= MLDQueryHeader.byteCount else { throw .badVersion }
        let sources = Int(bytes.uint16(at: MLDQueryField.sourceCount)) &* 16
        guard sources <= bytes.count &- MLDQueryHeader.byteCount else { throw .lengthMismatch }
        version = 2
        self.bytes = bytes.extracting(first: MLDQueryHeader.byteCount &+ sources)
    }

    /// How long an answer may wait at most, in milliseconds.
    @inlinable public var maximumResponseDelay: UInt32 {
        let code = bytes.uint16(at: MLDField.maximumResponse)
        return version == 1 ? UInt32(code) : ExponentialCode.value(code)
    }
    /// `::` in a general query.
    @inlinable public var group: IPv6Address { bytes.ipv6Address(at: MLDField.group) }
    /// Of version 2: whether other routers keep their timers as they are (the S flag).
    @inlinable public var suppressesRouterProcessing: Bool {
        version == 2 && bytes[MLDQueryField.flags] & 8 != 0
    }
    /// Of version 2: how often a report is to be sent, 1 to 7; 0 where the router does not say.
    @inlinable public var robustness: UInt8 {
        version == 2 ? bytes[MLDQueryField.flags] & 7 : 0
    }
    /// Of version 2: the time between general queries, in seconds; 0 where the router does not
    /// say.
    @inlinable public var queryInterval: UInt32 {
        version == 2 ? ExponentialCode.value(bytes[MLDQueryField.interval]) : 0
    }
    /// Of version 2: the sources that are asked for; none when all are.
    @inlinable public var sources: AddressList {
        @_lifetime(copy self)
        get {
            let start = min(MLDQueryHeader.byteCount, bytes.count)
            return AddressList(bytes.extracting(droppingFirst: start), stride: 16)
        }
    }
}

/// The fields of a query of MLDv2, to be written in front of its sources (RFC 9777 §5.1).
@frozen
public struct MLDQueryHeader: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 28 }

    /// In milliseconds; what the code cannot say is rounded down.
    public var maximumResponseDelay: UInt32
    /// `::` in a general query.
    public var group: IPv6Address
    public var suppressesRouterProcessing: Bool
    /// 0 to 7.
    public var robustness: UInt8
    /// In seconds; what the code cannot say is rounded down.
    public var queryInterval: UInt32
    public var sourceCount: UInt16

    @inlinable
    public init(
        maximumResponseDelay: UInt32 = 10_000, group: IPv6Address = .unspecified,
        suppressesRouterProcessing: Bool = false, robustness: UInt8 = 2,
        queryInterval: UInt32 = 125, sourceCount: UInt16 = 0
    ) {
        self.maximumResponseDelay = maximumResponseDelay
        self.group = group
        self.suppressesRouterProcessing = suppressesRouterProcessing
        self.robustness = robustness
        self.queryInterval = queryInterval
        self.sourceCount = sourceCount
    }

    /// Writes the header with a checksum of zero.
    ///
    /// - Precondition: `bytes` has room for `byteCount` bytes.
    public func write(to bytes: inout MutableSpan<UInt8>) {
        let flags = (suppressesRouterProcessing ? 8 : 0) | robustness & 7
        bytes.write(sourceCount, at: MLDQueryField.sourceCount)
        bytes.write(ExponentialCode.code8(queryInterval), at: MLDQueryField.interval)
        bytes.write(flags, at: MLDQueryField.flags)
        MLDHeader(
            type: .multicastListenerQuery,
            maximumResponse: ExponentialCode.code16(maximumResponseDelay), group: group
        ).write(to: &bytes)
    }
}

/// Offsets of the fields behind those that all messages have, in bytes.
@usableFromInline
enum MLDQueryField {
    @inlinable static var flags: Int { 24 }
    @inlinable static var interval: Int { 25 }
    @inlinable static var sourceCount: Int { 26 }
}
