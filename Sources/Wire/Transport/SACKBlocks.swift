/// A range of the stream that has arrived (RFC 2018 §3).
@frozen
public struct SACKBlock: Equatable, Sendable {
    /// The first byte: the left edge.
    public var start: SequenceNumber
    /// The byte after the last: the right edge. Received ones may lie: before `start`, or anywhere.
    public var end: SequenceNumber

    @inlinable
    public init(start: SequenceNumber, end: SequenceNumber) {
        self.start = start
        self.end = end
    }
}

/// Up to four ranges, as many as the options of one segment can hold, in place.
@frozen
public struct SACKBlocks: Equatable, Sendable {
    @inlinable public static var capacity: Int { 4 }

    @usableFromInline var blocks: InlineArray<4, SACKBlock>
    @usableFromInline var size: UInt8

    @inlinable
    public init() {
        let none = SACKBlock(start: SequenceNumber(0), end: SequenceNumber(0))
        blocks = InlineArray(repeating: none)
        size = 0
    }

    @inlinable public var count: Int { Int(size) }
    @inlinable public var isEmpty: Bool { size == 0 }

    /// - Precondition: `index` is at least 0 and below `count`.
    @inlinable
    public subscript(index: Int) -> SACKBlock {
        precondition(index < count, "no such block")
        return blocks[index]
    }

    /// Appends `block`; a fifth is left out.
    @inlinable
    public mutating func append(_ block: SACKBlock) {
        guard count < Self.capacity else { return }
        blocks[count] = block
        size &+= 1
    }

    public static func == (a: SACKBlocks, b: SACKBlocks) -> Bool {
        guard a.count == b.count else { return false }
        for index in 0..<a.count where a[index] != b[index] { return false }
        return true
    }
}
