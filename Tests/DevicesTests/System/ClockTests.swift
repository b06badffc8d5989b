import Devices
import Glibc
import Stack
import Testing

@Suite("Clocks and randomness of the system")
struct ClockTests {
    @Test("The monotonic clock never runs backwards, and follows time")
    func monotonic() {
        var last = MonotonicClock.now()
        let start = last
        #expect(start > .zero)
        for _ in 0..<100_000 {
            let now = MonotonicClock.now()
            #expect(now >= last)
            last = now
        }
        usleep(2_000)
        #expect(MonotonicClock.now() - start >= .milliseconds(2))
    }

    @Test("The wall clock shows the time of day")
    func wall() {
        let before = time(nil)
        let (seconds, nanoseconds) = WallClock.now()
        let after = time(nil)
        // time(2) reads a coarser clock, which is up to a tick behind.
        #expect(seconds >= before - 1 && seconds <= after + 1)
        #expect((0..<1_000_000_000).contains(nanoseconds))
    }

    @Test("Seeds are different each time")
    func seeds() {
        var seen = Set<UInt64>()
        for _ in 0..<100 {
            let seed = SystemRandom.seed()
            seen.insert(seed.0)
            seen.insert(seed.1)
        }
        #expect(seen.count == 200)
    }
}
