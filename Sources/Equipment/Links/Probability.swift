/// How likely something is, in whole parts of a billion.
public struct Probability: Hashable, Comparable, Sendable {
    /// 0 (never) to 1,000,000,000 (always).
    public let partsPerBillion: UInt32

    /// The nearest probability that exists: more than a billion parts count as always.
    public init(partsPerBillion: UInt32) {
        self.partsPerBillion = min(partsPerBillion, 1_000_000_000)
    }

    public static var never: Probability { Probability(partsPerBillion: 0) }
    public static var always: Probability { Probability(partsPerBillion: 1_000_000_000) }

    /// `count` hundredths.
    public static func percent(_ count: Int) -> Probability {
        Probability(partsPerBillion: UInt32(min(max(0, count), 100)) &* 10_000_000)
    }

    /// `count` millionths.
    public static func perMillion(_ count: Int) -> Probability {
        Probability(partsPerBillion: UInt32(min(max(0, count), 1_000_000)) &* 1_000)
    }

    /// Reads a percentage from "0%" to "100%" with up to seven decimals, such as "2%" or "0.05%".
    public init?(_ text: String) {
        guard let number = Quantity(text, decimals: 7), number.unit == "%" else { return nil }
        guard number.value <= 1_000_000_000 else { return nil }
        self.init(partsPerBillion: UInt32(number.value))
    }

    public static func < (left: Probability, right: Probability) -> Bool {
        left.partsPerBillion < right.partsPerBillion
    }

    /// Whether the event takes place, decided by 64 random bits.
    @inlinable
    public func happens(_ random: UInt64) -> Bool {
        (random >> 32 &* 1_000_000_000) >> 32 < UInt64(partsPerBillion)
    }
}

extension Probability: CustomStringConvertible {
    /// As `init(_:)` reads it: the shortest decimal percentage.
    public var description: String {
        Quantity.text(UInt64(partsPerBillion), decimals: 7) + "%"
    }
}
