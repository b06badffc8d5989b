import Memory
import Testing
import Wire

@Suite("Options of IPv4 and TCP (RFC 791 §3.1, RFC 9293 §3.2)")
struct OptionCursorTests {
    /// What the walk over `options` yields, and where and why it stops early.
    private func walk(_ options: [UInt8]) -> (fields: [OptionField], error: WireError?, end: Int) {
        var cursor = OptionCursor(options.span)
        var fields: [OptionField] = []
        do throws(WireError) {
            while let field = try cursor.next() { fields.append(field) }
            return (fields, nil, cursor.offset)
        } catch {
            return (fields, error, cursor.offset)
        }
    }

    @Test("options are found one behind the other, no-operations included")
    func order() {
        let walk = walk(bytes("02 04 05 b4 01 03 03 07 04 02"))
        #expect(
            walk.fields == [
                OptionField(kind: 2, offset: 0, count: 4),
                OptionField(kind: 1, offset: 4, count: 1),
                OptionField(kind: 3, offset: 5, count: 3),
                OptionField(kind: 4, offset: 8, count: 2),
            ])
        #expect(walk.error == nil)
        #expect(walk.end == 10)
    }

    @Test("no options, no fields")
    func empty() {
        let walk = walk([])
        #expect(walk.fields.isEmpty)
        #expect(walk.error == nil)
    }

    @Test("what follows the end of the list is not looked at")
    func end() {
        let walk = walk(bytes("04 02 00 02 00 ff"))
        #expect(walk.fields.map(\.kind) == [4])
        #expect(walk.error == nil)
        #expect(walk.end == 2)
    }

    @Test("a length of 0 or 1 ends the walk with an error", arguments: [0, 1] as [UInt8])
    func tooShort(length: UInt8) {
        let walk = walk([1, 8, length, 1, 1, 1])
        #expect(walk.fields.map(\.kind) == [1])
        #expect(walk.error == .badOption)
        #expect(walk.end == 1)
    }

    @Test("a length past the end ends the walk with an error", arguments: [4, 5, 255] as [UInt8])
    func tooLong(length: UInt8) {
        let walk = walk([1, 1, 8, length, 7])
        #expect(walk.fields.count == 2)
        #expect(walk.error == .badOption)
        #expect(walk.end == 2)
    }

    @Test("a length that reaches the very end is right")
    func exact() {
        let walk = walk([8, 3, 7])
        #expect(walk.fields == [OptionField(kind: 8, offset: 0, count: 3)])
        #expect(walk.error == nil)
    }

    @Test("a kind without a length ends the walk with an error")
    func missingLength() {
        let walk = walk([1, 8])
        #expect(walk.error == .badOption)
        #expect(walk.end == 1)
    }
}
