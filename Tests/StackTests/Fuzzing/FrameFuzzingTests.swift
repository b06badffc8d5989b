import FrameFuzzing
import Stack
import Testing

/// Valid frames, spoilt ones and an application that does anything; `make fuzz` and the release
/// run of `FuzzFrames` do the same for longer.
@Suite("Fuzzed frames") struct FrameFuzzingTests {
    @Test(
        "A hundred thousand frames: no trap, no hang, nothing left",
        arguments: 1...10 as ClosedRange<UInt64>)
    func frames(_ seed: UInt64) throws {
        var fuzzer = try FrameFuzzer(seed: seed)
        var choices = Choices(seed: seed)
        fuzzer.run(&choices, frames: 10_000)
        let problem = fuzzer.finish()
        #expect(problem == nil)
        // It got somewhere: connections were made, and every layer had something to drop.
        let counters = fuzzer.counters
        #expect(counters[.tcpEstablished] > 5 && counters[.tcpOutOfOrder] > 2)
        #expect(counters[.ipMalformed] > 20 && counters[.ipBadChecksum] > 20)
        #expect(counters[.tcpBadChecksum] > 20 && counters[.tcpOutOfWindow] > 20)
    }

    @Test("The same seed gives the same run")
    func repeats() throws {
        var received: [UInt64] = []
        for _ in 0..<2 {
            var fuzzer = try FrameFuzzer(seed: 3)
            var choices = Choices(seed: 3)
            fuzzer.run(&choices, frames: 2000)
            received.append(fuzzer.counters[.tcpSegmentsSent] << 32 | fuzzer.counters.dropped)
        }
        #expect(received[0] == received[1])
    }

    @Test("Any bytes are a run", arguments: 0..<50)
    func bytes(_ seed: UInt64) throws {
        var source = RandomSource(seed: seed, 0)
        let bytes = (0..<500).map { _ in UInt8(truncatingIfNeeded: source.next()) }
        var fuzzer = try FrameFuzzer(seed: 0)
        var choices = Choices(bytes: bytes)
        fuzzer.run(&choices, frames: .max)
        #expect(choices.isExhausted)
        let problem = fuzzer.finish()
        #expect(problem == nil)
    }
}
