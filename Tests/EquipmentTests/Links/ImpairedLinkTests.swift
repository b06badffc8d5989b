import Equipment
import Memory
import Stack
import Testing

/// What comes out of a link for 50,000 packets is measured against what was asked; five standard
/// deviations are let through, and the seed is fixed.
@Suite("Impaired links")
struct ImpairedLinkTests {
    let pools = BufferPools(.init(frames: 4096, controls: 64, chunks: 64))
    static let count = 50_000

    /// A packet that came out: its number, when, and its bytes.
    struct Arrival: Equatable {
        var number: Int
        var time: Int64
        var bytes: [UInt8]
    }

    /// Sends `count` packets of `size` bytes, one each `spacing`, and takes them out when due.
    private func run(
        _ link: inout ImpairedLink, count: Int = Self.count, size: Int = 64,
        spacing: Interval = .microseconds(10)
    ) throws -> [Arrival] {
        var arrivals: [Arrival] = []
        var now = Instant.zero
        for number in 0..<count {
            drain(&link, until: now, into: &arrivals)
            var bytes = [UInt8](repeating: 0xA5, count: size)
            for place in 0..<4 { bytes[place] = UInt8(truncatingIfNeeded: number >> (8 * place)) }
            link.submit(try makePacket(bytes, headCount: size, from: pools), at: now)
            now = now + spacing
        }
        drain(&link, until: .never, into: &arrivals)
        let (left, deadline) = (link.count, link.nextDeadline)
        #expect(left == 0)
        #expect(deadline == .never)
        return arrivals
    }

    private func drain(
        _ link: inout ImpairedLink, until limit: Instant, into arrivals: inout [Arrival]
    ) {
        while link.nextDeadline <= limit, link.nextDeadline != .never {
            let now = link.nextDeadline
            while let packet = link.next(at: now) {
                let bytes = bytes(of: packet)
                let number = (0..<4).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
                arrivals.append(Arrival(number: number, time: now.nanoseconds, bytes: bytes))
            }
        }
    }

    private func link(_ change: (inout Impairments) -> Void, seed: UInt64 = 7) -> ImpairedLink {
        var impairments = Impairments()
        change(&impairments)
        return ImpairedLink(impairments, networkOffset: 14, seed: seed, 1, pools: pools)
    }

    /// Whether `found` of `count` events agree with probability p (per million).
    private func agrees(_ found: Int, of count: Int = Self.count, perMillion p: Int) -> Bool {
        // (found - n p)² <= 25 n p (1 - p), in integers, scaled by 10⁶.
        let difference = found * 1_000_000 - count * p
        let variance = count * p * (1_000_000 - p) / 1_000_000
        return (difference / 1000) * (difference / 1000) <= 25 * variance + 25_000_000
    }

    @Test("without impairments every packet comes at once, unchanged and in order")
    func transparent() throws {
        var link = link { _ in }
        let arrivals = try run(&link, count: 1000)
        #expect(arrivals.map(\.number) == Array(0..<1000))
        #expect(arrivals.allSatisfy { $0.time == Int64($0.number) * 10_000 })
        #expect(arrivals.allSatisfy { $0.bytes[4...].allSatisfy { $0 == 0xA5 } })
    }

    @Test("a delay is exact and keeps the order")
    func delay() throws {
        var link = link { $0.delay = .milliseconds(40) }
        let arrivals = try run(&link, count: 3000)
        #expect(arrivals.map(\.number) == Array(0..<3000))
        #expect(arrivals.allSatisfy { $0.time == Int64($0.number) * 10_000 + 40_000_000 })
    }

    @Test("packets submitted together keep their order")
    func ties() throws {
        var link = link { $0.delay = .milliseconds(1) }
        let arrivals = try run(&link, count: 2000, spacing: .zero)
        #expect(arrivals.map(\.number) == Array(0..<2000))
    }

    @Test("loss comes as often as asked", arguments: [1_000, 20_000, 500_000])
    func loss(perMillion: Int) throws {
        var link = link { $0.loss = .perMillion(perMillion) }
        let arrivals = try run(&link)
        let lost = Self.count - arrivals.count
        #expect(agrees(lost, perMillion: perMillion))
        let counters = link.counters
        #expect(counters.lost == UInt64(lost))
        #expect(counters.delivered == UInt64(arrivals.count))
        #expect(counters.submitted == UInt64(Self.count))
    }

    @Test("losses are independent: after a loss the next is as likely as ever")
    func independence() throws {
        var link = link { $0.loss = .percent(20) }
        let arrived = Set(try run(&link).map(\.number))
        let lost = (0..<Self.count).filter { !arrived.contains($0) }
        let runs = zip(lost, lost.dropFirst()).count { $1 == $0 + 1 }
        #expect(agrees(runs, of: lost.count, perMillion: 200_000))
    }

    @Test("always loses all, never loses none")
    func extremes() throws {
        var always = link { $0.loss = .always }
        #expect(try run(&always, count: 1000).isEmpty)
        var never = link { $0.loss = .never }
        #expect(try run(&never, count: 1000).count == 1000)
    }

    @Test("more loss loses the same packets and more: chance depends on seed and number alone")
    func nested() throws {
        var mild = link { $0.loss = .percent(2) }
        var harsh = link {
            $0.loss = .percent(10)
            $0.jitter = .milliseconds(1)
            $0.duplication = .percent(1)
        }
        let all = Set(0..<10_000)
        let lostMildly = all.subtracting(try run(&mild, count: 10_000).map(\.number))
        let lostHarshly = all.subtracting(try run(&harsh, count: 10_000).map(\.number))
        #expect(!lostMildly.isEmpty)
        #expect(lostMildly.isStrictSubset(of: lostHarshly))
    }

    @Test("jitter spreads evenly around the delay")
    func jitter() throws {
        var link = link {
            $0.delay = .milliseconds(10)
            $0.jitter = .milliseconds(2)
        }
        let travels = try run(&link).map { $0.time - Int64($0.number) * 10_000 }
        #expect(travels.count == Self.count)
        #expect(travels.allSatisfy { $0 >= 8_000_000 && $0 <= 12_000_000 })
        for quarter in 0..<4 {
            let from = 8_000_000 + Int64(quarter) * 1_000_000
            let inside = travels.count { $0 >= from && $0 < from + 1_000_000 }
            #expect(agrees(inside, perMillion: 250_000))
        }
    }

    @Test("a jitter above the delay never sends a packet back in time")
    func jitterAboveDelay() throws {
        var link = link {
            $0.delay = .milliseconds(1)
            $0.jitter = .milliseconds(5)
        }
        let arrivals = try run(&link, count: 5000)
        #expect(arrivals.count == 5000)
        #expect(arrivals.allSatisfy { $0.time >= Int64($0.number) * 10_000 })
    }

    @Test(
        "intervals of any size do not trap", arguments: [0, 1, .max / 2, .max - 1, .max] as [Int64])
    func extremeIntervals(nanoseconds: Int64) throws {
        for sign in [1, -1] as [Int64] {
            var link = link {
                $0.delay = Interval(nanoseconds: nanoseconds * sign)
                $0.jitter = Interval(nanoseconds: nanoseconds * sign)
                $0.reordering = .always
                $0.reorderingHold = Interval(nanoseconds: nanoseconds * sign)
                $0.duplication = .always
            }
            for _ in 0..<20 {
                link.submit(try makePacket([1], headCount: 1, from: pools), at: .zero)
            }
            let submitted = link.counters.submitted
            #expect(submitted == 20)
        }
    }

    @Test("duplicates come as often as asked, right behind their originals")
    func duplication() throws {
        var link = link { $0.duplication = .percent(5) }
        let arrivals = try run(&link)
        let copies = zip(arrivals, arrivals.dropFirst()).count { $0 == $1 }
        #expect(arrivals.count == Self.count + copies)
        #expect(agrees(copies, perMillion: 50_000))
        let duplicated = link.counters.duplicated
        #expect(duplicated == UInt64(copies))
    }

    @Test("reordered packets come as often as asked, late by the hold; the others keep order")
    func reordering() throws {
        var link = link {
            $0.delay = .milliseconds(3)
            $0.reordering = .percent(10)
            $0.reorderingHold = .microseconds(95)
        }
        let arrivals = try run(&link)
        let travels = arrivals.map { $0.time - Int64($0.number) * 10_000 }
        let late = travels.count { $0 == 3_095_000 }
        #expect(late + travels.count { $0 == 3_000_000 } == Self.count)
        #expect(agrees(late, perMillion: 100_000))
        let punctual = zip(arrivals, travels).filter { $0.1 == 3_000_000 }.map(\.0.number)
        #expect(punctual == punctual.sorted())
        let reordered = link.counters.reordered
        #expect(reordered == UInt64(late))
    }

    @Test("corruption turns over one bit, anywhere, as often as asked")
    func corruption() throws {
        var link = link { $0.corruption = .percent(10) }
        let arrivals = try run(&link)
        var places: [Int: Int] = [:]
        for (number, arrival) in arrivals.enumerated() {
            var original = [UInt8](repeating: 0xA5, count: 64)
            for place in 0..<4 {
                original[place] = UInt8(truncatingIfNeeded: number >> (8 * place))
            }
            let damage = zip(original, arrival.bytes).map { $0 ^ $1 }
            let bits = damage.reduce(0) { $0 + $1.nonzeroBitCount }
            #expect(bits <= 1)
            if let place = damage.firstIndex(where: { $0 != 0 }) { places[place, default: 0] += 1 }
        }
        #expect(agrees(places.values.reduce(0, +), perMillion: 100_000))
        #expect(places.count == 64)
        let corrupted = link.counters.corrupted
        #expect(corrupted == UInt64(places.values.reduce(0, +)))
    }

    @Test("a partial checksum is completed before corruption, so that it tells")
    func corruptedChecksum() throws {
        var link = link { $0.corruption = .always }
        let metadata = PacketMetadata(checksum: .partial(start: 0, offset: 2))
        link.submit(
            try makePacket([1, 2, 0, 0], headCount: 4, from: pools, metadata: metadata), at: .zero)
        guard let packet = link.next(at: .zero) else {
            Issue.record("nothing came out")
            return
        }
        let state = packet.metadata.checksum
        #expect(state == .unknown)
        let damage = zip(bytes(of: packet), [1, 2, 0xFE, 0xFD]).map { $0 ^ $1 }
        #expect(damage.reduce(0) { $0 + $1.nonzeroBitCount } == 1)
    }

    @Test("the same seed gives the same arrivals, another seed others")
    func determinism() throws {
        let change: (inout Impairments) -> Void = {
            $0.loss = .percent(3)
            $0.delay = .milliseconds(2)
            $0.jitter = .milliseconds(1)
            $0.duplication = .percent(2)
            $0.reordering = .percent(2)
            $0.corruption = .percent(2)
            $0.rate = .megabits(100)
        }
        var first = link(change)
        var second = link(change)
        var other = link(change, seed: 8)
        let arrivals = try run(&first, count: 5000)
        #expect(try run(&second, count: 5000) == arrivals)
        #expect(try run(&other, count: 5000) != arrivals)
    }

    @Test("nothing of the pools is left behind, also with packets under way")
    func noLeak() throws {
        do {
            var link = link {
                $0.delay = .seconds(1)
                $0.duplication = .percent(50)
            }
            for _ in 0..<1000 {
                link.submit(try makePacket([1, 2, 3], headCount: 3, from: pools), at: .zero)
            }
            let available = pools.available.frames
            #expect(available < pools.capacity.frames - 1000)
        }
        let available = pools.available.frames
        #expect(available == pools.capacity.frames)
    }

    @Test("without memory for a copy the original still arrives, and the lack is counted")
    func shortOfMemory() throws {
        let pools = BufferPools(.init(frames: 1, controls: 1, chunks: 1))
        var impairments = Impairments()
        impairments.duplication = .always
        var link = ImpairedLink(impairments, networkOffset: 14, seed: 1, 2, pools: pools)
        link.submit(try makePacket([1], headCount: 1, from: pools), at: .zero)
        let (original, copy) = (link.next(at: .zero) != nil, link.next(at: .zero) != nil)
        #expect(original)
        #expect(!copy)
        let drops = link.counters.memoryDrops
        #expect(drops == 1)
    }
}
