import Memory
import Testing

@Suite("Pools shared by threads")
struct ConcurrencyTests {
    /// Takes packets, fills them with `mark`, shares chunks, and looks whether others meddled.
    private static func work(_ pools: BufferPools, mark: UInt8, rounds: Int) -> Int {
        let content = [UInt8](repeating: mark, count: 3000)
        var held = Ring<Packet>()
        var meddled = 0
        for round in 0..<rounds {
            if let packet = pools.packet(content, headCount: round % 1500) { held.append(packet) }
            if let packet = pools.packet(content, headCount: 3000 - 1100) { held.append(packet) }
            if var control = pools.control(headroom: 0) {
                control.append(content.span.extracting(first: 200))
                held.append(control)
            }
            while held.count > round % 7 {
                guard let packet = held.popFirst() else { break }
                if !bytes(of: packet).allSatisfy({ $0 == mark }) { meddled += 1 }
            }
        }
        return meddled
    }

    @Test("threads that hammer the pools never get the same memory, and nothing is lost")
    func hammering() async {
        let pools = BufferPools(.init(frames: 8, controls: 4, chunks: 8))
        let meddled = await withTaskGroup(of: Int.self) { group in
            for mark in 1...4 as ClosedRange<UInt8> {
                group.addTask { Self.work(pools, mark: mark, rounds: 1_000) }
            }
            return await group.reduce(0, +)
        }
        #expect(meddled == 0)
        #expect(pools.isWhole)
    }

    @Test("packets taken by one thread and dropped by another come back")
    func passing() async {
        let pools = BufferPools(.init(frames: 64, controls: 64, chunks: 64))
        for _ in 0..<60 {
            var packets = Ring<Packet>()
            for _ in 0..<16 {
                if let packet = pools.packet([UInt8](repeating: 1, count: 3000), headCount: 10) {
                    packets.append(packet)
                }
            }
            let box = Box(packets)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { box.empty() }
                group.addTask { _ = Self.work(pools, mark: 2, rounds: 10) }
            }
        }
        #expect(pools.isWhole)
    }

    @Test("the last packets and the object may go in any order, on any thread")
    func lastReturns() async {
        for _ in 0..<200 {
            let first: Box
            let second: Box
            var pools: BufferPools? = BufferPools(.init(frames: 16, controls: 1, chunks: 16))
            first = Box(pools)
            second = Box(pools)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { first.empty() }
                group.addTask { second.empty() }
                pools = nil
            }
        }
    }

    /// Packets on their way to another thread; only that one touches them.
    private final class Box: @unchecked Sendable {
        private var packets: Ring<Packet>

        init(_ packets: consuming Ring<Packet>) { self.packets = packets }

        init(_ pools: BufferPools?) {
            packets = Ring()
            for _ in 0..<6 {
                guard let packet = pools?.packet([UInt8](repeating: 1, count: 3000), headCount: 10)
                else { return }
                packets.append(packet)
            }
        }

        func empty() { while packets.popFirst() != nil {} }
    }
}
