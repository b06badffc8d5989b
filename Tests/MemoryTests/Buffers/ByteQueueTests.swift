import Memory
import Testing

@Suite("Byte queue")
struct ByteQueueTests {
    let pools = BufferPools(.init(frames: 32, controls: 32, chunks: 64))

    @Test("bytes come out as they went in, across chunks")
    func order() {
        var dice = Dice(1)
        let content = dice.bytes(100_000)
        var queue = pools.queue()
        let taken = queue.append(content.span)
        #expect(taken == content.count)
        #expect(bytes(of: &queue) == content)
    }

    @Test("an empty queue holds no memory, also after use")
    func empty() {
        var queue = pools.queue()
        #expect(pools.isWhole)
        _ = queue.append(([1, 2, 3] as [UInt8]).span)
        queue.removeFirst(3)
        #expect(pools.isWhole)
        #expect(queue.isEmpty == true)
        let copied = bytes(of: &queue)
        #expect(copied.isEmpty)
    }

    @Test("large slices are shared with a packet, small ones copied")
    func appendingPackets() throws {
        var dice = Dice(2)
        let content = dice.bytes(20_000)
        guard let packet = pools.packet(content, headCount: 100) else { throw OutOfMemory() }
        let before = pools.available.chunks
        var queue = pools.queue()
        // The head is copied to a chunk of the queue's own, the slice of 16,384 bytes shared, the
        // last of 3,516 copied.
        let taken = queue.append(packet, from: 0, count: 20_000)
        #expect(taken == 20_000)
        #expect(pools.available.chunks == before - 2)
        #expect(bytes(of: &queue) == content)
    }

    @Test("parts of packets are taken in at any offset and length")
    func partsOfPackets() throws {
        var dice = Dice(3)
        let content = dice.bytes(50_000)
        for _ in 0..<60 {
            guard let packet = pools.packet(content, headCount: dice.next(1900))
            else { throw OutOfMemory() }
            let offset = dice.next(50_001)
            let count = dice.next(50_001 - offset)
            var queue = pools.queue()
            let taken = queue.append(packet, from: offset, count: count)
            #expect(taken == count)
            #expect(bytes(of: &queue) == Array(content[offset..<offset + count]))
        }
        #expect(pools.isWhole)
    }

    @Test("what is appended behind a shared piece does not change what a packet holds")
    func sharedTail() throws {
        var queue = pools.queue()
        _ = queue.append([UInt8](repeating: 1, count: 5000).span)
        guard var packet = pools.control(headroom: 0) else { throw OutOfMemory() }
        _ = queue.attach(to: &packet, from: 0, count: 5000)
        _ = queue.append([UInt8](repeating: 2, count: 5000).span)
        var other = pools.queue()
        _ = other.append(packet, from: 0, count: 5000)
        _ = other.append([UInt8](repeating: 3, count: 5000).span)
        #expect(bytes(of: packet) == [UInt8](repeating: 1, count: 5000))
        #expect(
            bytes(of: &queue)
                == [UInt8](repeating: 1, count: 5000) + [UInt8](repeating: 2, count: 5000))
        #expect(
            bytes(of: &other)
                == [UInt8](repeating: 1, count: 5000) + [UInt8](repeating: 3, count: 5000))
    }

    @Test(
        "it agrees with an array over many random operations",
        arguments: 1...4 as ClosedRange<UInt64>)
    func model(seed: UInt64) {
        var dice = Dice(seed)
        do {
            var queue = pools.queue()
            var model: [UInt8] = []
            var inFlight = Ring<Packet>()
            var expected: [[UInt8]] = []
            for _ in 0..<1200 {
                switch dice.next(10) {
                case 0, 1, 2:
                    let piece = [UInt8](
                        repeating: UInt8(truncatingIfNeeded: dice.next()), count: dice.next(9000))
                    let taken = queue.append(piece.span)
                    model += piece.prefix(taken)
                case 3, 4, 5:
                    let count = dice.next(4) == 0 ? dice.next(40_000) : dice.next(5000)
                    queue.removeFirst(count)
                    model.removeFirst(min(count, model.count))
                case 6, 7:
                    let offset = dice.next(model.count + 10)
                    var some = [UInt8](repeating: 0, count: dice.next(20_000))
                    var span = some.mutableSpan
                    let copied = queue.copy(from: offset, into: &span)
                    let right = model.dropFirst(offset).prefix(some.count)
                    #expect(some.prefix(copied).elementsEqual(right))
                case 8:
                    guard var packet = pools.control(headroom: 0) else { break }
                    let offset = dice.next(model.count + 1)
                    let count = dice.next(60_000)
                    let attached = queue.attach(to: &packet, from: offset, count: count)
                    let right = Array(model.dropFirst(offset).prefix(count))
                    let slices = packet.sliceCount
                    #expect(attached == right.count || slices == Packet.sliceLimit)
                    inFlight.append(packet)
                    expected.append(Array(right.prefix(attached)))
                default:
                    guard let packet = inFlight.popFirst() else { break }
                    #expect(bytes(of: packet) == expected.removeFirst())
                    if dice.next(2) == 0 {
                        let taken = queue.append(packet, from: 0, count: packet.count)
                        model += bytes(of: packet).prefix(taken)
                    }
                }
                #expect(queue.count == model.count)
            }
            #expect(bytes(of: &queue) == model)
        }
        #expect(pools.isWhole)
    }
}
