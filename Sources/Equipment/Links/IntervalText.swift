import Stack

extension Interval {
    /// Reads a length of time: "40ms", "1.5s", "250us" or "800ns"; up to a day.
    public init?(_ text: String) {
        guard let number = Quantity(text, decimals: 9) else { return nil }
        let unit: UInt64
        switch number.unit {
        case "s": unit = 1_000_000_000
        case "ms": unit = 1_000_000
        case "us": unit = 1_000
        case "ns": unit = 1
        default: return nil
        }
        let (whole, over) = (number.value / 1_000_000_000).multipliedReportingOverflow(by: unit)
        let fraction = number.value % 1_000_000_000 &* unit / 1_000_000_000
        guard !over, whole <= 86_400_000_000_000 else { return nil }
        self.init(nanoseconds: Int64(whole &+ fraction))
    }
}
