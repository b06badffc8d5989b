import Memory

/// The kinds of options of neighbour discovery (IANA, ICMPv6 Parameters).
@frozen
public struct NeighbourDiscoveryOptionKind: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// RFC 4861 §4.6.1.
    @inlinable public static var sourceLinkAddress: Self { Self(rawValue: 1) }
    /// RFC 4861 §4.6.1.
    @inlinable public static var targetLinkAddress: Self { Self(rawValue: 2) }
    /// RFC 4861 §4.6.2.
    @inlinable public static var prefixInformation: Self { Self(rawValue: 3) }
    /// RFC 4861 §4.6.3.
    @inlinable public static var redirectedHeader: Self { Self(rawValue: 4) }
    /// RFC 4861 §4.6.4.
    @inlinable public static var mtu: Self { Self(rawValue: 5) }
    /// RFC 3971 §5.3.2, used as RFC 7527 §4 does.
    @inlinable public static var nonce: Self { Self(rawValue: 14) }
    /// RFC 8106 §5.1.
    @inlinable public static var recursiveServers: Self { Self(rawValue: 25) }
}

/// A walk over the options of a neighbour discovery message: a kind, a length in units of eight
/// bytes, and data (RFC 4861 §4.6).
///
/// Every step moves forward, so the walk ends whatever the bytes are.
@frozen
public struct NeighbourDiscoveryCursor: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    /// Where the next option starts or, after an error, where the bad one does.
    public private(set) var offset = 0

    /// - Parameter bytes: The options, without the message's fixed fields.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// The next option, known or not; nil at the end of the bytes.
    ///
    /// - Throws: `.badOption` when the length is missing, zero or reaches past the end.
    @_lifetime(self: copy self)
    public mutating func next() throws(WireError) -> OptionField? {
        guard offset < bytes.count else { return nil }
        guard bytes.count &- offset >= 2 else { throw .badOption }
        let count = Int(bytes[offset &+ 1]) &* 8
        guard count > 0, count <= bytes.count &- offset else { throw .badOption }
        let field = OptionField(kind: bytes[offset], offset: offset, count: count)
        offset &+= count
        return field
    }
}

/// The options of a neighbour discovery message where they lie, checked once (RFC 4861 §4.6).
///
/// After `init` has succeeded, no accessor can fail. Unknown kinds, and known ones of a size that
/// is not theirs, are passed over (§6.1, §7.1); of repeated ones the first counts, except where
/// several are meant.
@frozen
public struct NeighbourDiscoveryOptions: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>

    /// - Throws: `.badOption` when a length is missing, zero or reaches past the end: the whole
    ///   message is then refused (RFC 4861 §4.6).
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) throws(WireError) {
        var cursor = NeighbourDiscoveryCursor(bytes)
        while try cursor.next() != nil {}
        self.bytes = bytes
    }

    /// The Ethernet address of the sender.
    public var sourceLinkAddress: MACAddress? { linkAddress(.sourceLinkAddress) }
    /// The Ethernet address of the target.
    public var targetLinkAddress: MACAddress? { linkAddress(.targetLinkAddress) }

    /// The MTU of the link, in bytes, as it was sent (RFC 4861 §4.6.4).
    public var mtu: UInt32? {
        guard let offset = offset(of: .mtu, count: 8) else { return nil }
        return bytes.uint32(at: offset &+ 4)
    }

    /// Six bytes by which a sender knows its own message again (RFC 7527 §4.1).
    public var nonce: UInt64? {
        guard let offset = offset(of: .nonce, count: 8) else { return nil }
        return bytes.uint64(at: offset) & 0xFFFF_FFFF_FFFF
    }

    /// The beginning of the packet that a redirect is about, for `IPv6Packet(quoted:)`; empty
    /// where there is none (RFC 4861 §4.6.3).
    public var redirectedPacket: Span<UInt8> {
        @_lifetime(copy self)
        get {
            guard let field = next(.redirectedHeader, after: 0) else {
                return bytes.extracting(first: 0)
            }
            return bytes.extracting(field.offset &+ 8..<field.offset &+ field.count)
        }
    }

    /// The next prefix at `offset` or behind; `offset` goes on behind it.
    ///
    ///     var offset = 0
    ///     while let prefix = options.nextPrefix(&offset) { … }
    public func nextPrefix(_ offset: inout Int) -> PrefixInformation? {
        while let field = next(.prefixInformation, after: offset) {
            offset = field.offset &+ field.count
            guard field.count == PrefixInformation.byteCount else { continue }
            if let prefix = PrefixInformation(bytes, at: field.offset) { return prefix }
        }
        return nil
    }

    /// The next list of DNS servers at `offset` or behind; `offset` goes on behind it
    /// (RFC 8106 §5.1).
    public func nextRecursiveServers(_ offset: inout Int) -> RecursiveServers? {
        while let field = next(.recursiveServers, after: offset) {
            offset = field.offset &+ field.count
            // A header of eight bytes and at least one address.
            guard field.count >= 24, field.count % 16 == 8 else { continue }
            return RecursiveServers(
                lifetime: bytes.uint32(at: field.offset &+ 4), offset: field.offset &+ 8,
                count: (field.count &- 8) / 16)
        }
        return nil
    }

    /// A server of a list.
    ///
    /// - Precondition: `index` is at least 0 and below `servers.count`, and `servers` is of these
    ///   options.
    public func server(_ index: Int, of servers: RecursiveServers) -> IPv6Address {
        precondition(index >= 0 && index < servers.count, "no such server")
        return bytes.ipv6Address(at: servers.offset &+ 16 &* index)
    }

    private func linkAddress(_ kind: NeighbourDiscoveryOptionKind) -> MACAddress? {
        guard let offset = offset(of: kind, count: 8) else { return nil }
        return bytes.macAddress(at: offset &+ 2)
    }

    /// Where the first option of `kind` and of `count` bytes stands.
    private func offset(of kind: NeighbourDiscoveryOptionKind, count: Int) -> Int? {
        var offset = 0
        while let field = next(kind, after: offset) {
            if field.count == count { return field.offset }
            offset = field.offset &+ field.count
        }
        return nil
    }

    /// The first option of `kind` at `offset` or behind, where an option starts at `offset`.
    private func next(_ kind: NeighbourDiscoveryOptionKind, after offset: Int) -> OptionField? {
        var offset = offset
        while bytes.count &- offset >= 8 {
            let count = Int(bytes[offset &+ 1]) &* 8
            guard count > 0, count <= bytes.count &- offset else { return nil }
            if bytes[offset] == kind.rawValue {
                return OptionField(kind: kind.rawValue, offset: offset, count: count)
            }
            offset &+= count
        }
        return nil
    }
}
