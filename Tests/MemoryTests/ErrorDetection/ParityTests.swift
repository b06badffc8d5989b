import Memory
import Testing

@Suite("Parity")
struct ParityTests {
    @Test("the parity bit makes the number of ones even or odd")
    func one() {
        for ones in 0..<20 {
            #expect((ones + (Parity.even.bit(ones: ones) ? 1 : 0)) % 2 == 0)
            #expect((ones + (Parity.odd.bit(ones: ones) ? 1 : 0)) % 2 == 1)
            #expect(Parity.even.isValid(ones: ones) == (ones % 2 == 0))
            #expect(Parity.odd.isValid(ones: ones) == (ones % 2 == 1))
        }
        let bytes: [UInt8] = [0b1011_0001, 0b0000_0001, 0b1000_0000]
        let isSet = (Parity.even.bit(of: bytes.span), Parity.odd.bit(of: bytes.span))
        #expect(isSet == (false, true))
    }

    private func bits(_ text: String) -> [Bool] {
        text.compactMap { $0 == "1" ? true : $0 == "0" ? false : nil }
    }

    @Test("a block has the parity of each row, each column and all")
    func block() {
        let block = ParityBlock(bits("1011 0110"), width: 4, .even)
        #expect(block.rows == [true, false])
        #expect(block.columns == [true, true, false, true])
        #expect(block.corner)
        let ragged = ParityBlock(bits("111 1"), width: 3, .odd)
        #expect(ragged.rows == [false, false])
        #expect(ragged.columns == [true, false, false])
        #expect(ragged.corner)
        #expect(ParityBlock([], width: 0, .even).rows.isEmpty)
    }

    /// What arrives when `wrong` of the places of a block of 5 rows and 6 columns, parities
    /// included, are turned over.
    private func finding(_ wrong: [Int]) -> ParityBlock.Finding {
        let sent = bits("110100 001011 111000 010101 100110")
        let clean = ParityBlock(sent, width: 6, .even)
        var received = sent
        var (rows, columns, corner) = (clean.rows, clean.columns, clean.corner)
        for place in wrong {
            let (row, column) = (place / 7, place % 7)
            switch (row, column) {
            case (5, 6): corner.toggle()
            case (5, _): columns[column].toggle()
            case (_, 6): rows[row].toggle()
            default: received[row * 6 + column].toggle()
            }
        }
        return ParityBlock(received, width: 6, .even)
            .compare(with: ParityBlock(rows: rows, columns: columns, corner: corner))
    }

    @Test("a block finds one wrong bit and where it is, and that two or three are wrong")
    func errors() {
        #expect(finding([]) == .correct)
        let places = 0..<42
        for first in places {
            #expect(finding([first]) == .oneBit(row: first / 7, column: first % 7))
            for second in places where second > first {
                #expect(finding([first, second]) == .severalBits)
                for third in places where third > second {
                    #expect(finding([first, second, third]) != .correct)
                }
            }
        }
    }

    @Test("four wrong bits in the corners of a rectangle go unnoticed")
    func rectangle() {
        #expect(finding([0, 3, 14, 17]) == .correct)
    }

    @Test("parities of another shape do not fit")
    func shape() {
        let block = ParityBlock(bits("1011 0110"), width: 4, .even)
        let other = ParityBlock(bits("1011 0110"), width: 2, .even)
        #expect(block.compare(with: other) == .severalBits)
    }
}
