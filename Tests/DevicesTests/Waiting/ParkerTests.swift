import Devices
import Glibc
import Stack
import Synchronization
import Testing

@Suite("Parking a thread")
struct ParkerTests {
    @Test("A token that was left before is taken at once, and only once")
    func tokenBefore() {
        let parker = Parker()
        parker.unpark()
        parker.unpark()
        #expect(parker.park())
        #expect(!parker.park(until: MonotonicClock.now() + .milliseconds(1)))
    }

    @Test("Without a token the thread sleeps until the deadline")
    func timeout() {
        let parker = Parker()
        for interval in [Interval.microseconds(200), .milliseconds(2), .milliseconds(-5)] {
            let deadline = MonotonicClock.now() + interval
            #expect(!parker.park(until: deadline))
            #expect(MonotonicClock.now() >= deadline)
        }
        #expect(!parker.park(until: .zero))
    }

    @Test("Another thread ends the sleep")
    func wake() throws {
        let parker = Parker()
        let worker = try Worker {
            usleep(5_000)
            parker.unpark()
        }
        #expect(parker.park(until: MonotonicClock.now() + .seconds(30)))
        #expect(worker.ends())
    }

    @Test("Two threads that wake each other by turns lose no token")
    func pingPong() throws {
        let (ping, pong) = (Parker(), Parker())
        let rounds = 20_000
        let worker = try Worker {
            for _ in 0..<rounds {
                guard ping.park(until: MonotonicClock.now() + .seconds(30)) else { return }
                pong.unpark()
            }
        }
        var answered = 0
        for _ in 0..<rounds {
            ping.unpark()
            if pong.park(until: MonotonicClock.now() + .seconds(30)) { answered += 1 }
        }
        #expect(answered == rounds)
        #expect(worker.ends())
    }

    @Test("A token that comes as the deadline does is either taken or kept, never lost")
    func race() throws {
        let parker = Parker()
        let taken = Atomic(0)
        let rounds = 3_000
        let done = Atomic(false)
        let sleeper = try Worker {
            while !done.load(ordering: .acquiring) {
                if parker.park(until: MonotonicClock.now() + .microseconds(20)) {
                    taken.add(1, ordering: .releasing)
                }
            }
        }
        for round in 1...rounds {
            parker.unpark()
            let deadline = MonotonicClock.now() + .seconds(30)
            while taken.load(ordering: .acquiring) < round, MonotonicClock.now() < deadline {}
        }
        done.store(true, ordering: .releasing)
        #expect(sleeper.ends())
        #expect(taken.load(ordering: .acquiring) == rounds)
    }
}
