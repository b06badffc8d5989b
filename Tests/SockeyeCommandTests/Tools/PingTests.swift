import Stack
import Testing

@testable import SockeyeCommand

@Suite("What ping counts and says")
struct PingTests {
    private func at(_ milliseconds: Int) -> Instant { .zero + .milliseconds(milliseconds) }

    @Test("answers, duplicates, errors and silence are told apart")
    func tally() {
        var tally = PingTally()
        for second in 0..<4 { _ = tally.send(at: at(second * 1000)) }
        let first = tally.receive(1, at: at(2))
        #expect(first?.isDuplicate == false && first?.roundTrip == .milliseconds(2))
        let second = tally.receive(1, at: at(5))
        #expect(second?.isDuplicate == true)
        let third = tally.receive(3, at: at(2004))
        #expect(third?.roundTrip == .milliseconds(4))
        let stranger = tally.receive(9, at: at(9))
        #expect(stranger == nil)
        let failures = [tally.fail(2), tally.fail(2), tally.fail(1)]
        #expect(failures == [true, false, false])
        #expect(tally.settled == 3)
        #expect(
            tally.summary(of: "10.0.0.1") == [
                "", "--- 10.0.0.1 ping statistics ---",
                "4 packets transmitted, 2 received, +1 duplicates, +1 errors, 50% packet loss, "
                    + "time 3000ms", "rtt min/avg/max/mdev = 2.000/3.000/4.000/1.000 ms",
            ])
    }

    @Test("sequence numbers go round after 65,535 requests")
    func wrapping() {
        var tally = PingTally()
        for number in 1...65_536 { _ = tally.send(at: at(number)) }
        let last = tally.receive(0, at: at(65_537))
        #expect(last?.roundTrip == .milliseconds(1))
        let number = tally.send(at: at(65_537))
        #expect(number == 1)
        let next = tally.receive(1, at: at(65_538))
        #expect(next?.roundTrip == .milliseconds(1))
        // What was sent long ago is forgotten.
        let old = tally.receive(7, at: at(70_000))
        #expect(old == nil)
    }

    @Test("nothing received leaves an empty line instead of times")
    func nothing() {
        var tally = PingTally()
        _ = tally.send(at: at(0))
        #expect(tally.summary(of: "x").last == "")
        #expect(tally.summary(of: "x")[2].contains("100% packet loss"))
    }

    @Test(
        "times have as many decimals as iputils gives them",
        arguments: [
            (45, "0.045"), (999, "0.999"), (1_234, "1.23"), (12_345, "12.3"), (123_456, "123"),
        ])
    func times(microseconds: Int, text: String) {
        #expect(PingText.time(.microseconds(microseconds)) == text)
    }

    @Test(
        "per cent have six digits at most",
        arguments: [
            (1, 3, "33.3333"), (1, 2, "50"), (3, 3, "100"), (0, 5, "0"), (1, 19, "5.26316"),
        ])
    func percentages(part: Int, whole: Int, text: String) {
        #expect(PingText.percentage(part, of: whole) == text)
    }
}
