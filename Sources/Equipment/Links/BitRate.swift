/// How fast a line takes bits, in bits per second.
public struct BitRate: Hashable, Comparable, Sendable {
    /// 1 to 1,000,000,000,000,000.
    public let bitsPerSecond: Int64

    /// The nearest rate within the range.
    public init(bitsPerSecond: Int64) {
        self.bitsPerSecond = min(max(1, bitsPerSecond), 1_000_000_000_000_000)
    }

    public static func kilobits(_ count: Int) -> BitRate {
        BitRate(bitsPerSecond: Int64(min(max(0, count), 1_000_000_000_000)) &* 1_000)
    }

    public static func megabits(_ count: Int) -> BitRate {
        BitRate(bitsPerSecond: Int64(min(max(0, count), 1_000_000_000)) &* 1_000_000)
    }

    /// Reads a rate as `tc` does: "64kbit", "1.5mbit", "10gbit", "9600" or "9600bit".
    public init?(_ text: String) {
        guard let number = Quantity(text, decimals: 9) else { return nil }
        let unit: UInt64
        switch number.unit {
        case "", "bit": unit = 1
        case "kbit": unit = 1_000
        case "mbit": unit = 1_000_000
        case "gbit": unit = 1_000_000_000
        default: return nil
        }
        let (scaled, over) = (number.value / 1_000_000_000).multipliedReportingOverflow(by: unit)
        let fraction = number.value % 1_000_000_000 &* unit / 1_000_000_000
        guard !over, scaled <= 1_000_000_000_000_000, scaled &+ fraction > 0 else { return nil }
        self.init(bitsPerSecond: Int64(scaled &+ fraction))
    }

    public static func < (left: BitRate, right: BitRate) -> Bool {
        left.bitsPerSecond < right.bitsPerSecond
    }
}

extension BitRate: CustomStringConvertible {
    /// As `init(_:)` reads it, in the largest unit of which it is at least one.
    public var description: String {
        let value = UInt64(bitsPerSecond)
        switch value {
        case 1_000_000_000...: return Quantity.text(value, decimals: 9) + "gbit"
        case 1_000_000...: return Quantity.text(value, decimals: 6) + "mbit"
        case 1_000...: return Quantity.text(value, decimals: 3) + "kbit"
        default: return "\(value)bit"
        }
    }
}
