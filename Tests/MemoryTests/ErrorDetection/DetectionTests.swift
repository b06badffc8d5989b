import Memory
import Testing

/// What each code catches and what it misses, counted: every error of a kind is tried.
@Suite("What error-detecting codes catch")
struct DetectionTests {
    /// A message of 32 bytes with many zeros and many ones.
    static let message = numbers(24, seed: 7) + [0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]
    static var bitCount: Int { message.count * 8 }

    private func code(_ name: String) throws -> CyclicCode {
        try #require(CyclicCode.preset(name)).code
    }

    /// The value of the message with the bits at `places` turned over.
    private func value(_ value: (Span<UInt8>) -> UInt64, wrong places: [Int]) -> UInt64 {
        var bytes = Self.message
        for place in places { bytes[place / 8] ^= 0x80 >> UInt8(place % 8) }
        return value(bytes.span)
    }

    /// How many of these errors in the message leave the value as it is.
    private func missed(_ errors: [[Int]], _ code: (Span<UInt8>) -> UInt64) -> Int {
        let clean = value(code, wrong: [])
        return errors.count { value(code, wrong: $0) == clean }
    }

    private var single: [[Int]] { (0..<Self.bitCount).map { [$0] } }
    private var double: [[Int]] {
        (0..<Self.bitCount).flatMap { first in
            (first + 1..<Self.bitCount).map { [first, $0] }
        }
    }

    private static func parity(_ bytes: Span<UInt8>) -> UInt64 {
        Parity.even.bit(of: bytes) ? 1 : 0
    }

    private static func internet(_ bytes: Span<UInt8>) -> UInt64 {
        var sum = InternetChecksum()
        sum.add(bytes)
        return UInt64(sum.value)
    }

    @Test("every single wrong bit is found by every code")
    func singleBits() throws {
        #expect(missed(single, Self.parity) == 0)
        #expect(missed(single, Self.internet) == 0)
        for preset in CyclicCode.presets {
            let code = preset.code
            #expect(missed(single) { code.checksum(of: $0) } == 0)
        }
    }

    @Test("two wrong bits are never found by parity")
    func doubleBitsAndParity() {
        #expect(missed(double, Self.parity) == double.count)
    }

    @Test("two wrong bits are missed by the Internet checksum where a 0 and a 1 change places")
    func doubleBitsAndInternet() {
        // In the same column of two words, of which one has it set and the other has not.
        var expected = 0
        for first in 0..<Self.bitCount {
            for second in stride(from: first + 16, to: Self.bitCount, by: 16)
            where bit(first) != bit(second) { expected += 1 }
        }
        #expect(expected > 0)
        #expect(missed(double, Self.internet) == expected)
    }

    private func bit(_ place: Int) -> Bool {
        Self.message[place / 8] & 0x80 >> UInt8(place % 8) != 0
    }

    @Test("two wrong bits are found by a CRC as long as its period is longer than the message")
    func doubleBitsAndCRC() throws {
        for name in ["crc-16/xmodem", "crc-16"] {
            let code = try code(name)
            #expect(missed(double) { code.checksum(of: $0) } == 0)
        }
        // x⁴ + x + 1 has the period 15: bits so far apart, or a multiple of it, look alike.
        let short = try code("crc-4/textbook")
        let apart = double.count { ($0[1] - $0[0]) % 15 == 0 }
        #expect(missed(double) { short.checksum(of: $0) } == apart)
    }

    @Test("CRC-32 and CRC-32C find every two wrong bits, too")
    func doubleBitsAndCRC32() {
        #expect(missed(double) { UInt64(FastCRC32.checksum(of: $0, .ethernet)) } == 0)
        #expect(missed(double) { UInt64(FastCRC32.checksum(of: $0, .castagnoli)) } == 0)
    }

    @Test("three wrong bits are found by parity and by CRCs whose polynomial x + 1 divides")
    func tripleBits() throws {
        let triples = (0..<64).flatMap { first in
            (first + 1..<64).flatMap { second in
                stride(from: second + 1, to: Self.bitCount, by: 5).map { [first, second, $0] }
            }
        }
        #expect(missed(triples, Self.parity) == 0)
        let code = try code("crc-16")
        #expect(missed(triples) { code.checksum(of: $0) } == 0)
    }

    /// All errors whose first and last wrong bit are `length` − 1 apart and begin at `place`.
    private func bursts(_ length: Int, at place: Int) -> [[Int]] {
        guard length > 1 else { return [[place]] }
        return (0..<1 << (length - 2)).map { inside in
            [place] + (0..<length - 2).filter { inside >> $0 & 1 != 0 }.map { place + 1 + $0 }
                + [place + length - 1]
        }
    }

    @Test("bursts up to the width are all found, of one bit more a single one is missed")
    func burstsOfACRC() throws {
        for name in ["crc-4/textbook", "crc-5/epc", "crc-8", "crc-10/atm"] {
            let code = try code(name)
            for place in stride(from: 0, to: Self.bitCount - 16, by: 37) {
                for length in 1...code.width {
                    #expect(missed(bursts(length, at: place)) { code.checksum(of: $0) } == 0)
                }
                // The polynomial itself is what the remainder does not see.
                let longer = bursts(code.width + 1, at: place)
                #expect(longer.count == 1 << (code.width - 1))
                #expect(missed(longer) { code.checksum(of: $0) } == 1)
            }
        }
    }

    @Test("bursts of up to 15 bits are all found by the Internet checksum")
    func burstsOfTheInternetChecksum() {
        for place in stride(from: 0, to: Self.bitCount - 16, by: 41) {
            for length in 1...10 {
                #expect(missed(bursts(length, at: place), Self.internet) == 0)
            }
            // Of the longer ones every hundredth.
            for length in 11...15 {
                let some = bursts(length, at: place).enumerated().filter { $0.offset % 100 == 0 }
                #expect(missed(some.map(\.element), Self.internet) == 0)
            }
        }
    }

    @Test("words that change places are missed by the Internet checksum, and found by CRCs")
    func swappedWords() throws {
        let crc = try code("crc-16/xmodem")
        var swaps = 0
        for first in stride(from: 0, to: Self.message.count, by: 2) {
            for second in stride(from: first + 2, to: Self.message.count, by: 2) {
                var bytes = Self.message
                bytes.swapAt(first, second)
                bytes.swapAt(first + 1, second + 1)
                guard bytes != Self.message else { continue }
                swaps += 1
                let clean = Self.message
                let isMissed = Self.internet(bytes.span) == Self.internet(clean.span)
                #expect(isMissed)
                let isFound =
                    crc.checksum(of: bytes.span) != crc.checksum(of: clean.span)
                    && FastCRC32.checksum(of: bytes.span, .ethernet)
                        != FastCRC32.checksum(of: clean.span, .ethernet)
                #expect(isFound)
            }
        }
        #expect(swaps > 100)
    }

    @Test(
        "zeros between words and a word of ones for one of zeros are missed by the Internet checksum"
    )
    func zerosAndOnes() {
        let clean: [UInt8] = [0x12, 0x34, 0, 0, 0x56, 0x78]
        let ones: [UInt8] = [0x12, 0x34, 0xFF, 0xFF, 0x56, 0x78]
        let more: [UInt8] = [0x12, 0x34, 0, 0, 0, 0, 0x56, 0x78]
        let values = [
            Self.internet(clean.span), Self.internet(ones.span), Self.internet(more.span),
        ]
        #expect(Set(values).count == 1)
        let sums = [clean, ones, more].map { FastCRC32.checksum(of: $0.span, .ethernet) }
        #expect(Set(sums).count == 3)
    }
}
