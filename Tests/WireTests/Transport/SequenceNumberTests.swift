import Testing
import Wire

@Suite("Sequence numbers (RFC 9293 §3.4)")
struct SequenceNumberTests {
    @Test(
        "less than half the circle ahead is after, also past zero",
        arguments: [
            (0, 1), (0, 0x7FFF_FFFF), (0xFFFF_FFFF, 0), (0xFFFF_FFF0, 0x10),
            (0x8000_0000, 0xFFFF_FFFF), (0x9000_0000, 0x0FFF_FFFF),
        ] as [(UInt32, UInt32)])
    func order(first: UInt32, second: UInt32) {
        let (a, b) = (SequenceNumber(first), SequenceNumber(second))
        #expect(a < b && a <= b && b > a && b >= a)
        #expect(!(b < a) && !(b <= a) && !(a > b) && !(a >= b))
    }

    @Test(
        "a number is neither before nor after itself", arguments: [0, 1, 0xFFFF_FFFF] as [UInt32])
    func equality(raw: UInt32) {
        let number = SequenceNumber(raw)
        #expect(number <= number && number >= number && number == SequenceNumber(rawValue: raw))
        #expect(!(number < number) && !(number > number))
    }

    @Test(
        "distances are signed and wrap",
        arguments: [
            (0, 0, 0), (0, 1, 1), (1, 0, -1), (0xFFFF_FFFF, 1, 2), (1, 0xFFFF_FFFF, -2),
            (0, 0x7FFF_FFFF, 0x7FFF_FFFF), (0, 0x8000_0000, -0x8000_0000),
        ] as [(UInt32, UInt32, Int)])
    func distance(first: UInt32, second: UInt32, distance: Int) {
        let (a, b) = (SequenceNumber(first), SequenceNumber(second))
        #expect(a.distance(to: b) == distance)
        #expect(a.advanced(by: distance) == b)
    }

    @Test("sums wrap")
    func sums() {
        var number = SequenceNumber(0xFFFF_FFFE)
        #expect(number + 3 == SequenceNumber(1))
        #expect(SequenceNumber(1) - 3 == number)
        number += 2
        #expect(number == SequenceNumber(0))
        #expect(number.advanced(by: -1) == SequenceNumber(.max))
        #expect(number.advanced(by: .max) == SequenceNumber(.max))
    }
}
