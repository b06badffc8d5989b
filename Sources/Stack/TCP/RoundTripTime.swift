/// The smoothed round-trip time and the retransmission timeout (RFC 6298), in microseconds.
struct RoundTripTime: Sendable {
    /// SRTT; 0 before the first measurement.
    private(set) var smoothed: UInt32 = 0
    /// RTTVAR.
    private(set) var variation: UInt32 = 0
    /// The shortest measurement; 0 before the first.
    private(set) var shortest: UInt32 = 0
    /// How often the timeout was doubled (§5.5).
    private(set) var backoff: UInt8 = 0

    /// Takes in a measurement (§2.2, §2.3). It also ends the back-off (§5.7, note).
    mutating func measure(_ interval: Interval) {
        let sample = UInt32(clamping: max(1, interval.microseconds))
        if shortest == 0 || sample < shortest { shortest = sample }
        if smoothed == 0 {
            smoothed = sample
            variation = sample / 2
        } else {
            let difference = sample > smoothed ? sample - smoothed : smoothed - sample
            variation = variation - variation / 4 + difference / 4
            smoothed = smoothed - smoothed / 8 + sample / 8
        }
        backoff = 0
    }

    /// RTO: SRTT + 4 × RTTVAR within bounds, doubled for each time it expired.
    func timeout(_ configuration: TCPConfiguration) -> Interval {
        var timeout = configuration.initialTimeout
        if smoothed > 0 {
            // Linux bounds the variation and not the sum, so that the RTO stays above the SRTT.
            let variation = max(
                Interval.microseconds(Int(variation)) * 4, configuration.minimumTimeout)
            timeout = Interval.microseconds(Int(smoothed)) + variation
        }
        let doubled = timeout * (1 << Int(min(backoff, 16)))
        return min(doubled, configuration.maximumTimeout)
    }

    mutating func backOff() { if backoff < 32 { backoff += 1 } }

    mutating func endBackOff() { backoff = 0 }
}
