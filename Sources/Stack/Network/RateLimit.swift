/// A bucket of tokens: so many at once, and so many a second after that.
struct RateLimit: Sendable {
    private let interval: Interval
    private let burst: Int
    /// When the bucket would be full again.
    private var full = Instant.zero

    init(perSecond: Int, burst: Int) {
        interval = Interval.seconds(1) / perSecond
        self.burst = burst
    }

    /// Takes a token; whether there was one.
    mutating func take(at now: Instant) -> Bool {
        if full < now { full = now }
        guard full - now < interval * burst else { return false }
        full = full + interval
        return true
    }
}
