import Memory

/// Unpredictable numbers from an injected seed: a keyed hash of a counter.
///
/// The same seed gives the same numbers. In production the seed is the system's randomness.
@frozen
public struct RandomSource: Sendable {
    @usableFromInline let hash: KeyedHash
    @usableFromInline var counter: UInt64 = 0

    @inlinable
    public init(seed first: UInt64, _ second: UInt64) {
        hash = KeyedHash(key: first, second)
    }

    /// 64 fresh bits.
    @inlinable
    public mutating func next() -> UInt64 {
        counter &+= 1
        return hash.secret(counter)
    }

    /// A number from 0 up to and without `bound`.
    ///
    /// - Precondition: `bound` is at least 1.
    @inlinable
    public mutating func next(below bound: UInt32) -> UInt32 {
        precondition(bound > 0, "no number is below zero")
        return UInt32(truncatingIfNeeded: (next() >> 32 &* UInt64(bound)) >> 32)
    }
}
