import Memory
import Testing

@testable import Stack

/// The wheel against a list that is searched: the same timers, in the order of (deadline, order
/// of scheduling).
@Suite("Timer wheel") struct TimerWheelTests {
    struct Model {
        struct Entry {
            var owner: UInt32
            var deadline: Instant
            var sequence: Int
            var id: TimerID
        }
        var entries: [Entry] = []
        var scheduled = 0

        mutating func popDue(at now: Instant) -> UInt32? {
            let due = entries.indices.filter { entries[$0].deadline <= now }
            let first = due.min { left, right in
                let (a, b) = (entries[left], entries[right])
                return (a.deadline.nanoseconds, a.sequence) < (b.deadline.nanoseconds, b.sequence)
            }
            guard let first else { return nil }
            return entries.remove(at: first).owner
        }
    }

    /// Deadlines near and far, past and equal ones among them.
    static func delay(_ random: inout RandomSource) -> Interval {
        switch random.next(below: 8) {
        case 0: .zero
        case 1: .nanoseconds(Int(random.next(below: 1000)))
        case 2: .microseconds(Int(random.next(below: 500)))
        case 3: .milliseconds(Int(random.next(below: 5)))
        case 4: .milliseconds(Int(random.next(below: 1000)))
        case 5: .seconds(Int(random.next(below: 100)))
        case 6: .seconds(Int(random.next(below: 3_000_000)))
        default: .milliseconds(-Int(random.next(below: 10)))
        }
    }

    @Test(
        "It agrees with a searched list over random operations",
        arguments: 1...6 as ClosedRange<UInt64>)
    func agrees(_ seed: UInt64) {
        var random = RandomSource(seed: seed, 7)
        var wheel = TimerWheel()
        var model = Model()
        var now = Instant(nanoseconds: seed == 1 ? 0 : 1 << 40 + Int64(seed))
        var differences = 0
        for _ in 0..<4000 {
            switch random.next(below: 10) {
            case 0..<5:
                let deadline = now + Self.delay(&random)
                let owner = UInt32(model.scheduled)
                let id = wheel.schedule(
                    TimerOwner(
                        kind: .connection, index: SlabIndex(place: owner, generation: 1)),
                    at: deadline)
                model.entries.append(
                    .init(owner: owner, deadline: deadline, sequence: model.scheduled, id: id))
                model.scheduled += 1
            case 5..<7:
                guard !model.entries.isEmpty else { continue }
                let index = Int(random.next(below: UInt32(model.entries.count)))
                wheel.cancel(model.entries.remove(at: index).id)
            default:
                let first = model.entries.map(\.deadline).min() ?? .never
                if wheel.nextDeadline > first { differences += 1 }
                let jump =
                    random.next(below: 4) == 0 ? wheel.nextDeadline : now + Self.delay(&random)
                if jump != .never, jump > now { now = jump }
                while true {
                    let expected = model.popDue(at: now)
                    let got = wheel.popDue(at: now)?.index.place
                    if expected != got { differences += 1 }
                    guard expected != nil, got != nil else { break }
                }
            }
        }
        #expect(differences == 0)
        #expect(model.scheduled > 1000)
    }

    @Test("Asked at its own deadline, it always comes closer to a timer's")
    func advances() {
        var wheel = TimerWheel()
        let deadline = Instant(nanoseconds: 123_456_789_012_345)
        _ = wheel.schedule(
            TimerOwner(kind: .neighbour, index: SlabIndex(place: 0, generation: 1)), at: deadline)
        var steps = 0
        var last = Instant.zero
        while wheel.nextDeadline < .never, steps < 20 {
            let next = wheel.nextDeadline
            #expect(next > last && next <= deadline)
            last = next
            _ = wheel.popDue(at: next)
            steps += 1
        }
        // One step a level, and the timer itself.
        #expect(steps <= 9)
        #expect(wheel.count == 0)
    }
}
