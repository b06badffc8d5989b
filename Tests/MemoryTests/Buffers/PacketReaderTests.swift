import Memory
import Testing

@Suite("Packet reader")
struct PacketReaderTests {
    /// Fills the reader's memory as a scatter read would; how many bytes fitted.
    private func fill(_ reader: inout PacketReader, with content: [UInt8]) -> Int {
        var offset = 0
        for number in 0..<reader.vectorCount {
            let target = unsafe reader.vector(number)
            for place in 0..<target.count where offset < content.count {
                unsafe target[place] = content[offset]
                offset += 1
            }
        }
        return offset
    }

    @Test(
        "a packet has just the bytes that were read, one after the other without leftovers",
        arguments: [true, false])
    func packets(merged: Bool) throws {
        let pools = BufferPools(.init(frames: 2, controls: 1, chunks: 8))
        var dice = Dice(1)
        do {
            var reader = PacketReader(pools, merged: merged, headroom: 64)
            for _ in 0..<60 {
                let prepared = reader.prepare()
                #expect(prepared)
                let content = dice.bytes(dice.next(merged ? 65_550 : 1985))
                let filled = fill(&reader, with: content)
                #expect(filled == content.count)
                guard let packet = reader.take(filled) else { throw OutOfMemory() }
                let headroom = packet.headroom
                #expect(headroom == 64)
                #expect(bytes(of: packet) == content)
            }
        }
        #expect(pools.isWhole)
    }

    @Test("a short packet takes a frame and no chunk")
    func short() throws {
        let pools = BufferPools(.init(frames: 4, controls: 1, chunks: 4))
        var reader = PacketReader(pools, merged: true)
        var packets = Ring<Packet>()
        for _ in 0..<3 {
            let prepared = reader.prepare()
            #expect(prepared)
            guard let packet = reader.take(60) else { throw OutOfMemory() }
            packets.append(packet)
        }
        #expect(packets.count == 3)
        #expect(pools.available.frames == 1 && pools.available.chunks == 0)
    }

    @Test("short of memory it says so, keeps what it has, and goes on later")
    func exhaustion() throws {
        let pools = BufferPools(.init(frames: 2, controls: 1, chunks: 6))
        do {
            var reader = PacketReader(pools, merged: true)
            let first = reader.prepare()
            #expect(first)
            do {
                guard let packet = reader.take(65_550) else { throw OutOfMemory() }
                let again = reader.prepare()
                #expect(!again)
                let count = packet.count
                #expect(count == 65_550)
            }
            let later = reader.prepare()
            #expect(later)
        }
        #expect(pools.isWhole)
    }

    @Test("a count beyond the memory is cut to it")
    func beyond() throws {
        let pools = BufferPools(.init(frames: 2, controls: 1, chunks: 6))
        var reader = PacketReader(pools, merged: false, headroom: 64)
        let prepared = reader.prepare()
        #expect(prepared)
        guard let packet = reader.take(100_000) else { throw OutOfMemory() }
        let count = packet.count
        #expect(count == 1984)
        let none = reader.take(1) == nil
        #expect(none)
    }
}
