import Memory

/// One option of an IPv4 or TCP header or of neighbour discovery: where it lies among the
/// options.
@frozen
public struct OptionField: Equatable, Sendable {
    public let kind: UInt8
    /// Where the kind byte stands, from the start of the options.
    public let offset: Int
    /// Kind, length and data, in bytes: 1 for a no-operation, otherwise at least 2; in neighbour
    /// discovery a multiple of 8.
    public let count: Int

    @inlinable
    public init(kind: UInt8, offset: Int, count: Int) {
        self.kind = kind
        self.offset = offset
        self.count = count
    }
}

/// A walk over the options of an IPv4 or TCP header, which share one encoding: the kinds 0 (end)
/// and 1 (no operation) are single bytes, all others carry their length in the second byte
/// (RFC 791 §3.1, RFC 9293 §3.2).
///
/// Every step moves forward, so the walk ends whatever the bytes are.
@frozen
public struct OptionCursor: ~Escapable {
    /// The kind that ends the list.
    @inlinable public static var end: UInt8 { 0 }
    /// The kind that pads.
    @inlinable public static var noOperation: UInt8 { 1 }

    @usableFromInline let bytes: Span<UInt8>
    /// Where the next option starts or, after an error, where the bad one does.
    public private(set) var offset = 0

    /// - Parameter bytes: The options, without the fixed header.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// The next option, no-operations included; nil at the end of the list or of the bytes.
    ///
    /// - Throws: `.badOption` when the length is missing, below 2 or reaches past the end.
    @_lifetime(self: copy self)
    public mutating func next() throws(WireError) -> OptionField? {
        guard offset < bytes.count else { return nil }
        let kind = bytes[offset]
        if kind == Self.end { return nil }
        var count = 1
        if kind != Self.noOperation {
            guard offset &+ 1 < bytes.count else { throw .badOption }
            count = Int(bytes[offset &+ 1])
            guard count >= 2, count <= bytes.count &- offset else { throw .badOption }
        }
        let field = OptionField(kind: kind, offset: offset, count: count)
        offset &+= count
        return field
    }
}
