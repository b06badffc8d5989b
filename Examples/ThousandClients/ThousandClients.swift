import HTTPClient

/// A thousand clients of a web server, over a lossy network, for an hour: in seconds, and with the
/// same seed the same packets.
@main struct ThousandClients {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        let seed = UInt64(arguments.first ?? 1)
        let began = ContinuousClock.now
        let hour = try await Crowd(clients: 1_000, time: .seconds(3_600), seed: seed).run()
        print("\(hour.pages) pages, \(hour.failures) failures, \(hour.trace)")
        print("an hour in \(began.duration(to: .now))")
    }
}
