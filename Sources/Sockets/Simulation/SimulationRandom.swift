import Stack
import Synchronization

/// The random numbers of a simulation's program: the same for the same seed, as long as they are
/// drawn in the same order. All copies draw from one source.
///
///     var random = simulation.random
///     try await clock.sleep(for: .milliseconds(Int.random(in: 1...100, using: &random)))
public struct SimulationRandom: RandomNumberGenerator, Sendable {
    private final class Source: Sendable {
        let random: Mutex<RandomSource>
        init(_ random: RandomSource) { self.random = Mutex(random) }
    }

    private let source: Source

    init(_ random: RandomSource) { source = Source(random) }

    public func next() -> UInt64 { source.random.withLock { $0.next() } }
}
