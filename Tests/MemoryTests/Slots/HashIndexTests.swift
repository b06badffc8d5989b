import Memory
import Testing

@Suite("Hash index")
struct HashIndexTests {
    /// All values filed under the 32 bits that count of `hash`.
    private func values(_ index: borrowing HashIndex, _ hash: UInt64) -> [UInt32] {
        var probe = index.probe(hash)
        var values: [UInt32] = []
        while let value = index.next(&probe) { values.append(value) }
        return values.sorted()
    }

    /// Hashes spread in different ways: evenly, into one run of the table, over its end.
    static let spreads: [(String, @Sendable (Int) -> UInt64)] = [
        ("even", { KeyedHash(key: 1, 2).secret(UInt64($0)) }),
        ("all alike", { _ in 77 }),
        ("neighbours", { UInt64($0 % 13) }),
        ("around the end", { 0xFFFF_FFFF_FFFF_FFF8 &+ UInt64($0 % 16) }),
        ("multiples of the size", { UInt64($0 % 40) << 10 | 5 }),
    ]

    @Test("it agrees with a naive model over many random operations", arguments: 0..<5)
    func model(number: Int) {
        let spread = Self.spreads[number].1
        let keys = number == 0 ? 3000 : 120
        var dice = Dice(UInt64(number))
        var index = HashIndex()
        var model: [UInt32: Set<UInt32>] = [:]
        var count = 0
        for _ in 0..<5_000 {
            let key = dice.next(keys)
            let hash = spread(key)
            let short = UInt32(truncatingIfNeeded: hash)
            let value = UInt32(key)
            if model[short, default: []].contains(value) {
                #expect(index.remove(value, hash: hash) == true)
                model[short]?.remove(value)
                count -= 1
            } else {
                #expect(index.remove(value, hash: hash) == false)
                index.insert(value, hash: hash)
                model[short, default: []].insert(value)
                count += 1
            }
            #expect(index.count == count)
            let other = spread(dice.next(keys))
            let expected = model[UInt32(truncatingIfNeeded: other)] ?? []
            #expect(values(index, other) == expected.sorted())
        }
        for key in 0..<keys {
            let expected = model[UInt32(truncatingIfNeeded: spread(key))] ?? []
            #expect(values(index, spread(key)) == expected.sorted())
        }
    }

    @Test("twenty thousand values are all found again, and none once removed")
    func many() {
        let hash = KeyedHash(key: 3, 4)
        var index = HashIndex()
        for value in 0..<20_000 as Range<UInt32> {
            index.insert(value, hash: hash.secret(UInt64(value)))
        }
        var found = 0
        for value in 0..<20_000 as Range<UInt32>
        where values(index, hash.secret(UInt64(value))).contains(value) { found += 1 }
        #expect(found == 20_000)
        for value in 0..<20_000 as Range<UInt32> {
            index.remove(value, hash: hash.secret(UInt64(value)))
        }
        #expect(index.count == 0)
        for value in 0..<1000 as Range<UInt64> {
            #expect(values(index, hash.secret(value)).isEmpty)
        }
    }

    @Test("what was never filed is not removed, the reserved value included")
    func absent() {
        var index = HashIndex()
        #expect(index.remove(1, hash: 0) == false)
        #expect(index.remove(.max, hash: 0) == false)
        index.insert(1, hash: 0)
        #expect(index.remove(1, hash: 1) == false)
        #expect(index.remove(2, hash: 0) == false)
        #expect(index.count == 1)
    }
}
