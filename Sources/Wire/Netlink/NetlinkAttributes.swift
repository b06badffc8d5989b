import Memory

/// One attribute of a netlink message: where its value lies among the attributes.
@frozen
public struct NetlinkAttribute: Equatable, Sendable {
    /// Its type without the two high bits, which say how the value is laid out.
    public let type: UInt16
    /// Where the value lies, from the start of the attributes.
    public let value: Range<Int>

    @inlinable
    public init(type: UInt16, value: Range<Int>) {
        self.type = type
        self.value = value
    }
}

/// A walk over the attributes of a netlink message (RFC 3549 §2.2, rtnetlink(3)): each a length and
/// a type of 16 bits, the value, and padding to a multiple of 4.
///
/// Every step moves forward, so the walk ends whatever the bytes are.
@frozen
public struct NetlinkAttributes: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    @usableFromInline var offset = 0

    /// - Parameter bytes: What follows the fixed part of a message.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    /// The next attribute; nil at the end.
    ///
    /// - Throws: `.badOption` when the length is below 4 or reaches past the end.
    @_lifetime(self: copy self)
    public mutating func next() throws(WireError) -> NetlinkAttribute? {
        // What is too short for an attribute is padding, as Linux has it.
        guard bytes.count &- offset >= 4 else { return nil }
        let length = Int(bytes.littleUInt16(at: offset))
        guard length >= 4, length <= bytes.count &- offset else { throw .badOption }
        let type = bytes.littleUInt16(at: offset &+ 2) & 0x3FFF
        let start = offset &+ 4
        let end = offset &+ length
        offset = min((end &+ 3) & ~3, bytes.count)
        return NetlinkAttribute(type: type, value: start..<end)
    }
}
