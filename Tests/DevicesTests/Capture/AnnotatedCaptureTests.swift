import Devices
import Memory
import Stack
import Testing
import Wire

/// A pcapng file as draft-ietf-opsawg-pcapng describes it, written on a little-endian machine.
private struct SavedBlocks {
    struct Block {
        var type: UInt32
        var body: [UInt8]

        func number(_ place: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(body[place + $1]) << (8 * UInt32($1)) }
        }

        /// The options from `place` on, by their codes.
        func options(from place: Int) -> [(code: UInt16, value: [UInt8])] {
            var place = place
            var options: [(UInt16, [UInt8])] = []
            while place + 4 <= body.count {
                let code = UInt16(truncatingIfNeeded: number(place))
                let count = Int(number(place) >> 16)
                guard code != 0 else { break }
                options.append((code, Array(body[place + 4..<place + 4 + count])))
                place += 4 + (count + 3) / 4 * 4
            }
            return options
        }
    }

    var blocks: [Block] = []

    /// Nil where lengths do not agree or a block is cut off.
    init?(_ bytes: [UInt8]) {
        func number(_ place: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << (8 * UInt32($1)) }
        }
        var place = 0
        while place < bytes.count {
            guard place + 12 <= bytes.count else { return nil }
            let length = Int(number(place + 4))
            guard length % 4 == 0, length >= 12, place + length <= bytes.count,
                number(place + length - 4) == UInt32(length)
            else { return nil }
            blocks.append(
                Block(
                    type: number(place), body: Array(bytes[place + 8..<place + length - 4])))
            place += length
        }
    }
}

@Suite("Captures with comments")
struct AnnotatedCaptureTests {
    let pools = BufferPools(.init(frames: 64, controls: 16, chunks: 64))

    private func capture(_ file: ScratchFile) throws -> AnnotatedCapture {
        try AnnotatedCapture(
            path: file.path,
            links: [.init("eth0", description: "a link"), .init("net0", description: "more")],
            application: "tests")
    }

    @Test("the section and the interface come first, with their names")
    func headers() throws {
        let file = ScratchFile("pcapng")
        let capture = try capture(file)
        // Before it is closed: nothing is kept back.
        let saved = try #require(SavedBlocks(file.contents))
        #expect(capture.close() == nil)
        #expect(saved.blocks.map(\.type) == [0x0A0D_0D0A, 1, 1])
        #expect(saved.blocks[0].number(0) == 0x1A2B_3C4D)
        let section = saved.blocks[0].options(from: 16)
        #expect(section.map(\.code) == [2, 3, 4])
        #expect(section[2].value == Array("tests".utf8))
        let interface = saved.blocks[1].options(from: 8)
        #expect(interface.map(\.code) == [2, 3, 9])
        #expect(interface[0].value == Array("eth0".utf8))
        #expect(interface[2].value == [9], "nanoseconds")
    }

    @Test("a packet has its time, its direction and all comments", arguments: 58...61)
    func packet(count: Int) throws {
        let file = ScratchFile("pcapng")
        let capture = try capture(file)
        let packet = try makePacket(pattern(count), from: pools)
        let time = Instant(nanoseconds: 1_700_000_000_123_456_789)
        let copy = PacketCopier().record(packet, .outgoing, at: time)
        let record = try #require(copy)
        #expect(record.count == 1)
        capture.write(record, on: 1, comments: ["program: curl", "dropped by the link: loss"])
        let saved = try #require(SavedBlocks(file.contents))
        #expect(saved.blocks.count == 4)
        let block = saved.blocks[3]
        #expect(block.type == 6)
        #expect(block.number(0) == 1, "the second link")
        let written = UInt64(block.number(4)) << 32 | UInt64(block.number(8))
        #expect(written == UInt64(bitPattern: time.nanoseconds))
        #expect(block.number(12) == UInt32(count) && block.number(16) == UInt32(count))
        #expect(Array(block.body[20..<20 + count]) == pattern(count))
        let options = block.options(from: 20 + (count + 3) / 4 * 4)
        #expect(options.map(\.code) == [1, 1, 2])
        #expect(options[0].value == Array("program: curl".utf8))
        #expect(options[1].value == Array("dropped by the link: loss".utf8))
        #expect(options[2].value == [2, 0, 0, 0], "outgoing")
        #expect(capture.close() == nil)
    }

    @Test("a merged packet is several, as on a wire")
    func merged() throws {
        let path = Path(
            sourceHardware: MACAddress(2, 0, 0, 0, 0, 1),
            destinationHardware: MACAddress(2, 0, 0, 0, 0, 2),
            source: SocketAddress(address: .v4(10, 0, 0, 1), port: 8000),
            destination: SocketAddress(address: .v4(10, 0, 0, 2), port: 8001))
        let frame = path.segment(
            [.ack], sequence: SequenceNumber(5), acknowledgment: SequenceNumber(6),
            pattern(30_000), .partial)
        let packet = try makePacket(
            frame, headCount: 54, from: pools, metadata: path.partial(.tcp, segmentSize: 1448))
        let copy = PacketCopier().record(packet, .incoming)
        let record = try #require(copy)
        #expect(record.count == 21)
        var payload: [UInt8] = []
        record.each { bytes in
            let facts = SegmentFacts(bytes.indices.map { bytes[$0] })
            #expect(facts?.checksumIsValid == true)
            payload += facts?.payload ?? []
        }
        #expect(payload == pattern(30_000))
        let file = ScratchFile("pcapng")
        let capture = try capture(file)
        capture.write(record, comments: [])
        #expect(try #require(SavedBlocks(file.contents)).blocks.count == 3 + 21)
    }

    @Test("a full disk is told at the end, and not before")
    func full() throws {
        let capture = try AnnotatedCapture(
            path: "/dev/full", links: [.init("eth0", description: "")], application: "")
        #expect(capture.missed == 0)
        let packet = try makePacket(pattern(60), from: pools)
        let copy = PacketCopier().record(packet, .incoming)
        capture.write(try #require(copy), comments: [])
        #expect(capture.missed == 1)
        #expect(capture.close()?.description.contains("/dev/full") == true)
    }
}
