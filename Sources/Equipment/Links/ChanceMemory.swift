/// Chance with a memory: whether something happened to the packet before makes it likelier, or as
/// likely as ever, that it happens again.
struct ChanceMemory: Sendable {
    private var happenedLast = false

    /// Whether it happens now.
    ///
    /// In the long run it happens with `probability`; the correlation between one packet and the
    /// next is `correlation`. So after an event its probability is p + c (1 − p), else p (1 − c).
    mutating func happens(
        _ probability: Probability, correlation: Probability, _ random: UInt64
    ) -> Bool {
        guard probability > .never else { return false }
        happenedLast = probability.given(happenedLast, correlation: correlation).happens(random)
        return happenedLast
    }
}

extension Probability {
    /// Of its not happening.
    public var complement: Probability {
        Probability(partsPerBillion: 1_000_000_000 &- partsPerBillion)
    }

    /// Of this or of another that excludes it.
    func or(_ other: Probability) -> Probability {
        Probability(partsPerBillion: partsPerBillion &+ other.partsPerBillion)
    }

    /// Of an event, given whether it happened the time before.
    func given(_ happened: Bool, correlation: Probability) -> Probability {
        let whole: UInt64 = 1_000_000_000
        let probability = UInt64(partsPerBillion)
        let memory = UInt64(correlation.partsPerBillion)
        let parts =
            happened
            ? probability &+ memory &* (whole &- probability) / whole
            : probability &* (whole &- memory) / whole
        return Probability(partsPerBillion: UInt32(truncatingIfNeeded: parts))
    }

    /// Below which of 2⁶⁴ equally likely numbers it happens, for many decisions in a row.
    var threshold: UInt64 {
        guard self < .always else { return .max }
        return (UInt64.max / 1_000_000_000) &* UInt64(partsPerBillion)
    }
}
