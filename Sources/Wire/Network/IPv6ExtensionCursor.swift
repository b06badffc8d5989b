import Memory

/// One extension header of an IPv6 packet: where it lies.
@frozen
public struct IPv6ExtensionField: Equatable, Sendable {
    public let kind: IPProtocol
    /// Where it begins, in bytes from the start of the IPv6 header.
    public let offset: Int
    /// All of it, in bytes: 8 to 2,048, a multiple of 8 (of 4 for authentication).
    public let count: Int

    @inlinable
    public init(kind: IPProtocol, offset: Int, count: Int) {
        self.kind = kind
        self.offset = offset
        self.count = count
    }
}

/// A walk over the extension headers of an IPv6 packet (RFC 8200 §4), by their lengths alone: what
/// they ask for is `IPv6Extensions`' matter.
///
///      0              7 8             15
///     +----------------+----------------+--------------------- …
///     |  next header   |     length     |   by kind
///     +----------------+----------------+--------------------- …
///
/// The length counts units of 8 bytes besides the first, in the authentication header units of 4
/// besides the first two (RFC 4302 §2.2); the fragment header has none. Mobility, HIP and Shim6
/// headers have the common form (RFC 6564, RFC 7045). The walk ends at whatever is no extension
/// header, and behind the header of a fragment that is not its datagram's first. Every step moves
/// forward and their number is bounded, so the walk ends whatever the bytes are.
@frozen
public struct IPv6ExtensionCursor: ~Escapable {
    /// The most headers that are walked over. RFC 8200 §4.1 recommends orders of at most ten.
    @inlinable public static var limit: Int { 16 }

    @usableFromInline let bytes: Span<UInt8>
    /// What stands at `offset`.
    public private(set) var proto: IPProtocol
    /// Where the next header starts, in bytes from the start of the IPv6 header.
    public private(set) var offset = IPv6Header.byteCount
    /// Where the "next header" field that names `proto` stands, from the same start.
    public private(set) var protoOffset = IPv6Field.nextHeader
    /// Whether `offset` is behind the header of a fragment that is not its datagram's first, so
    /// that what stands there is the middle of something.
    public private(set) var isInsideDatagram = false
    private var steps = 0

    /// - Parameter packet: Its headers must lie among its first, contiguous bytes.
    @_lifetime(copy packet)
    public init(_ packet: borrowing IPv6Packet) {
        bytes = packet.bytes
        proto = packet.nextHeader
    }

    /// The next extension header; nil when `proto` is none.
    ///
    /// - Throws: `.truncated` when it does not lie within the bytes; `.unsupported` when there are
    ///   more than `limit`.
    @_lifetime(self: copy self)
    public mutating func next() throws(WireError) -> IPv6ExtensionField? {
        guard !isInsideDatagram, let form = Self.form(of: proto) else { return nil }
        guard offset &+ 8 <= bytes.count else { throw .truncated }
        let length = Int(bytes[offset &+ 1])
        let count =
            switch form {
            case .common: (length &+ 1) &* 8
            case .authentication: (length &+ 2) &* 4
            case .fragment: IPv6FragmentHeader.byteCount
            }
        guard count <= bytes.count &- offset else { throw .truncated }
        guard steps < Self.limit else { throw .unsupported }
        steps &+= 1
        let field = IPv6ExtensionField(kind: proto, offset: offset, count: count)
        if form == .fragment {
            isInsideDatagram = bytes.uint16(at: offset &+ IPv6FragmentField.offset) >> 3 != 0
        }
        proto = IPProtocol(rawValue: bytes[offset])
        protoOffset = offset
        offset &+= count
        return field
    }

    private enum Form {
        case common
        case authentication
        case fragment
    }

    private static func form(of proto: IPProtocol) -> Form? {
        switch proto {
        case .hopByHopOptions, .destinationOptions, .routing, .mobility, .hostIdentity, .shim6:
            .common
        case .authentication: .authentication
        case .fragment: .fragment
        default: nil
        }
    }
}
