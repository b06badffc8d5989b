import Stack

/// Where a fuzzer takes its decisions from: a seed, or the bytes that a coverage-guided fuzzer
/// made up. The same source gives the same run.
public struct Choices {
    private var random: RandomSource
    private let bytes: [UInt8]
    private var position = 0
    private let isRandom: Bool

    public init(seed: UInt64) {
        random = RandomSource(seed: seed, 0x66757A7A)
        bytes = []
        isRandom = true
    }

    public init(bytes: [UInt8]) {
        random = RandomSource(seed: 0, 0)
        self.bytes = bytes
        isRandom = false
    }

    /// Whether the bytes are used up; a seed never is.
    public var isExhausted: Bool { !isRandom && position >= bytes.count }

    /// A number from 0 up to and without `bound`; 0 when the bytes are used up.
    public mutating func next(below bound: Int) -> Int {
        guard bound > 1 else { return 0 }
        if isRandom { return Int(random.next(below: UInt32(bound))) }
        var value = 0
        var span = 1
        while span < bound {
            value = value << 8 | Int(byte())
            span <<= 8
        }
        return value % bound
    }

    private mutating func byte() -> UInt8 {
        guard position < bytes.count else { return 0 }
        position += 1
        return bytes[position - 1]
    }

    /// Yes in one of `count` cases.
    public mutating func oneIn(_ count: Int) -> Bool { next(below: count) == count - 1 }

    /// Mostly small, sometimes at the edges of 32 bits.
    mutating func edge() -> UInt32 {
        switch next(below: 6) {
        case 0: 0
        case 1: UInt32(next(below: 3))
        case 2: UInt32(next(below: 2000))
        case 3: 0 &- UInt32(next(below: 2000))
        case 4: 0x7FFF_FFFF &+ UInt32(next(below: 3))
        default: UInt32(next(below: 1 << 16)) << 16 | UInt32(next(below: 1 << 16))
        }
    }
}
