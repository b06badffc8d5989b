import Stack

/// Why a text describes no impairments.
public struct ImpairmentError: Error, Equatable, Sendable {
    /// Such as "'2' is not a probability, such as 2%".
    public let message: String
}

extension Impairments {
    /// What can be said in a text, a line each.
    public static let syntax = [
        "delay TIME [JITTER [CORRELATION]] [distribution uniform|normal|pareto]",
        "jitter TIME [CORRELATION]",
        "loss P [CORRELATION]",
        "loss gilbert P R [LOSS-IN-BAD-TIMES [LOSS-IN-GOOD-TIMES]]",
        "loss state P13 [P31 [P32 [P23 [P14]]]]",
        "duplicate P [CORRELATION]",
        "corrupt P [CORRELATION]",
        "corrupt bits P",
        "reorder P [CORRELATION] [gap N] [hold TIME]",
        "rate RATE [overhead BYTES]",
        "queue N | queue BYTESb|kb|mb",
    ]

    /// Reads impairments as `tc` has them for its netem: "delay 40ms 5ms distribution normal loss
    /// gilbert 1% 20% rate 10mbit queue 100".
    ///
    /// - Throws: What is wrong with which word.
    public init(_ text: String) throws(ImpairmentError) {
        self.init()
        try add(text)
    }

    /// Reads further impairments; what `text` says nothing of stays.
    ///
    /// - Throws: What is wrong with which word.
    public mutating func add(_ text: String) throws(ImpairmentError) {
        var words = ImpairmentWords(text)
        while let keyword = words.next() { try words.read(keyword, into: &self) }
    }

    /// What a description begins with.
    public static let keywords = [
        "delay", "jitter", "distribution", "loss", "duplicate", "corrupt", "reorder", "rate",
        "queue",
    ]

    /// Reads what may stand behind one of the keywords: "gilbert 1% 20%" behind "loss".
    ///
    /// - Throws: What is wrong with which word.
    public mutating func set(_ keyword: String, to text: String) throws(ImpairmentError) {
        var words = ImpairmentWords(text)
        try words.read(keyword, into: &self)
        if let extra = words.next() {
            throw ImpairmentError(message: "unexpected '\(extra)'")
        }
    }
}

/// The words of a text, taken one by one.
struct ImpairmentWords {
    private var words: [Substring]
    private var place = 0

    init(_ text: String) {
        words = text.split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "," }
    }

    /// Takes a word.
    mutating func next() -> String? {
        guard place < words.count else { return nil }
        place += 1
        return String(words[place - 1])
    }

    /// Takes a word if it is this one.
    private mutating func takes(_ word: String) -> Bool {
        guard place < words.count, words[place] == word else { return false }
        place += 1
        return true
    }

    mutating func read(
        _ keyword: String, into target: inout Impairments
    ) throws(ImpairmentError) {
        switch keyword {
        case "delay": try delay(&target)
        case "jitter":
            target.jitter = try value(Self.time) { Interval($0) }
            target.jitterCorrelation = optionalProbability() ?? target.jitterCorrelation
        case "distribution": try distribution(&target)
        case "loss": try loss(&target)
        case "duplicate":
            target.duplication = try probability()
            target.duplicationCorrelation = optionalProbability() ?? .never
        case "corrupt":
            if takes("bits") {
                target.bitErrors = try probability()
            } else {
                target.corruption = try probability()
                target.corruptionCorrelation = optionalProbability() ?? .never
            }
        case "reorder": try reorder(&target)
        case "rate":
            target.rate = try value("a rate, such as 10mbit") { BitRate($0) }
            if takes("overhead") {
                target.overhead = try value("a number of bytes up to 65535") { Self.count($0) }
            }
        case "queue": try queue(&target)
        default: throw ImpairmentError(message: "'\(keyword)' is no impairment")
        }
    }

    // MARK: - Each of them

    private mutating func delay(_ target: inout Impairments) throws(ImpairmentError) {
        target.delay = try value(Self.time) { Interval($0) }
        if let jitter = optional({ Interval($0) }) {
            target.jitter = jitter
            target.jitterCorrelation = optionalProbability() ?? .never
        }
        if takes("distribution") { try distribution(&target) }
    }

    private mutating func distribution(_ target: inout Impairments) throws(ImpairmentError) {
        target.jitterDistribution = try value("uniform, normal or pareto") {
            JitterDistribution($0)
        }
    }

    private mutating func loss(_ target: inout Impairments) throws(ImpairmentError) {
        if takes("gilbert") || takes("gemodel") {
            let worsens = try probability()
            // As netem: without an r the times change independently of what they are.
            let improves = optionalProbability() ?? worsens.complement
            let inBadTimes = optionalProbability() ?? .always
            let inGoodTimes = optionalProbability() ?? .never
            target.burstLoss = .gilbertElliott(
                GilbertElliott(
                    worsens: worsens, improves: improves, lossInBadTimes: inBadTimes,
                    lossInGoodTimes: inGoodTimes))
        } else if takes("state") {
            let p13 = try probability()
            let p31 = optionalProbability()
            let p32 = optionalProbability() ?? .never
            let p23 = optionalProbability() ?? .always
            let p14 = optionalProbability() ?? .never
            target.burstLoss = .fourStates(
                FourStateLoss(p13: p13, p31: p31, p32: p32, p23: p23, p14: p14))
        } else {
            _ = takes("random")
            target.loss = try probability()
            target.lossCorrelation = optionalProbability() ?? .never
        }
    }

    private mutating func reorder(_ target: inout Impairments) throws(ImpairmentError) {
        target.reordering = try probability()
        target.reorderingCorrelation = optionalProbability() ?? .never
        while true {
            if takes("gap") {
                target.reorderingGap = try value("a number of packets up to 65535") {
                    Self.count($0)
                }
            } else if takes("hold") {
                target.reorderingHold = try value(Self.time) { Interval($0) }
            } else {
                return
            }
        }
    }

    private mutating func queue(_ target: inout Impairments) throws(ImpairmentError) {
        let size = try value("a length such as 100 (packets) or 64kb") { Self.size($0) }
        if size.isBytes {
            target.queueLimit = size.count
        } else {
            target.queuePackets = size.count
            // The packets alone count.
            target.queueLimit = .max
        }
    }

    // MARK: - Values

    private static var time: String { "a time, such as 40ms" }

    /// Takes a word that is `what`.
    private mutating func value<Value>(
        _ what: String, _ read: (String) -> Value?
    ) throws(ImpairmentError) -> Value {
        guard let word = next() else { throw ImpairmentError(message: "\(what) is missing") }
        guard let value = read(word) else {
            throw ImpairmentError(message: "'\(word)' is not \(what)")
        }
        return value
    }

    /// Takes a word if it can be read.
    private mutating func optional<Value>(_ read: (String) -> Value?) -> Value? {
        guard place < words.count, let value = read(String(words[place])) else { return nil }
        place += 1
        return value
    }

    private mutating func probability() throws(ImpairmentError) -> Probability {
        try value("a probability, such as 2%") { Probability($0) }
    }

    private mutating func optionalProbability() -> Probability? { optional { Probability($0) } }

    /// A number from 0 to 65,535.
    private static func count(_ text: String) -> Int? {
        guard let number = Quantity(text, decimals: 0), number.unit.isEmpty,
            number.value <= 65535
        else { return nil }
        return Int(number.value)
    }

    /// A number of packets, or of bytes with a unit, up to a gigabyte.
    private static func size(_ text: String) -> (count: Int, isBytes: Bool)? {
        guard let number = Quantity(text, decimals: 0), number.value <= 1 << 30 else { return nil }
        let unit: UInt64
        switch number.unit {
        case "", "packets": return (Int(number.value), false)
        case "b": unit = 1
        case "kb": unit = 1 << 10
        case "mb": unit = 1 << 20
        default: return nil
        }
        let bytes = number.value * unit
        return bytes <= 1 << 30 ? (Int(bytes), true) : nil
    }
}
