import CallFuzzing
import Foundation
import Sockets
import Testing

@Suite("Any calls")
struct CallFuzzTests {
    /// `Tests/FuzzCalls` makes a million.
    @Test(
        "leave no socket, waiter, memory or descriptor behind, on two hosts in virtual time",
        .timeLimit(.minutes(5)), arguments: [1, 2, 3] as [UInt64])
    func calls(seed: UInt64) async throws {
        let isLong = ProcessInfo.processInfo.environment["SOCKEYE_LONG_TESTS"] == "1"
        let problem = try await SimulatedCalls.problem(seed: seed, calls: isLong ? 100_000 : 8_000)
        #expect(problem == nil)
    }
}
