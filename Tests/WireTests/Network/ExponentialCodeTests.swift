import Testing
import Wire

@Suite("Exponential codes (RFC 9776 §4.1.1, RFC 9777 §5.1.3)")
struct ExponentialCodeTests {
    @Test("small numbers stand for themselves", arguments: [0, 1, 100, 127] as [UInt8])
    func small(code: UInt8) {
        #expect(ExponentialCode.value(code) == UInt32(code))
        #expect(ExponentialCode.code8(UInt32(code)) == code)
    }

    @Test(
        "codes of 8 bits have a mantissa of four bits and one that is implied",
        arguments: [
            (0x80, 128), (0x81, 136), (0x8F, 248), (0x90, 256), (0xBC, 28 << 6), (0xFF, 31744),
        ] as [(UInt8, UInt32)])
    func codes8(code: UInt8, value: UInt32) {
        #expect(ExponentialCode.value(code) == value)
        #expect(ExponentialCode.code8(value) == code)
    }

    @Test(
        "codes of 16 bits have a mantissa of twelve bits and one that is implied",
        arguments: [
            (32767, 32767), (0x8000, 32768), (0x8001, 32776), (0x9000, 65536),
            (0xFFFF, 8_387_584),
        ] as [(UInt16, UInt32)])
    func codes16(code: UInt16, value: UInt32) {
        #expect(ExponentialCode.value(code) == value)
        #expect(ExponentialCode.code16(value) == code)
    }

    @Test("every code is the code of what it says, and codes rise with their values")
    func everyCode() {
        for code in UInt8.min...UInt8.max {
            #expect(ExponentialCode.code8(ExponentialCode.value(code)) == code)
        }
        var previous: UInt32 = 0
        for code in UInt16.min...UInt16.max {
            let value = ExponentialCode.value(code)
            #expect(ExponentialCode.code16(value) == code)
            #expect(value > previous || code == 0)
            previous = value
        }
    }

    @Test("what no code can say is rounded down, and the largest code is the end")
    func rounding() {
        #expect(ExponentialCode.code8(135) == 0x80)
        #expect(ExponentialCode.code8(31745) == 0xFF && ExponentialCode.code8(.max) == 0xFF)
        #expect(ExponentialCode.code16(32775) == 0x8000)
        #expect(ExponentialCode.code16(.max) == 0xFFFF)
    }
}
