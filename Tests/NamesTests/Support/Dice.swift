/// Numbers that are the same in every run (xorshift64).
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        var number: UInt64 = 0
        for _ in 0..<2 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            number = number << 32 | state >> 32
        }
        return number
    }

    mutating func roll(below bound: Int) -> Int { Int(next() >> 33) % bound }
}
