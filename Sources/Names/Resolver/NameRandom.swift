import Sockets
import Stack

/// Where ids and the case of letters come from: nobody who does not see the questions may guess
/// them (RFC 5452 §4).
enum NameRandom: RandomNumberGenerator, Sendable {
    /// The system's, which is unpredictable.
    case system(SystemRandomNumberGenerator)
    /// What a simulation repeats.
    case given(any RandomNumberGenerator & Sendable)

    mutating func next() -> UInt64 {
        switch self {
        case .system(var generator): return generator.next()
        case .given(var generator):
            defer { self = .given(generator) }
            return generator.next()
        }
    }
}
