import Stack

/// How the delays of a link with jitter are distributed around its delay.
public enum JitterDistribution: Hashable, Sendable {
    /// Evenly, at most the jitter away.
    case uniform
    /// Normally: the jitter is the standard deviation.
    case normal
    /// As by Pareto, with many short delays and few very long ones: the jitter is the standard
    /// deviation, and the mean is the delay.
    case pareto

    /// The distribution with this name, as in `distribution normal`.
    public init?(_ name: String) {
        switch name {
        case "uniform": self = .uniform
        case "normal": self = .normal
        case "pareto": self = .pareto
        default: return nil
        }
    }

    /// How far a packet's delay is from the mean, by 64 random bits.
    func offset(jitter: Interval, _ random: UInt64) -> Interval {
        switch self {
        case .uniform:
            let width = UInt64(bitPattern: jitter.nanoseconds) &* 2 &+ 1
            let offset = Int64(truncatingIfNeeded: random.multipliedFullWidth(by: width).high)
            return Interval(nanoseconds: offset) - jitter
        case .normal: return Self.scaled(jitter, DistributionTables.normal[Self.place(random)])
        case .pareto: return Self.scaled(jitter, DistributionTables.pareto[Self.place(random)])
        }
    }

    /// A place in a table of 1,024.
    private static func place(_ random: UInt64) -> Int { Int(random >> 54) }

    private static func scaled(_ jitter: Interval, _ value: Int16) -> Interval {
        let unit = DistributionTables.unit
        let whole = jitter.nanoseconds / unit &* Int64(value)
        let rest = jitter.nanoseconds % unit &* Int64(value) / unit
        return Interval(nanoseconds: whole &+ rest)
    }
}
