import Memory
import Testing

@Suite("Sparse bytes")
struct SparseBytesTests {
    let pools = BufferPools(.init(frames: 32, controls: 32, chunks: 64))

    @Test("pieces in any order come out in order, across the end of the number space")
    func reassembly() throws {
        for start in [0, 5, 16_383, 16_384, .max - 30_000, .max] as [UInt32] {
            var dice = Dice(UInt64(start))
            let content = dice.bytes(100_000)
            var pieces = stride(from: 0, to: content.count, by: 1448).map { $0 }
            for place in pieces.indices { pieces.swapAt(place, dice.next(pieces.count)) }
            var sparse = pools.sparseBytes()
            for piece in pieces {
                let count = min(1448, content.count - piece)
                guard let packet = pools.packet([1, 2] + content[piece..<piece + count])
                else { throw OutOfMemory() }
                let written = sparse.write(
                    packet, from: 2, count: count, at: start &+ UInt32(piece))
                #expect(written == count)
            }
            var queue = pools.queue()
            let moved = sparse.move(from: start, count: content.count, to: &queue)
            #expect(moved == content.count)
            #expect(bytes(of: &queue) == content)
            sparse.removeAll(before: start &+ UInt32(content.count) &+ 16_384)
            let isEmpty = sparse.isEmpty
            #expect(isEmpty)
        }
        #expect(pools.isWhole)
    }

    @Test("bytes behind a gap stay while those before it move on")
    func gap() throws {
        var sparse = pools.sparseBytes()
        guard let first = pools.packet([UInt8](repeating: 1, count: 1000)),
            let second = pools.packet([UInt8](repeating: 2, count: 1000))
        else { throw OutOfMemory() }
        _ = sparse.write(second, from: 0, count: 1000, at: 17_000)
        _ = sparse.write(first, from: 0, count: 1000, at: 15_000)
        var queue = pools.queue()
        let moved = sparse.move(from: 15_000, count: 1000, to: &queue)
        #expect(moved == 1000)
        guard let missing = pools.packet([UInt8](repeating: 3, count: 1000))
        else { throw OutOfMemory() }
        _ = sparse.write(missing, from: 0, count: 1000, at: 16_000)
        let rest = sparse.move(from: 16_000, count: 2000, to: &queue)
        #expect(rest == 2000)
        let expected: [UInt8] = [1, 3, 2].flatMap { [UInt8](repeating: $0, count: 1000) }
        #expect(bytes(of: &queue) == expected)
    }

    @Test("memory is bounded by the span of positions, not by the number of pieces")
    func bound() throws {
        var sparse = pools.sparseBytes()
        for position in stride(from: UInt32(0), to: 32_768, by: 2) {
            guard let packet = pools.packet([9]) else { throw OutOfMemory() }
            let written = sparse.write(packet, from: 0, count: 1, at: position)
            #expect(written == 1)
        }
        #expect(pools.available.chunks == pools.capacity.chunks - 2)
    }

    @Test("short of memory it writes what it can and recovers")
    func exhaustion() throws {
        let pools = BufferPools(.init(frames: 4, controls: 4, chunks: 4))
        do {
            guard let packet = pools.packet([UInt8](repeating: 7, count: 30_000), headCount: 0)
            else { throw OutOfMemory() }
            var sparse = pools.sparseBytes()
            let written = sparse.write(packet, from: 0, count: 30_000, at: 10_000)
            #expect(written == 16_384 * 2 - 10_000)
            let more = sparse.write(packet, from: 0, count: 10, at: 60_000)
            #expect(more == 0)
            sparse.removeAll(before: 16_384)
            let again = sparse.write(packet, from: 0, count: 10, at: 60_000)
            #expect(again == 10)
        }
        #expect(pools.isWhole)
    }

    @Test("moving what is not there moves nothing")
    func absent() {
        var sparse = pools.sparseBytes()
        var queue = pools.queue()
        let moved = sparse.move(from: 5, count: 100, to: &queue)
        #expect(moved == 0)
        #expect(queue.isEmpty == true)
    }
}
