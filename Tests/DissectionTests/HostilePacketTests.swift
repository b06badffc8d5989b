import Dissection
import Memory
import Testing

@Suite("Dissection of hostile packets")
struct HostilePacketTests {
    /// Numbers that look random and are the same in every run.
    private struct Dice {
        private let hash = KeyedHash(key: 11, 12)
        private var counter: UInt64 = 0

        mutating func next(_ bound: Int) -> Int {
            counter += 1
            return Int(hash.secret(counter) % UInt64(bound))
        }
    }

    @Test("damaged and cut frames give a line of bounded length", arguments: [0, 14])
    func damage(skipped: Int) {
        var dice = Dice()
        let recordings = Recording.all(in: madeRecordings)
        var dissector = Dissector(skipped == 0 ? .ethernet : .ip)
        for round in 0..<40_000 {
            var frame = Array(recordings[round % recordings.count].frame.dropFirst(skipped))
            for _ in 0..<dice.next(4) where !frame.isEmpty {
                frame[dice.next(frame.count)] = UInt8(dice.next(256))
            }
            frame.removeLast(dice.next(2) == 0 ? 0 : dice.next(frame.count + 1))
            let line = dissector.line(frame.span, beyond: dice.next(3) == 0 ? dice.next(70_000) : 0)
            #expect(!line.isEmpty)
            #expect(line.utf8.count < 6 * frame.count + 400)
        }
    }

    @Test("names whose pointers chase each other come to an end (RFC 1035 §4.1.4)")
    func pointers() {
        // Ethernet, IPv4 and UDP headers to port 53, then a message full of pointers.
        var frame: [UInt8] = Array(repeating: 2, count: 12) + [8, 0]
        let count = 60_000
        frame += [0x45, 0, UInt8(count >> 8), UInt8(count & 0xFF), 0, 0, 0, 0, 64, 17, 0, 0]
        frame += [10, 0, 0, 1, 10, 0, 0, 2]
        frame += [0, 53, 0, 54, UInt8((count - 20) >> 8), UInt8((count - 20) & 0xFF), 0, 0]
        frame += [0, 1, 0x80, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0]
        while frame.count < count + 14 {
            let target = max(12, frame.count - 42 - 2)
            frame += [0xC0 | UInt8(target >> 8 & 0x3F), UInt8(target & 0xFF)]
        }
        var dissector = Dissector(.ethernet)
        let line = dissector.line(frame.span)
        #expect(line.hasPrefix("IP 10.0.0.1.53 > 10.0.0.2.54: 1- [0q] 65535/0/0"))
        #expect(line.hasSuffix("[|domain]"))
    }
}
