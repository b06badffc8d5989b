import Equipment
import Memory
import Stack
import Testing

/// What error-detecting codes catch of what corrupting links do.
@Suite("Codes on links that corrupt")
struct DetectionOnLinksTests {
    /// How many of the damaged frames each code takes for whole.
    private struct Missed {
        var whole = 0
        var damaged = 0
        var parity = 0
        var internet = 0
        var crc8 = 0
        var crc32 = 0
    }

    private func missed(_ text: String, count: Int, size: Int) throws -> Missed {
        let crc8 = try #require(CyclicCode.preset("crc-8")).code
        var missed = Missed()
        for arrival in try LinkRun(text, count: count, size: size).arrivals {
            var sent = [UInt8](repeating: 0xA5, count: size)
            // The order of arrival is that of sending: nothing is lost or delayed.
            let number = missed.damaged + missed.whole
            for place in 0..<4 { sent[place] = UInt8(truncatingIfNeeded: number >> (8 * place)) }
            guard arrival.bytes != sent else {
                missed.whole += 1
                continue
            }
            missed.damaged += 1
            let (was, came) = (sent, arrival.bytes)
            if Parity.even.bit(of: was.span) == Parity.even.bit(of: came.span) {
                missed.parity += 1
            }
            if sum(was) == sum(came) { missed.internet += 1 }
            if crc8.checksum(of: was.span) == crc8.checksum(of: came.span) { missed.crc8 += 1 }
            let before = FastCRC32.checksum(of: was.span, .ethernet)
            if before == FastCRC32.checksum(of: came.span, .ethernet) { missed.crc32 += 1 }
        }
        return missed
    }

    private func sum(_ bytes: [UInt8]) -> UInt16 {
        var sum = InternetChecksum()
        sum.add(bytes.span)
        return sum.value
    }

    @Test("one wrong bit a frame is found by all of them")
    func oneBit() throws {
        let missed = try missed("corrupt 50%", count: 4000, size: 64)
        #expect(missed.damaged > 1800)
        #expect(missed.parity == 0 && missed.internet == 0)
        #expect(missed.crc8 == 0 && missed.crc32 == 0)
    }

    @Test("of many wrong bits parity misses half, CRC-8 one frame of 256, CRC-32 none")
    func manyBits() throws {
        let missed = try missed("corrupt bits 5%", count: 20_000, size: 64)
        let damaged = Double(missed.damaged)
        #expect(missed.damaged > 19_990)
        #expect(abs(Double(missed.parity) - damaged / 2) < 5 * (damaged / 4).squareRoot())
        let each = damaged / 256
        #expect(abs(Double(missed.crc8) - each) < 5 * each.squareRoot())
        // One of 65,535 by the Internet checksum, if errors were evenly spread, as they nearly are.
        #expect(missed.internet < 10)
        #expect(missed.crc32 == 0)
    }
}
