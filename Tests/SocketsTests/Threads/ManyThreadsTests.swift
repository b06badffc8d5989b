import CallFuzzing
import Devices
import Foundation
import Sockets
import Stack
import Synchronization
import Testing
import Wire

@Suite("Many threads on one stack")
struct ManyThreadsTests {
    @Test(
        "make all calls at once on shared sockets, closed under each other's hands, and leave nothing",
        .timeLimit(.minutes(5)))
    func everything() async throws {
        let net = try Wired()
        let networks = [Network(net.left), Network(net.right)]
        let addresses = [IPAddress.v4(10, 0, 0, 1), .v4(10, 0, 0, 2)]
        let table = SocketTable(limit: 48)
        let sets = try (0..<4).map { _ in try ReadySet() }
        let isLong = ProcessInfo.processInfo.environment["SOCKEYE_LONG_TESTS"] == "1"
        let calls = isLong ? 20_000 : 1_000
        let total = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<64 {
                group.addTask {
                    try await onThread { () throws(SocketError) in
                        var caller = SocketCaller(
                            networks, addresses, table, sets, seed: UInt64(number))
                        while caller.count < calls {
                            caller.call()
                            if caller.count % 16 == number % 16 { caller.blockingCall() }
                        }
                        return caller.count
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(total == 64 * calls)
        table.closeAll()
        let waits = net.left.waits + net.right.waits
        #expect(waits == [])
        #expect(sets.reduce(0) { $0 + $1.count } == 0)
        net.end()
    }
}
