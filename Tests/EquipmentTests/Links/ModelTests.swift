import Equipment
import Memory
import Stack
import Testing

/// Reordering by gaps, wrong bits, overhead and queues, measured against what was asked.
@Suite("Models of a link")
struct ModelTests {
    // MARK: - Reordering

    @Test("with a gap every n-th packet overtakes those that are under way")
    func gap() throws {
        let run = try LinkRun("delay 1ms reorder 100% gap 5", count: 1000)
        let travels = run.travels
        #expect(travels.enumerated().allSatisfy { ($0.offset % 5 == 4) == ($0.element == 0) })
        #expect(run.counters.reordered == 200)
        #expect(travels.allSatisfy { $0 == 0 || $0 == 1_000_000 })
    }

    @Test("with a gap and a chance fewer do, never closer to each other than the gap")
    func gapAndChance() throws {
        let run = try LinkRun("delay 1ms reorder 25% gap 4")
        let overtaking = run.travels.enumerated().filter { $0.element == 0 }.map(\.offset)
        #expect(zip(overtaking, overtaking.dropFirst()).allSatisfy { $1 - $0 >= 4 })
        // Three packets wait for the gap, then a quarter of them go: 7 packets on average.
        let mean = Double(run.count) / Double(overtaking.count)
        #expect(abs(mean - 7) < 0.25)
    }

    @Test("a correlation makes those that change places follow each other")
    func correlated() throws {
        let run = try LinkRun("delay 1ms reorder 10% 60% hold 300us")
        let held = run.travels.map { $0 == 1_300_000 }
        #expect(Sample.agrees(held, with: 0.1, correlation: 0.6))
        #expect(abs(Sample.correlation(held.map { $0 ? 1 : 0 }) - 0.6) < 0.05)
    }

    @Test("duplicates and damage with a correlation come as often as asked, too")
    func otherCorrelations() throws {
        let twice = try LinkRun("duplicate 5% 50%")
        var copies = [Bool](repeating: false, count: twice.count)
        var seen = copies
        for arrival in twice.arrivals {
            copies[arrival.number] = seen[arrival.number]
            seen[arrival.number] = true
        }
        #expect(Sample.agrees(copies, with: 0.05, correlation: 0.5))
        #expect(abs(Sample.correlation(copies.map { $0 ? 1 : 0 }) - 0.5) < 0.06)
        let damaged = try LinkRun("corrupt 5% 50%", size: 8).arrivals.map { arrival in
            arrival.bytes[4...] != [0xA5, 0xA5, 0xA5, 0xA5]
        }
        // Half of the bits bear the number.
        #expect(Sample.agrees(damaged, with: 0.025, correlation: 0.5))
    }

    // MARK: - Wrong bits

    @Test("each bit is wrong as often as asked, wherever it stands", arguments: [0.001, 0.02, 0.5])
    func bits(rate: Double) throws {
        let run = try LinkRun("corrupt bits \(rate * 100)%", count: 2000, size: 64)
        // All but the number are as they were, or wrong.
        var wrong = [Int](repeating: 0, count: 480)
        var damaged = 0
        for arrival in run.arrivals {
            var isDamaged = false
            for (place, byte) in arrival.bytes[4...].enumerated() {
                for bit in 0..<8 where (byte ^ 0xA5) >> bit & 1 != 0 {
                    wrong[place * 8 + bit] += 1
                    isDamaged = true
                }
            }
            if isDamaged { damaged += 1 }
        }
        let all = Double(2000 * 480)
        let total = Double(wrong.reduce(0, +))
        #expect(abs(total - all * rate) < 5 * (all * rate * (1 - rate)).squareRoot())
        let expected = 2000 * rate
        let spread = 5.5 * (expected * (1 - rate)).squareRoot() + 1
        #expect(wrong.allSatisfy { abs(Double($0) - expected) < spread })
        #expect(UInt64(damaged) <= run.counters.corrupted)
    }

    @Test("bits behind the head are damaged too, and others who hold them see no change")
    func slices() throws {
        let pools = BufferPools(.init(frames: 64, controls: 8, chunks: 16))
        let sent = [UInt8](repeating: 0x3C, count: 9000)
        let packet = try makePacket(sent, headCount: 100, from: pools)
        guard let shared = pools.copy(packet) else { throw OutOfMemory() }
        var queue = pools.queue()
        #expect(queue.append(shared, from: 0, count: 9000) == 9000)
        var impairments = Impairments()
        impairments.corruption = .always
        var inHead = 0
        for seed: UInt64 in 0..<60 {
            var link = ImpairedLink(impairments, networkOffset: 14, seed: seed, 0, pools: pools)
            guard var offered = pools.frame(headroom: 64) else { throw OutOfMemory() }
            offered.append(sent.span.extracting(first: 100))
            #expect(queue.attach(to: &offered, from: 100, count: 8900) == 8900)
            link.submit(offered, at: .zero)
            guard let arrived = link.next(at: .zero) else { throw OutOfMemory() }
            let wrong = zip(bytes(of: arrived), sent).enumerated().filter {
                $0.element.0 != $0.element.1
            }
            #expect(wrong.count == 1)
            if let place = wrong.first?.offset, place < 100 { inHead += 1 }
        }
        #expect(inHead < 10)
        var left = [UInt8](repeating: 0, count: 9000)
        var span = left.mutableSpan
        #expect(queue.copy(from: 0, into: &span) == 9000)
        #expect(left == sent)
    }

    @Test("without memory for its own bytes a packet stays as it is, and the lack is counted")
    func shortOfMemory() throws {
        let pools = BufferPools(.init(frames: 1, controls: 1, chunks: 1))
        let sent = [UInt8](repeating: 1, count: 5000)
        var impairments = Impairments()
        impairments.bitErrors = .percent(50)
        var link = ImpairedLink(impairments, networkOffset: 14, seed: 1, 1, pools: pools)
        link.submit(try makePacket(sent, headCount: 10, from: pools), at: .zero)
        guard let packet = link.next(at: .zero) else { throw OutOfMemory() }
        #expect(bytes(of: packet)[10...] == sent[10...])
        let drops = link.counters.memoryDrops
        #expect(drops > 1000)
    }

    // MARK: - Rate and queue

    @Test("overhead counts on the line as a packet's own bytes do")
    func overhead() throws {
        // 8 Mbit/s is a byte each microsecond; 64 and 36 are 100.
        let run = try LinkRun(
            "rate 8mbit overhead 36 queue 1000", count: 50, spacing: .zero)
        #expect(run.arrivals.map(\.time) == (1...50).map { $0 * 100_000 })
    }

    @Test("a queue of packets holds so many, whatever their size", arguments: [64, 1500])
    func packets(size: Int) throws {
        let run = try LinkRun("rate 8mbit queue 10", count: 30, size: size, spacing: .zero)
        #expect(run.arrivals.map(\.number) == Array(0..<10))
        #expect(run.counters.queueDrops == 20)
    }

    @Test("a place in the queue is free again when a packet has left")
    func freeAgain() throws {
        // Each packet takes 64 µs; one comes each 32 µs: every second one finds no place.
        let run = try LinkRun(
            "rate 8mbit queue 1", count: 100, spacing: .microseconds(32))
        #expect(run.arrivals.map(\.number) == Array(stride(from: 0, to: 100, by: 2)))
        // At half the pace the line is always free, and nothing is kept of what has left.
        let calm = try LinkRun(
            "rate 8mbit queue 0", count: 1000, spacing: .microseconds(64))
        #expect(calm.arrivals.count == 1000)
    }

    @Test("a queue of bytes drops what does not fit")
    func byteQueue() throws {
        let run = try LinkRun("rate 8mbit queue 640b", count: 30, spacing: .zero)
        #expect(run.arrivals.map(\.number) == Array(0..<10))
    }

    // MARK: - All together

    @Test("the same seed gives the same fate, another seed another, with every model at once")
    func determinism() throws {
        let text = """
            delay 5ms 1ms 25% distribution pareto loss 1% 10% loss gilbert 1% 20% duplicate 1% 5%
            corrupt bits 0.01% corrupt 1% 5% reorder 5% 20% gap 3 rate 100mbit overhead 24 queue 50
            """
        let first = try LinkRun(text, count: 5000)
        #expect(try LinkRun(text, count: 5000).arrivals == first.arrivals)
        #expect(try LinkRun(text, count: 5000, seed: 8).arrivals != first.arrivals)
        let counters = first.counters
        let entered = counters.submitted + counters.duplicated
        let left = counters.delivered + counters.lost + counters.queueDrops
        #expect(entered == left)
    }
}
