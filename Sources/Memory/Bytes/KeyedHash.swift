/// SipHash with a secret key: what an outsider cannot predict or steer.
///
/// One and three rounds place keys in tables; two and four make what goes on the wire, such as
/// initial sequence numbers (Aumasson and Bernstein 2012; RFC 6528 §3 asks for a keyed hash).
@frozen
public struct KeyedHash: Sendable {
    @usableFromInline let k0: UInt64
    @usableFromInline let k1: UInt64

    /// - Parameters: the two halves of a secret of 128 bits.
    @inlinable
    public init(key k0: UInt64, _ k1: UInt64) {
        self.k0 = k0
        self.k1 = k1
    }

    /// SipHash-1-3 of five words: fast, for places in tables.
    @inlinable
    public func place(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64, _ e: UInt64) -> UInt64 {
        var state = State(k0, k1)
        state.absorb1(a)
        state.absorb1(b)
        state.absorb1(c)
        state.absorb1(d)
        state.absorb1(e)
        state.absorb1(40 << 56)
        return state.finish(rounds: 3)
    }

    /// SipHash-2-4 of five words: for what a peer sees.
    @inlinable
    public func secret(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64, _ e: UInt64) -> UInt64 {
        var state = State(k0, k1)
        state.absorb2(a)
        state.absorb2(b)
        state.absorb2(c)
        state.absorb2(d)
        state.absorb2(e)
        state.absorb2(40 << 56)
        return state.finish(rounds: 4)
    }

    /// SipHash-2-4 of one word.
    @inlinable
    public func secret(_ a: UInt64) -> UInt64 {
        var state = State(k0, k1)
        state.absorb2(a)
        state.absorb2(8 << 56)
        return state.finish(rounds: 4)
    }

    @frozen
    @usableFromInline
    struct State {
        @usableFromInline var v0, v1, v2, v3: UInt64

        @inlinable
        init(_ k0: UInt64, _ k1: UInt64) {
            v0 = k0 ^ 0x736F_6D65_7073_6575
            v1 = k1 ^ 0x646F_7261_6E64_6F6D
            v2 = k0 ^ 0x6C79_6765_6E65_7261
            v3 = k1 ^ 0x7465_6462_7974_6573
        }

        @inlinable
        mutating func round() {
            v0 &+= v1
            v1 = v1 << 13 | v1 >> 51
            v1 ^= v0
            v0 = v0 << 32 | v0 >> 32
            v2 &+= v3
            v3 = v3 << 16 | v3 >> 48
            v3 ^= v2
            v0 &+= v3
            v3 = v3 << 21 | v3 >> 43
            v3 ^= v0
            v2 &+= v1
            v1 = v1 << 17 | v1 >> 47
            v1 ^= v2
            v2 = v2 << 32 | v2 >> 32
        }

        @inlinable
        mutating func absorb1(_ word: UInt64) {
            v3 ^= word
            round()
            v0 ^= word
        }

        @inlinable
        mutating func absorb2(_ word: UInt64) {
            v3 ^= word
            round()
            round()
            v0 ^= word
        }

        @inlinable
        mutating func finish(rounds: Int) -> UInt64 {
            v2 ^= 0xFF
            for _ in 0..<rounds { round() }
            return v0 ^ v1 ^ v2 ^ v3
        }
    }
}
