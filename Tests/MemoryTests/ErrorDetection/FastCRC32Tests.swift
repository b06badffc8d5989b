import Memory
import Testing

@Suite("CRC-32 and CRC-32C by tables")
struct FastCRC32Tests {
    private func code(_ kind: FastCRC32.Kind) throws -> CyclicCode {
        let preset = CyclicCode.preset(kind == .ethernet ? "crc-32" : "crc-32c")
        return try #require(preset).code
    }

    @Test("they give what the division bit by bit gives, for every length and in any pieces")
    func sameValues() throws {
        for kind in [FastCRC32.Kind.ethernet, .castagnoli] {
            let code = try code(kind)
            for count in 0...70 {
                let bytes = numbers(count, seed: UInt32(count + 1))
                let expected = code.checksum(of: bytes.span)
                let whole = FastCRC32.checksum(of: bytes.span, kind)
                #expect(UInt64(whole) == expected)
                var pieces = FastCRC32(kind)
                pieces.add(bytes.span.extracting(first: count / 3))
                pieces.add(bytes.span.extracting(droppingFirst: count / 3))
                #expect(UInt64(pieces.value) == expected)
            }
        }
    }

    @Test("the vectors of RFC 3720 §B.4 for CRC-32C")
    func iSCSI() {
        let vectors: [([UInt8], UInt32)] = [
            (Array(repeating: 0x00, count: 32), 0x8A91_36AA),
            (Array(repeating: 0xFF, count: 32), 0x62A8_AB43),
            (Array(0..<32), 0x46DD_794E),
            (Array((0..<32).reversed()), 0x113F_DB5C),
        ]
        for (bytes, expected) in vectors {
            let value = FastCRC32.checksum(of: bytes.span, .castagnoli)
            #expect(value == expected)
        }
    }

    @Test("a frame that ends with its own check sequence leaves the residue")
    func residue() {
        for kind in [FastCRC32.Kind.ethernet, .castagnoli] {
            for seed: UInt32 in 1...10 {
                var frame = numbers(60, seed: seed)
                let value = FastCRC32.checksum(of: frame.span, kind)
                frame += (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
                let residue = FastCRC32.checksum(of: frame.span, kind)
                #expect(residue == FastCRC32.residue(kind))
            }
        }
    }
}
