import CallFuzzing
import Foundation
import Sockets
import Testing

@Suite("Any calls")
struct CallFuzzTests {
    /// `Tests/FuzzCalls` makes many more, and counts descriptors, of which it alone has some.
    @Test(
        "leave no socket, waiter or memory behind, on two hosts in virtual time",
        .timeLimit(.minutes(5)), arguments: [1, 2, 3] as [UInt64])
    func calls(seed: UInt64) async throws {
        let isLong = ProcessInfo.processInfo.environment["SOCKEYE_LONG_TESTS"] == "1"
        let problem = try await SimulatedCalls.problem(
            seed: seed, calls: isLong ? 100_000 : 1_000, ownsProcess: false)
        #expect(problem == nil)
    }
}
