import Memory

/// Numbers that look random and are the same in every run.
struct Dice {
    private let hash: KeyedHash
    private var counter: UInt64 = 0

    init(_ seed: UInt64) { hash = KeyedHash(key: seed, 0) }

    mutating func next() -> UInt64 {
        counter += 1
        return hash.secret(counter)
    }

    /// From 0 up to and without `bound`.
    mutating func next(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}
