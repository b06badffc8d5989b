/// A position in a TCP stream, modulo 2³² (RFC 9293 §3.4).
///
/// `a < b` asks whether `b` is less than 2³¹ ahead of `a`. That is no total order, so there is no
/// conformance to `Comparable`: three numbers spread around the circle each precede the next.
@frozen
public struct SequenceNumber: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt32

    @inlinable
    public init(_ rawValue: UInt32) {
        self.rawValue = rawValue
    }

    @inlinable
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// How far `other` is ahead, −2³¹ to 2³¹ − 1; negative when it is behind.
    @inlinable
    public func distance(to other: SequenceNumber) -> Int {
        Int(Int32(truncatingIfNeeded: other.rawValue &- rawValue))
    }

    /// The position `count` bytes further, or back if negative.
    @inlinable
    public func advanced(by count: Int) -> SequenceNumber {
        SequenceNumber(rawValue &+ UInt32(truncatingIfNeeded: count))
    }

    @inlinable
    public static func < (a: SequenceNumber, b: SequenceNumber) -> Bool { a.distance(to: b) > 0 }
    @inlinable
    public static func <= (a: SequenceNumber, b: SequenceNumber) -> Bool { a.distance(to: b) >= 0 }
    @inlinable
    public static func > (a: SequenceNumber, b: SequenceNumber) -> Bool { b < a }
    @inlinable
    public static func >= (a: SequenceNumber, b: SequenceNumber) -> Bool { b <= a }

    @inlinable
    public static func + (a: SequenceNumber, count: UInt32) -> SequenceNumber {
        SequenceNumber(a.rawValue &+ count)
    }
    @inlinable
    public static func - (a: SequenceNumber, count: UInt32) -> SequenceNumber {
        SequenceNumber(a.rawValue &- count)
    }
    @inlinable
    public static func += (a: inout SequenceNumber, count: UInt32) { a = a + count }
}
