import Memory
import Testing

@Suite("Packets made of parts of others")
struct PiecesTests {
    private let pools = BufferPools(BufferPools.Plan(frames: 8, controls: 4, chunks: 16))

    private struct NoMemory: Error {}

    private func frame(headroom: Int) throws -> Packet {
        guard let packet = pools.frame(headroom: headroom) else { throw NoMemory() }
        return packet
    }

    /// A packet of 200 bytes in its head and `behind` bytes in slices, all of a pattern.
    private func packet(behind: Int) throws -> Packet {
        var packet = try frame(headroom: 0)
        let all = Self.pattern(200 + behind)
        packet.append(all.span.extracting(0..<200))
        var queue = pools.queue()
        #expect(queue.append(all.span.extracting(200..<200 + behind)) == behind)
        #expect(queue.attach(to: &packet, from: 0, count: behind) == behind)
        return packet
    }

    private static func pattern(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }

    private func bytes(_ packet: borrowing Packet) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: packet.count)
        var span = bytes.mutableSpan
        _ = packet.copy(from: 0, into: &span)
        return bytes
    }

    @Test(
        "a piece is the same bytes wherever it lies",
        arguments: [(0, 10), (190, 20), (200, 1000), (0, 1900), (5, 30_000), (199, 49_000)])
    func pieces(offset: Int, count: Int) throws {
        let source = try packet(behind: 50_000)
        var piece = try frame(headroom: 80)
        let isWhole = pools.append(source, from: offset, count: count, to: &piece)
        #expect(isWhole)
        let (copied, expected) = (bytes(piece), Self.pattern(50_200)[offset..<offset + count])
        #expect(copied.elementsEqual(expected))
        // Headers that may stand in front of it are within one slot.
        let inHead = piece.head.count
        #expect(inHead >= min(count, 256))
    }

    @Test("large pieces share the chunks of their source")
    func sharing() throws {
        let source = try packet(behind: 48_000)
        let before = pools.available.chunks
        var piece = try frame(headroom: 80)
        let isWhole = pools.append(source, from: 0, count: 48_200, to: &piece)
        #expect(isWhole)
        // The short rest of the first chunk alone is copied.
        #expect(before - pools.available.chunks <= 1)
    }

    @Test("a piece for which there is no memory is refused")
    func exhaustion() throws {
        let source = try packet(behind: 3000)
        var queue = pools.queue()
        while pools.available.chunks > 0 {
            _ = queue.append([UInt8](repeating: 0, count: 16_384).span)
        }
        var piece = try frame(headroom: 80)
        let isWhole = pools.append(source, from: 0, count: 3200, to: &piece)
        #expect(!isWhole)
    }

    @Test("bytes that came out of order become a packet")
    func sparse() throws {
        let pattern = Self.pattern(40_000)
        var sparse = pools.sparseBytes()
        for start in stride(from: 39_000, through: 0, by: -1000) {
            var part = try frame(headroom: 0)
            part.append(pattern.span.extracting(start..<start + 1000))
            let written = sparse.write(part, from: 0, count: 1000, at: UInt32(500 + start))
            #expect(written == 1000)
        }
        let held = sparse.chunkCount
        #expect(held == 3)
        var packet = try frame(headroom: 80)
        sparse.copy(from: 500, count: 1500, to: &packet)
        let isWhole = sparse.attach(to: &packet, from: 2000, count: 38_500)
        let lacks = !sparse.attach(to: &packet, from: 60_000, count: 1)
        sparse.removeAll()
        #expect(isWhole && lacks)
        let copied = bytes(packet)
        #expect(copied == pattern)
    }
}
