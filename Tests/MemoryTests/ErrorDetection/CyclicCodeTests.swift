import Memory
import Testing

@Suite("Cyclic redundancy checks")
struct CyclicCodeTests {
    static let digits = Array("123456789".utf8)

    @Test(
        "each code with a name makes the published value of the nine digits",
        arguments: CyclicCode.presets.map(\.name))
    func published(name: String) throws {
        let preset = try #require(CyclicCode.preset(name))
        let value = preset.code.checksum(of: Self.digits.span)
        #expect(value == preset.check)
        var register = CyclicRegister(preset.code)
        for byte in Self.digits { register.add(byte) }
        #expect(register.value == preset.check)
    }

    @Test("names are unique, and found in any case")
    func names() {
        let all = CyclicCode.presets.flatMap { [$0.name] + $0.aliases }
        #expect(Set(all).count == all.count)
        #expect(all.allSatisfy { $0 == $0.lowercased() })
        #expect(CyclicCode.preset("CRC-32C")?.check == 0xE306_9283)
        #expect(CyclicCode.preset("ethernet")?.name == "crc-32")
        #expect(CyclicCode.preset("crc-33") == nil)
    }

    @Test("the textbook's frames divided by 10011 leave 1110 and 0010")
    func textbook() throws {
        let code = try #require(CyclicCode(width: 4, polynomial: 0b0011))
        for (message, remainder): (String, UInt64) in [
            ("1101011011", 0b1110), ("1101011111", 0b0010),
        ] {
            var register = CyclicRegister(code)
            for bit in message { register.add(bit: bit == "1") }
            #expect(register.value == remainder)
            // The message with its remainder is divided without rest.
            for place in (0..<4).reversed() {
                register.add(bit: remainder >> UInt64(place) & 1 != 0)
            }
            #expect(register.value == 0)
        }
    }

    @Test("widths from 1 to 64 exist, others and a polynomial of nothing do not")
    func limits() {
        #expect(CyclicCode(width: 0, polynomial: 1) == nil)
        #expect(CyclicCode(width: 65, polynomial: 1) == nil)
        #expect(CyclicCode(width: -1, polynomial: 1) == nil)
        #expect(CyclicCode(width: 8, polynomial: 0) == nil)
        #expect(CyclicCode(width: 8, polynomial: 0x100) == nil)
        for width in 1...64 {
            #expect(CyclicCode(width: width, polynomial: 1, initial: .max, finalXor: .max) != nil)
        }
    }

    @Test("a width of one is even parity")
    func parity() throws {
        let code = try #require(CyclicCode(width: 1, polynomial: 1))
        for byte in UInt8.min...UInt8.max {
            let bytes = [byte]
            let value = code.checksum(of: bytes.span)
            let isSet = Parity.even.bit(of: bytes.span)
            #expect((value == 1) == isSet)
        }
    }

    @Test(
        "a value that ends the message leaves the same residue whatever the message",
        arguments: [
            "crc-8", "crc-16", "crc-16/x-25", "crc-16/xmodem", "crc-32", "crc-32c", "crc-64/xz",
        ])
    func residue(name: String) throws {
        let code = try #require(CyclicCode.preset(name)).code
        var residues: Set<UInt64> = []
        for seed in 1...20 {
            var message = numbers(seed * 3, seed: UInt32(seed))
            let value = code.checksum(of: message.span)
            let bytes = (0..<code.width / 8).map {
                UInt8(truncatingIfNeeded: value >> UInt64(8 * $0))
            }
            message += code.reflectsOutput ? bytes : bytes.reversed()
            residues.insert(code.checksum(of: message.span))
        }
        #expect(residues.count == 1)
    }

    @Test("mirroring twice changes nothing, and has the number of bits it is asked for")
    func mirrored() {
        #expect(CyclicCode.reflected(0b0011, width: 4) == 0b1100)
        #expect(CyclicCode.reflected(1, width: 64) == 1 << 63)
        #expect(CyclicCode.reflected(.max, width: 3) == 0b111)
        #expect(CyclicCode.reflected(1, width: 0) == 0 && CyclicCode.reflected(1, width: 65) == 0)
    }
}

/// Numbers that look random and are the same on every run.
func numbers(_ count: Int, seed: UInt32) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(truncatingIfNeeded: state >> 24)
    }
}
