import Devices
import Glibc
import Stack
import Synchronization
import Testing

@Suite("Waiting for descriptors and deadlines")
struct PollerTests {
    @Test("A wait without events ends at its deadline, not before and not much later")
    func deadline() throws {
        var poller = try Poller()
        var latest = Interval.zero
        for microseconds in [100, 250, 500, 1_500, 3_000] {
            let deadline = MonotonicClock.now() + .microseconds(microseconds)
            #expect(poller.wait(until: deadline) == 0)
            let late = MonotonicClock.now() - deadline
            #expect(late >= .zero)
            latest = max(latest, late)
        }
        // A busy machine is late, but not by the whole millisecond of poll(2) each time.
        #expect(latest < .milliseconds(100))
    }

    @Test("A deadline that has passed makes a look without a wait")
    func past() throws {
        var poller = try Poller()
        let wakeUp = try WakeUp()
        try poller.add(wakeUp.descriptor, token: 1)
        #expect(poller.wait(until: .zero) == 0)
        wakeUp.signal()
        #expect(poller.wait(until: .zero) == 1)
    }

    @Test("An event bears the token of its descriptor until that is drained or removed")
    func tokens() throws {
        var poller = try Poller()
        let wakeUps = try (0..<3).map { _ in try WakeUp() }
        for (number, wakeUp) in wakeUps.enumerated() {
            try poller.add(wakeUp.descriptor, token: UInt64.max - UInt64(number))
        }
        wakeUps[0].signal()
        wakeUps[2].signal()
        #expect(poller.wait(until: .never) == 2)
        let events = Set([poller[0].token, poller[1].token])
        #expect(events == [UInt64.max, UInt64.max - 2])
        #expect(poller[0].ready == .readable)
        wakeUps[0].drain()
        #expect(poller.wait(until: .zero) == 1)
        #expect(poller[0].token == UInt64.max - 2)
        try poller.remove(wakeUps[2].descriptor)
        #expect(poller.wait(until: .zero) == 0)
    }

    @Test("What is waited for can be changed")
    func interests() throws {
        var poller = try Poller()
        let wakeUp = try WakeUp()
        try poller.add(wakeUp.descriptor, token: 7, for: [])
        wakeUp.signal()
        #expect(poller.wait(until: .zero) == 0)
        try poller.change(wakeUp.descriptor, token: 8, for: [.readable, .writable])
        #expect(poller.wait(until: .zero) == 1)
        #expect(poller[0].token == 8)
        #expect(poller[0].ready == [.readable, .writable])
    }

    @Test("More events than one wait reports come with the next")
    func manyEvents() throws {
        var poller = try Poller()
        let wakeUps = try (0..<Poller.eventLimit + 10).map { _ in try WakeUp() }
        for (number, wakeUp) in wakeUps.enumerated() {
            try poller.add(wakeUp.descriptor, token: UInt64(number))
            wakeUp.signal()
        }
        var seen = Set<UInt64>()
        for _ in 0..<2 {
            for event in 0..<poller.wait(until: .zero) { seen.insert(poller[event].token) }
        }
        #expect(seen.count == wakeUps.count)
    }

    @Test("A mistake with a descriptor is told")
    func errors() throws {
        let poller = try Poller()
        let wakeUp = try WakeUp()
        try poller.add(wakeUp.descriptor, token: 1)
        var codes: [Int32] = []
        do throws(DeviceError) {
            try poller.add(wakeUp.descriptor, token: 1)
        } catch {
            codes.append(error.code)
        }
        do throws(DeviceError) { try poller.remove(-1) } catch { codes.append(error.code) }
        #expect(codes == [EEXIST, EBADF])
    }

    @Test("A signal from another thread ends a wait without a deadline")
    func wakeUp() throws {
        var poller = try Poller()
        let wakeUp = try WakeUp()
        try poller.add(wakeUp.descriptor, token: 1)
        let start = MonotonicClock.now()
        let worker = try Worker {
            usleep(5_000)
            wakeUp.signal()
        }
        // A signal to the process may end a wait early.
        while poller.wait(until: .never) == 0 {}
        #expect(MonotonicClock.now() - start >= .milliseconds(4))
        #expect(worker.ends())
    }

    @Test("Many signals are one, and a drain takes them all")
    func drain() throws {
        let wakeUp = try WakeUp()
        #expect(!isReadable(wakeUp.descriptor))
        for _ in 0..<1000 { wakeUp.signal() }
        #expect(isReadable(wakeUp.descriptor))
        wakeUp.drain()
        #expect(!isReadable(wakeUp.descriptor))
        wakeUp.drain()
    }
}
