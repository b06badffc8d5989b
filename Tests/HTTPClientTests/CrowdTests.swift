import HTTPClient
import Testing

/// A crowd of clients in virtual time; `ThousandClients` is the same, larger.
@Suite("A crowd of clients in simulation", .timeLimit(.minutes(2)))
struct CrowdTests {
    @Test("the same seed gives the same packets, byte for byte")
    func repeatsItself() async throws {
        let crowd = Crowd(clients: 50, time: .seconds(600), seed: 7)
        let first = try await crowd.run()
        let second = try await crowd.run()
        #expect(first == second)
        #expect(first.pages > 300)
        #expect(first.failures == 0)
        let other = try await Crowd(clients: 50, time: .seconds(600), seed: 8).run()
        #expect(other.trace.digest != first.trace.digest)
    }
}
