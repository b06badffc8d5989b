import Memory

/// The kinds of options in hop-by-hop and destination options headers; the two highest bits say
/// what becomes of a packet whose receiver does not know the option (RFC 8200 §4.2; numbers: IANA,
/// Destination Options and Hop-by-Hop Options).
@frozen
public struct IPv6OptionKind: RawRepresentable, Hashable, Sendable {
    /// What a receiver does that does not know the option (RFC 8200 §4.2).
    @frozen
    public enum Unknown: UInt8, Sendable {
        /// Goes on behind the option.
        case skip = 0
        /// Discards the packet.
        case discard = 1
        /// Discards the packet and tells its source, even if it went to a multicast address.
        case report = 2
        /// Discards the packet and tells its source, unless it went to a multicast address.
        case reportUnlessMulticast = 3
    }

    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The only one without a length: a single byte of padding.
    @inlinable public static var pad1: Self { Self(rawValue: 0x00) }
    @inlinable public static var padN: Self { Self(rawValue: 0x01) }
    /// RFC 2711.
    @inlinable public static var routerAlert: Self { Self(rawValue: 0x05) }
    /// RFC 2675.
    @inlinable public static var jumboPayload: Self { Self(rawValue: 0xC2) }

    @inlinable public var whenUnknown: Unknown { Unknown(rawValue: rawValue >> 6) ?? .skip }
}

/// A walk over the options of a hop-by-hop or destination options header (RFC 8200 §4.2).
///
/// Every step moves forward, so the walk ends whatever the bytes are.
@frozen
public struct IPv6OptionCursor: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    /// Where the next option starts or, after an error, where the bad one does, in bytes from the
    /// start of the options.
    public private(set) var offset = 0

    /// - Parameter bytes: The options, without the two bytes in front of them.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// The next option that is not padding: its kind, and kind, length and data in `count` bytes.
    /// Nil at the end.
    ///
    /// - Throws: `.badOption` when the length is missing or reaches past the end.
    @_lifetime(self: copy self)
    public mutating func next() throws(WireError) -> OptionField? {
        while offset < bytes.count {
            let kind = IPv6OptionKind(rawValue: bytes[offset])
            if kind == .pad1 {
                offset &+= 1
                continue
            }
            guard offset &+ 1 < bytes.count else { throw .badOption }
            let count = Int(bytes[offset &+ 1]) &+ 2
            guard count <= bytes.count &- offset else { throw .badOption }
            let field = OptionField(kind: kind.rawValue, offset: offset, count: count)
            offset &+= count
            if kind != .padN { return field }
        }
        return nil
    }
}

/// The hop-by-hop options header that asks routers to look at the packet (RFC 2711 §2.1).
@frozen
public struct IPv6RouterAlertHeader: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 8 }

    public var nextHeader: IPProtocol
    /// What the packet holds: 0 for multicast listener discovery.
    public var value: UInt16

    @inlinable
    public init(nextHeader: IPProtocol, value: UInt16 = 0) {
        self.nextHeader = nextHeader
        self.value = value
    }

    /// - Precondition: `bytes` has room for 8 bytes from `place` on.
    @inlinable
    public func write(to bytes: inout MutableSpan<UInt8>, at place: Int = 0) {
        // The option, then two bytes of padding: PadN without data.
        bytes.write(UInt16(IPv6OptionKind.padN.rawValue) << 8, at: place &+ 6)
        bytes.write(value, at: place &+ 4)
        bytes.write(UInt16(IPv6OptionKind.routerAlert.rawValue) << 8 | 2, at: place &+ 2)
        bytes.write(UInt16(nextHeader.rawValue) << 8, at: place)
    }
}
