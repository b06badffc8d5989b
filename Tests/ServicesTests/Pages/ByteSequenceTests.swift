import Memory
import Testing

@testable import Services

@Suite("The sequence of bytes")
struct ByteSequenceTests {
    private func bytes(_ range: Range<Int>) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count + 2)
        var span = bytes.mutableSpan
        ByteSequence.fill(&span, 1..<range.count + 1, from: range.lowerBound)
        #expect(bytes.first == 0 && bytes.last == 0)
        return Array(bytes[1...range.count])
    }

    @Test("it begins with the published outputs of SplitMix64")
    func beginning() {
        let expected: [UInt8] = [
            0xE2, 0x20, 0xA8, 0x39, 0x7B, 0x1D, 0xCD, 0xAF,
            0x6E, 0x78, 0x9E, 0x6A, 0xA1, 0xB9, 0x65, 0xF4,
            0x06, 0xC4, 0x5D, 0x18, 0x80, 0x09, 0x45, 0x4F,
        ]
        #expect(bytes(0..<24) == expected)
    }

    @Test("a part is the same wherever it is cut", arguments: 0...17)
    func parts(start: Int) {
        let whole = bytes(0..<64)
        for end in start + 1...40 { #expect(bytes(start..<end) == Array(whole[start..<end])) }
    }
}
