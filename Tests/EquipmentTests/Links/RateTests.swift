import Equipment
import Memory
import Stack
import Testing

@Suite("Rate of a link")
struct RateTests {
    let pools = BufferPools(.init(frames: 256, controls: 64, chunks: 16))

    private func link(_ rate: BitRate, queueLimit: Int) -> ImpairedLink {
        var impairments = Impairments()
        impairments.rate = rate
        impairments.queueLimit = queueLimit
        return ImpairedLink(impairments, networkOffset: 14, seed: 1, 2, pools: pools)
    }

    /// When the packets under way come out, in nanoseconds.
    private func arrivals(_ link: inout ImpairedLink) -> [Int64] {
        var times: [Int64] = []
        while link.nextDeadline != .never {
            let now = link.nextDeadline
            while link.next(at: now) != nil { times.append(now.nanoseconds) }
        }
        return times
    }

    @Test("packets leave one after the other, each after its own length")
    func serialisation() throws {
        var link = link(.megabits(8), queueLimit: 100_000)
        for size in [1000, 500, 250] {
            link.submit(
                try makePacket(Array(repeating: 0, count: size), headCount: size, from: pools),
                at: Instant(nanoseconds: 5))
        }
        // 8 Mbit/s is a byte each microsecond.
        #expect(arrivals(&link) == [1_000_005, 1_500_005, 1_750_005])
    }

    @Test("time may begin anywhere")
    func negativeTime() throws {
        var link = link(.megabits(8), queueLimit: 0)
        link.submit(
            try makePacket(Array(repeating: 0, count: 100), headCount: 100, from: pools),
            at: Instant(nanoseconds: -500_000))
        #expect(arrivals(&link) == [-400_000])
    }

    @Test("an idle line begins at once again")
    func idle() throws {
        var link = link(.megabits(8), queueLimit: 100_000)
        for time in [0, 10_000_000] as [Int64] {
            link.submit(
                try makePacket(Array(repeating: 0, count: 100), headCount: 100, from: pools),
                at: Instant(nanoseconds: time))
        }
        #expect(arrivals(&link) == [100_000, 10_100_000])
    }

    @Test("rounding to nanoseconds does not add up", arguments: [3, 7, 9_999, 39_999, 123_457])
    func rounding(megabits: Int) throws {
        var link = link(.megabits(megabits), queueLimit: 1 << 30)
        for _ in 0..<200 {
            link.submit(
                try makePacket(Array(repeating: 0, count: 61), headCount: 61, from: pools),
                at: .zero)
        }
        let last = try #require(arrivals(&link).last)
        #expect(last == Int64(200 * 61 * 8 * 1000 / megabits))
    }

    @Test("a full queue drops what comes, and counts it; the line stays busy")
    func queueLimit() throws {
        var link = link(.megabits(8), queueLimit: 5_000)
        for _ in 0..<20 {
            link.submit(
                try makePacket(Array(repeating: 0, count: 1000), headCount: 1000, from: pools),
                at: .zero)
        }
        let drops = link.counters.queueDrops
        #expect(drops == 15)
        #expect(arrivals(&link) == (1...5).map { $0 * 1_000_000 })
    }

    @Test("a line without a queue still takes a packet when it is free")
    func noQueue() throws {
        var link = link(.megabits(8), queueLimit: 0)
        for time in [0, 500_000, 1_000_000] as [Int64] {
            link.submit(
                try makePacket(Array(repeating: 0, count: 1000), headCount: 1000, from: pools),
                at: Instant(nanoseconds: time))
        }
        #expect(arrivals(&link) == [1_000_000, 2_000_000])
    }

    @Test("offered more than it takes, the line delivers its rate")
    func throughput() throws {
        var link = link(.megabits(10), queueLimit: 50_000)
        var delivered = 0
        // 1,500 bytes each millisecond are 12 Mbit/s, for two seconds.
        for millisecond in 0..<2_000 {
            let now = Instant.zero + .milliseconds(millisecond)
            while let packet = link.next(at: now) { delivered += packet.count }
            link.submit(
                try makePacket(Array(repeating: 0, count: 1500), headCount: 1500, from: pools),
                at: now)
        }
        let expected = 10_000_000 / 8 * 2
        #expect(delivered > expected - 3_000 && delivered <= expected)
    }
}
