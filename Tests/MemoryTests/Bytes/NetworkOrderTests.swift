import Memory
import Testing

@Suite("Integers in network order")
struct NetworkOrderTests {
    @Test("reads have the most significant byte first")
    func reads() {
        let bytes: [UInt8] = [0xFF, 1, 2, 3, 4, 5, 6, 7, 8]
        let span = bytes.span
        let narrow = (span.uint8(at: 1), span.uint16(at: 1), span.uint32(at: 1))
        #expect(narrow == (0x01, 0x0102, 0x0102_0304))
        let wide = span.uint64(at: 1)
        #expect(wide == 0x0102_0304_0506_0708)
    }

    @Test("writes put the most significant byte first and touch nothing else")
    func writes() {
        let (two, none): ([UInt8], [UInt8]) = ([0x51, 0x52], [])
        var bytes = [UInt8](repeating: 0xEE, count: 19)
        var span = bytes.mutableSpan
        span.write(UInt8(0x11), at: 1)
        span.write(UInt16(0x2122), at: 2)
        span.write(UInt32(0x3132_3334), at: 4)
        span.write(UInt64(0x4142_4344_4546_4748), at: 8)
        span.write(two.span, at: 16)
        span.write(none.span, at: 19)
        #expect(
            bytes == [
                0xEE, 0x11, 0x21, 0x22, 0x31, 0x32, 0x33, 0x34,
                0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x51, 0x52, 0xEE,
            ])
    }
}
