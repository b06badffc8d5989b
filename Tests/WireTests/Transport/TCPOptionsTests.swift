import Memory
import Testing
import Wire

@Suite("TCP options (RFC 9293 §3.2, RFC 7323, RFC 2018)")
struct TCPOptionsTests {
    static let timestamps = TCPTimestamps(value: 0x0102_0304, echo: 0x0506_0708)

    static func blocks(_ count: Int) -> SACKBlocks {
        var blocks = SACKBlocks()
        for index in 0..<UInt32(count) {
            let start = SequenceNumber(0x10 * (index + 1))
            blocks.append(SACKBlock(start: start, end: start + 8))
        }
        return blocks
    }

    /// Options as they stand in Linux's segments, with what they say.
    static let linux: [(String, TCPOptions)] = [
        ("", TCPOptions()),
        (
            "020405b4 0402080a 01020304 05060708 01030307",
            TCPOptions(
                maximumSegmentSize: 1460, windowScale: 7, sackPermitted: true,
                timestamps: timestamps)
        ),
        (
            "020405b4 01010402 01030307",
            TCPOptions(maximumSegmentSize: 1460, windowScale: 7, sackPermitted: true)
        ),
        ("020405b4 01030307", TCPOptions(maximumSegmentSize: 1460, windowScale: 7)),
        (
            "020405b4 0101080a 01020304 05060708 01030307",
            TCPOptions(maximumSegmentSize: 1460, windowScale: 7, timestamps: timestamps)
        ),
        ("02040218", TCPOptions(maximumSegmentSize: 536)),
        ("0101080a 01020304 05060708", TCPOptions(timestamps: timestamps)),
        ("0101050a 00000010 00000018", TCPOptions(sackBlocks: blocks(1))),
        (
            "0101080a 01020304 05060708 01010512 00000010 00000018 00000020 00000028",
            TCPOptions(timestamps: timestamps, sackBlocks: blocks(2))
        ),
        (
            """
            0101080a 01020304 05060708
            0101051a 00000010 00000018 00000020 00000028 00000030 00000038
            """,
            TCPOptions(timestamps: timestamps, sackBlocks: blocks(3))
        ),
        (
            """
            01010522 00000010 00000018 00000020 00000028
            00000030 00000038 00000040 00000048
            """,
            TCPOptions(sackBlocks: blocks(4))
        ),
    ]

    @Test("options are written in Linux's order and padding", arguments: linux)
    func write(text: String, options: TCPOptions) {
        let expected = bytes(text)
        #expect(options.encodedCount == expected.count)
        var count = 0
        let output = written(expected.count + 2) { count = options.write(to: &$0, at: 1) }
        #expect(output == [0xEE] + expected + [0xEE])
        #expect(count == expected.count)
    }

    @Test("what Linux writes is read", arguments: linux)
    func read(text: String, options: TCPOptions) {
        let read = TCPOptions(bytes(text).span)
        #expect(read == options)
    }

    @Test("beside timestamps only three blocks fit and are written")
    func tooManyBlocks() {
        var options = TCPOptions(timestamps: Self.timestamps, sackBlocks: Self.blocks(4))
        #expect(options.encodedSackBlockCount == 3)
        #expect(options.encodedCount == 40)
        let output = written(41) { options.write(to: &$0, at: 0) }
        let read = TCPOptions(Array(output.prefix(40)).span)
        #expect(read == TCPOptions(timestamps: Self.timestamps, sackBlocks: Self.blocks(3)))
        #expect(output[40] == 0xEE)
        // A SYN carries none, but if it must, what else it says comes first.
        options.maximumSegmentSize = 1460
        options.windowScale = 7
        #expect(options.encodedSackBlockCount == 2)
        #expect(options.encodedCount == 40)
    }

    @Test("every set of options is encoded in whole words and read back")
    func allSets() {
        for set in 0..<80 {
            let options = TCPOptions(
                maximumSegmentSize: set & 1 == 0 ? nil : 1460, windowScale: set & 2 == 0 ? nil : 14,
                sackPermitted: set & 4 != 0, timestamps: set & 8 == 0 ? nil : Self.timestamps,
                sackBlocks: Self.blocks(set >> 4))
            let count = options.encodedCount
            #expect(count.isMultiple(of: 4) && count <= TCPHeader.maximumOptionsCount)
            let output = written(count) { options.write(to: &$0, at: 0) }
            var expected = options
            expected.sackBlocks = Self.blocks(options.encodedSackBlockCount)
            let read = TCPOptions(output.span)
            #expect(read == expected)
        }
    }

    @Test(
        "options are read in any order and without padding",
        arguments: [
            "0303070204 05b4 0402 080a0102030405060708",
            "080a0102030405060708 0402 030307 020405b4",
            "01 01 01 030307 01 020405b4 01 0402 01 080a0102030405060708 00",
        ])
    func anyOrder(text: String) {
        let read = TCPOptions(bytes(text).span)
        let expected = TCPOptions(
            maximumSegmentSize: 1460, windowScale: 7, sackPermitted: true,
            timestamps: Self.timestamps)
        #expect(read == expected)
    }

    @Test("unknown kinds are passed over")
    func unknown() {
        let read = TCPOptions(bytes("fe02 1d04ffff 13 03 00 02040218").span)
        #expect(read == TCPOptions(maximumSegmentSize: 536))
    }

    @Test(
        "known kinds of a wrong size are passed over",
        arguments: [
            "0203ff", "0205ffffff", "0202", "0302", "0304 07ff", "0403 ff", "0809 00000000000000",
            "080b 000000000000000000 ", "0502", "0509 00000000000000", "050b 000000000000000000",
            "050e 000000000000000000000000",
        ])
    func wrongSize(text: String) {
        let read = TCPOptions(bytes(text + "030307").span)
        #expect(read == TCPOptions(windowScale: 7))
    }

    @Test(
        "a length of 0, 1 or past the end ends the list, what stood before counts",
        arguments: ["0200 05b4", "0201 05b4", "0205 05b4", "02ff 05b4", "02", "0800", "fe00", "fe"])
    func impossible(text: String) {
        let read = TCPOptions(bytes("030307" + text).span)
        var expected = TCPOptions(windowScale: 7)
        expected.malformed = true
        #expect(read == expected)
    }

    @Test("what stands behind an impossible length does not count")
    func behind() {
        let read = TCPOptions(bytes("fe01 030307 020405b4").span)
        var expected = TCPOptions()
        expected.malformed = true
        #expect(read == expected)
    }

    @Test("what stands behind the end of the list does not count")
    func end() {
        let read = TCPOptions(bytes("030307 00 020405b4").span)
        #expect(read == TCPOptions(windowScale: 7))
    }

    @Test("of repeated options the last counts")
    func repeated() {
        let read = TCPOptions(
            bytes(
                """
                02040218 020405b4 030301 030302 0402 0402 050a 00000001 00000002
                050a 00000010 00000018
                """
            ).span)
        let expected = TCPOptions(
            maximumSegmentSize: 1460, windowScale: 2, sackPermitted: true,
            sackBlocks: Self.blocks(1))
        #expect(read == expected)
    }

    @Test(
        "a window scale over 14 counts as 14 (RFC 7323 §2.3)", arguments: [14, 15, 255] as [UInt8])
    func scale(scale: UInt8) {
        let read = TCPOptions([3, 3, scale].span)
        #expect(read.windowScale == 14)
    }

    @Test("a segment size of zero counts as absent, a tiny one is told")
    func segmentSize() {
        let zero = TCPOptions(bytes("02040000").span)
        #expect(zero == TCPOptions())
        let tiny = TCPOptions(bytes("02040001").span)
        #expect(tiny.maximumSegmentSize == 1)
    }

    @Test("blocks are told as they are, reversed ones too (CVE-2019-11477)")
    func reversedBlocks() {
        let read = TCPOptions(bytes("050a ffffffff 00000001").span)
        #expect(read.sackBlocks.count == 1)
        let block = SACKBlock(start: SequenceNumber(.max), end: SequenceNumber(1))
        #expect(read.sackBlocks[0] == block)
    }

    @Test("twelve bytes that are not padded timestamps are read like any others")
    func notTheFastPath() {
        let read = TCPOptions(bytes("080a 0102030405060708 0101").span)
        #expect(read == TCPOptions(timestamps: Self.timestamps))
    }

    @Test("a fifth block is left out")
    func blockCapacity() {
        let blocks = Self.blocks(5)
        #expect(blocks.count == 4)
        #expect(blocks == Self.blocks(4))
        #expect(blocks != Self.blocks(3))
        #expect(Self.blocks(0).isEmpty)
        #expect(blocks[3].start == SequenceNumber(0x40))
    }

    @Test("kinds have their numbers (IANA)")
    func numbers() {
        let kinds: [TCPOptionKind] = [
            .end, .noOperation, .maximumSegmentSize, .windowScale, .sackPermitted, .sack,
            .timestamps,
        ]
        #expect(kinds.map(\.rawValue) == [0, 1, 2, 3, 4, 5, 8])
    }
}
