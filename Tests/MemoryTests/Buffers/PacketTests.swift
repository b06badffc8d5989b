import Memory
import Testing

@Suite("Packets")
struct PacketTests {
    let pools = BufferPools(.init(frames: 16, controls: 4, chunks: 16))

    @Test("headers are put in front within the headroom, and taken off again")
    func headroom() throws {
        guard var packet = pools.packet([3, 4, 5], headroom: 20) else { throw OutOfMemory() }
        packet.prepend(2)
        var head = packet.mutableHead
        head.write(UInt16(0x0102), at: 0)
        let room = packet.headroom
        #expect(room == 18)
        #expect(bytes(of: packet) == [1, 2, 3, 4, 5])
        packet.removeFirst(3)
        #expect(bytes(of: packet) == [4, 5])
    }

    @Test("a frame has 2,048 bytes with its headroom, a control 256")
    func sizes() throws {
        guard let frame = pools.frame(headroom: 64), let control = pools.control(headroom: 100)
        else { throw OutOfMemory() }
        let (frameRoom, controlRoom) = (frame.tailroom, control.tailroom)
        #expect(frameRoom == 2048 - 64)
        #expect(controlRoom == 256 - 100)
    }

    @Test("the bytes are those that were put in, in head and slices", arguments: [0, 1, 700, 1500])
    func content(headCount: Int) throws {
        var dice = Dice(UInt64(headCount))
        let content = dice.bytes(40_000)
        guard let packet = pools.packet(content, headCount: headCount) else { throw OutOfMemory() }
        #expect(bytes(of: packet) == content)
        let counts = (packet.count, packet.head.count, packet.countBehindHead, packet.sliceCount)
        #expect(counts == (40_000, headCount, 40_000 - headCount, 3))
        for offset in [0, 1, headCount, headCount + 1, 20_000, 39_999, 40_000, 50_000] {
            var some = [UInt8](repeating: 0, count: 17_000)
            var span = some.mutableSpan
            let copied = packet.copy(from: offset, into: &span)
            let expected = content.dropFirst(offset).prefix(17_000)
            #expect(copied == expected.count)
            #expect(some.prefix(copied).elementsEqual(expected))
        }
    }

    @Test("truncation drops from the end, slices first, at any place")
    func truncation() throws {
        var dice = Dice(3)
        let content = dice.bytes(20_000)
        for count in [0, 1, 99, 100, 101, 16_483, 16_484, 16_485, 19_999, 20_000, 30_000] {
            guard var packet = pools.packet(content, headCount: 100) else { throw OutOfMemory() }
            packet.truncate(to: count)
            #expect(bytes(of: packet) == Array(content.prefix(count)))
        }
        #expect(pools.isWhole)
    }

    @Test("metadata travels with the packet")
    func metadata() throws {
        guard var packet = pools.packet([1]) else { throw OutOfMemory() }
        let fresh = packet.metadata
        #expect(fresh == PacketMetadata(checksum: .unknown, segmentSize: 0))
        packet.metadata.checksum = .partial(start: 34, offset: 16)
        packet.metadata.segmentSize = 1460
        guard let copy = pools.copy(packet) else { throw OutOfMemory() }
        let copied = copy.metadata
        #expect(
            copied == PacketMetadata(checksum: .partial(start: 34, offset: 16), segmentSize: 1460))
    }

    @Test(
        "a copy has the same bytes and shares nothing with the original",
        arguments: [10, 1900, 5000, 60_000])
    func copy(count: Int) throws {
        var dice = Dice(4)
        let content = dice.bytes(count)
        var copy: Packet?
        do {
            guard let packet = pools.packet(content, headCount: 10) else { throw OutOfMemory() }
            copy = pools.copy(packet)
        }
        guard let copy else { throw OutOfMemory() }
        // Whatever reuses the original's memory must not show in the copy.
        for _ in 0..<15 {
            let other = pools.packet([UInt8](repeating: 0xEE, count: 2000)) != nil
            #expect(other)
        }
        #expect(bytes(of: copy) == content)
    }
}

struct OutOfMemory: Error {}
