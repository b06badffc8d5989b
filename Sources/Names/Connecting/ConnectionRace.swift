import Stack
import Wire

/// Which address of a host is to be tried when, until one is connected (RFC 8305, "Happy
/// Eyeballs"). Pure: it is told what happens, and says what is to be done.
struct ConnectionRace: Sendable {
    enum Step: Equatable, Sendable {
        case attempt(SocketAddress)
        /// Nothing is to be done before that moment, or before something happens.
        case wait(until: Instant)
        /// All that there was has failed.
        case exhausted
    }

    /// How long IPv6 is waited for when IPv4 is known (RFC 8305 §3).
    static let resolutionDelay = Interval.milliseconds(50)
    /// How long an attempt has before the next begins beside it (RFC 8305 §5).
    static let attemptDelay = Interval.milliseconds(250)
    /// Addresses beyond which a host is not tried.
    static let attemptLimit = 64

    private var waiting: [SocketAddress] = []
    private var resolving: Int
    private var awaitsIPv6 = true
    private var firstAnswer: Instant?
    private var running = 0
    private var attempts = 0
    private var lastWasIPv4: Bool?
    private var nextAttempt = Instant.zero

    /// - Parameter lookups: How many answers are waited for, one a family.
    init(lookups: Int) { resolving = lookups }

    /// Takes in the answer for one family; none if there is no such address.
    ///
    /// - Parameters:
    ///   - addresses: The best first (RFC 6724).
    ///   - isIPv6: Whether this answers what IPv6 is waited for.
    mutating func resolved(_ addresses: [SocketAddress], isIPv6: Bool, at now: Instant) {
        resolving -= 1
        if isIPv6 { awaitsIPv6 = false }
        if firstAnswer == nil, !addresses.isEmpty { firstAnswer = now }
        waiting += addresses
    }

    mutating func failed() {
        running -= 1
        // Nobody is given time who has failed.
        nextAttempt = .zero
    }

    /// What is to be done now.
    mutating func next(at now: Instant) -> Step {
        guard !waiting.isEmpty, attempts < Self.attemptLimit else {
            return resolving > 0 || running > 0 ? .wait(until: .never) : .exhausted
        }
        if attempts == 0, resolving > 0, awaitsIPv6, let firstAnswer {
            let end = firstAnswer + Self.resolutionDelay
            if now < end { return .wait(until: end) }
        }
        if running > 0, now < nextAttempt { return .wait(until: nextAttempt) }
        let address = takeNext()
        attempts += 1
        running += 1
        lastWasIPv4 = address.address.isIPv4
        nextAttempt = now + Self.attemptDelay
        return .attempt(address)
    }

    /// The first of the other family than the last attempt's, where there is one (RFC 8305 §4).
    /// IPv6 comes first where it has come in time and order does not say otherwise.
    private mutating func takeNext() -> SocketAddress {
        let other = lastWasIPv4.flatMap { last in
            waiting.firstIndex { $0.address.isIPv4 != last }
        }
        return waiting.remove(at: other ?? 0)
    }

    /// Puts the addresses that wait into a better order (RFC 6724).
    mutating func reorder(_ sort: ([SocketAddress]) -> [SocketAddress]) { waiting = sort(waiting) }
}
