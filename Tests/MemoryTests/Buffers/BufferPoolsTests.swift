import Memory
import Testing

@Suite("Buffer pools")
struct BufferPoolsTests {
    @Test("a pool gives what it has, then nothing, and again after a return")
    func exhaustion() {
        let pools = BufferPools(.init(frames: 3, controls: 2, chunks: 1))
        var frames = Ring<Packet>()
        while let frame = pools.frame(headroom: 0) { frames.append(frame) }
        #expect(frames.count == 3)
        #expect(pools.available.frames == 0)
        // Control packets draw on slots of their own, so that ACKs go on.
        var controls = Ring<Packet>()
        while let control = pools.control(headroom: 0) { controls.append(control) }
        #expect(controls.count == 2)
        _ = frames.popFirst()
        let again = pools.frame(headroom: 0) != nil
        #expect(again)
        while frames.popFirst() != nil {}
        while controls.popFirst() != nil {}
        #expect(pools.isWhole)
    }

    @Test("the slot used last is given away first")
    func lastInFirstOut() throws {
        let pools = BufferPools(.init(frames: 10, controls: 1, chunks: 1))
        do {
            guard var packet = pools.frame(headroom: 0) else { throw OutOfMemory() }
            packet.append(([1, 2, 3] as [UInt8]).span)
        }
        guard var packet = pools.frame(headroom: 0) else { throw OutOfMemory() }
        packet.extend(3)
        #expect(bytes(of: packet) == [1, 2, 3])
    }

    @Test("a queue takes what there is memory for, and more once there is")
    func queueExhaustion() {
        let pools = BufferPools(.init(frames: 1, controls: 1, chunks: 2))
        let content = [UInt8](repeating: 7, count: 40_000)
        var first = pools.queue()
        let taken = first.append(content.span)
        #expect(taken == 32_768)
        var second = pools.queue()
        let none = second.append(content.span)
        #expect(none == 0)
        first.removeFirst(16_384)
        let some = second.append(content.span)
        #expect(some == 16_384)
        first.removeAll()
        second.removeAll()
        #expect(pools.isWhole)
    }

    @Test("a chunk shared by queue and packets is free when the last of them is gone")
    func sharing() throws {
        let pools = BufferPools(.init(frames: 4, controls: 4, chunks: 1))
        var dice = Dice(1)
        let content = dice.bytes(16_000)
        var queue = pools.queue()
        let taken = queue.append(content.span)
        #expect(taken == 16_000)
        guard var first = pools.control(headroom: 0), var second = pools.control(headroom: 0)
        else { throw OutOfMemory() }
        let attached = (
            queue.attach(to: &first, from: 0, count: 9_000),
            queue.attach(to: &second, from: 8_000, count: 8_000)
        )
        #expect(attached == (9_000, 8_000))
        queue.removeAll()
        #expect(pools.available.chunks == 0)
        #expect(bytes(of: first) == Array(content[..<9_000]))
        first.truncate(to: 0)
        #expect(pools.available.chunks == 0)
        #expect(bytes(of: second) == Array(content[8_000...]))
        second.truncate(to: 0)
        #expect(pools.available.chunks == 1)
    }

    @Test("copies and failed copies leave nothing behind")
    func failedCopies() throws {
        let pools = BufferPools(.init(frames: 2, controls: 1, chunks: 3))
        do {
            guard let packet = pools.packet([UInt8](repeating: 1, count: 30_000), headCount: 100)
            else { throw OutOfMemory() }
            let copy = pools.copy(packet) != nil
            #expect(!copy)
            #expect(pools.available.frames == 1 && pools.available.chunks == 1)
        }
        #expect(pools.isWhole)
    }

    @Test("packets, queues and readers outlive the object and keep their bytes")
    func outliving() throws {
        for _ in 0..<20 {
            var dice = Dice(9)
            let content = dice.bytes(30_000)
            var packet: Packet?
            var queue: ByteQueue?
            do {
                let pools = BufferPools(.init(frames: 4, controls: 2, chunks: 8))
                packet = pools.packet(content, headCount: 50)
                var fresh = pools.queue()
                _ = fresh.append(content.span)
                queue = consume fresh
            }
            guard let packet else { throw OutOfMemory() }
            #expect(bytes(of: packet) == content)
            guard var queue else { throw OutOfMemory() }
            #expect(bytes(of: &queue) == content)
        }
    }

    @Test("once the object is gone, what outlived it gets no more memory")
    func noMemoryAfterwards() throws {
        var queue: ByteQueue?
        do {
            let pools = BufferPools(.init(frames: 1, controls: 1, chunks: 4))
            var fresh = pools.queue()
            _ = fresh.append(([1, 2, 3] as [UInt8]).span)
            queue = consume fresh
        }
        guard var queue else { throw OutOfMemory() }
        let taken = queue.append([UInt8](repeating: 4, count: 20_000).span)
        // What the queue's own chunk has room for still fits.
        #expect(taken == 16_384 - 3)
        #expect(queue.count == 16_384)
    }

    @Test(
        "a plan by bytes stays within them and serves every kind",
        arguments: [1 << 20, 16 << 20, 1 << 30])
    func plan(byteLimit: Int) {
        let plan = BufferPools.Plan(byteLimit: byteLimit)
        let bytes = plan.frames * 2112 + plan.controls * 320 + plan.chunks * (16_384 + 36)
        #expect(bytes <= byteLimit + byteLimit / 100)
        #expect(plan.frames >= 64 && plan.controls >= 64 && plan.chunks >= 48)
    }
}
