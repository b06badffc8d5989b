import Memory
import Testing

@Suite("Internet checksum (RFC 1071)")
struct InternetChecksumTests {
    /// The sum as RFC 1071 §1 defines it: words of two bytes, the last padded, carries added back.
    private func naiveSum(_ bytes: [UInt8]) -> UInt16 {
        var sum = 0
        for (place, byte) in bytes.enumerated() {
            sum += place % 2 == 0 ? Int(byte) << 8 : Int(byte)
        }
        while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
        return UInt16(sum)
    }

    private func sum(_ pieces: [[UInt8]]) -> UInt16 {
        var sum = InternetChecksum()
        for piece in pieces { sum.add(piece.span) }
        return sum.partial
    }

    @Test("the example of RFC 1071 §3")
    func example() {
        var sum = InternetChecksum()
        sum.add(([0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7] as [UInt8]).span)
        let (partial, value) = (sum.partial, sum.value)
        #expect(partial == 0xDDF2)
        #expect(value == 0x220D)
    }

    @Test("nothing sums to zero")
    func empty() {
        #expect(InternetChecksum().partial == 0)
        #expect(InternetChecksum().value == 0xFFFF)
        #expect(sum([[], [], []]) == 0)
    }

    @Test("every length agrees with the definition", arguments: [1, 2, 3] as [UInt64])
    func lengths(seed: UInt64) {
        var dice = Dice(seed)
        for count in 0...300 {
            let bytes = dice.bytes(count)
            #expect(sum([bytes]) == naiveSum(bytes))
        }
    }

    @Test(
        "bytes that are all ones carry at every step",
        arguments: [1, 31, 32, 33, 9000, 65535, 70001])
    func allOnes(count: Int) {
        let bytes = [UInt8](repeating: 0xFF, count: count)
        #expect(sum([bytes]) == naiveSum(bytes))
    }

    @Test("all splits into three pieces, odd or even, give the sum of the whole")
    func splits() {
        var dice = Dice(4)
        let bytes = dice.bytes(75)
        let whole = naiveSum(bytes)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let pieces = [
                    Array(bytes[..<first]), Array(bytes[first..<second]), Array(bytes[second...]),
                ]
                #expect(sum(pieces) == whole)
            }
        }
    }

    @Test("many odd pieces one after the other keep their places")
    func oddPieces() {
        var dice = Dice(5)
        for _ in 0..<500 {
            var pieces: [[UInt8]] = []
            for _ in 0..<dice.next(12) {
                let count = dice.next(70)
                pieces.append(dice.bytes(count))
            }
            #expect(sum(pieces) == naiveSum(pieces.flatMap { $0 }))
        }
    }

    @Test("words of 16, 32 and 64 bits count as their bytes")
    func words() {
        var dice = Dice(6)
        for _ in 0..<1000 {
            let bytes = dice.bytes(14)
            let span = bytes.span
            var sum = InternetChecksum()
            sum.add(span.uint64(at: 0))
            sum.add(span.uint32(at: 8))
            sum.add(span.uint16(at: 12))
            let partial = sum.partial
            #expect(partial == naiveSum(bytes))
        }
    }

    @Test("a header with its checksum in place sums to zero")
    func verification() {
        var dice = Dice(7)
        for _ in 0..<200 {
            var bytes = dice.bytes(20)
            bytes[10] = 0
            bytes[11] = 0
            var sum = InternetChecksum()
            sum.add(bytes.span)
            let value = sum.value
            bytes[10] = UInt8(value >> 8)
            bytes[11] = UInt8(truncatingIfNeeded: value)
            var check = InternetChecksum()
            check.add(bytes.span)
            let remainder = check.value
            #expect(remainder == 0)
        }
    }

    @Test("the example of RFC 1624 §4: equation 3 gives zero, and not its negative")
    func incrementalExample() {
        #expect(InternetChecksum.updated(0xDD2F, from: 0x5555, to: 0x3285) == 0x0000)
    }

    @Test("an incremental update agrees with summing anew (RFC 1624)")
    func incremental() {
        var dice = Dice(8)
        for _ in 0..<5_000 {
            var bytes = dice.bytes(20)
            let place = dice.next(10) * 2
            let old = UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1])
            let new = dice.next(8) == 0 ? 0xFFFF : UInt16(truncatingIfNeeded: dice.next())
            let checksum = ~naiveSum(bytes)
            bytes[place] = UInt8(new >> 8)
            bytes[place + 1] = UInt8(truncatingIfNeeded: new)
            #expect(
                InternetChecksum.updated(checksum, from: old, to: new) == ~naiveSum(bytes))
        }
    }
}
