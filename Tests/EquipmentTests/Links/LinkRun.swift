import Equipment
import Memory
import Stack
import Testing

/// Packets sent through an impaired link, and what came out: for tests that measure.
struct LinkRun {
    /// A packet that came out: its number, when, and its bytes.
    struct Arrival: Equatable {
        var number: Int
        var time: Int64
        var bytes: [UInt8]
    }

    let count: Int
    /// Nanoseconds between packets.
    let spacing: Int64
    private(set) var arrivals: [Arrival] = []
    private(set) var counters = ImpairedLink.Counters()

    /// Sends `count` packets of `size` bytes, one each `spacing`, through a link that is described
    /// by `text`.
    init(
        _ text: String, count: Int = 50_000, size: Int = 64, spacing: Interval = .microseconds(10),
        seed: UInt64 = 7
    ) throws {
        self.count = count
        self.spacing = spacing.nanoseconds
        let pools = BufferPools(.init(frames: 8192, controls: 64, chunks: 64))
        var link = ImpairedLink(
            try Impairments(text), networkOffset: 14, seed: seed, 1, pools: pools)
        var now = Instant.zero
        for number in 0..<count {
            drain(&link, until: now)
            var bytes = [UInt8](repeating: 0xA5, count: size)
            for place in 0..<4 { bytes[place] = UInt8(truncatingIfNeeded: number >> (8 * place)) }
            link.submit(try makePacket(bytes, headCount: size, from: pools), at: now)
            now = now + spacing
        }
        drain(&link, until: Instant(nanoseconds: .max - 1))
        counters = link.counters
    }

    private mutating func drain(_ link: inout ImpairedLink, until limit: Instant) {
        while link.nextDeadline <= limit {
            let now = link.nextDeadline
            while let packet = link.next(at: now) {
                let bytes = bytes(of: packet)
                let number = (0..<4).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
                arrivals.append(Arrival(number: number, time: now.nanoseconds, bytes: bytes))
            }
        }
    }

    /// For each packet whether it was lost.
    var losses: [Bool] {
        var lost = [Bool](repeating: true, count: count)
        for arrival in arrivals { lost[arrival.number] = false }
        return lost
    }

    /// How long each packet travelled that arrived, in the order of sending, in nanoseconds.
    var travels: [Int64] {
        arrivals.sorted { $0.number < $1.number }.map { $0.time - Int64($0.number) * spacing }
    }
}

/// Statistics of a sample.
enum Sample {
    static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    static func deviation(_ values: [Double]) -> Double {
        let mean = mean(values)
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count))
            .squareRoot()
    }

    /// The correlation of each value with the one after it.
    static func correlation(_ values: [Double]) -> Double {
        let mean = mean(values)
        let pairs = zip(values, values.dropFirst())
        let products = pairs.reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) }
        return products / values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }

    /// The lengths of runs of `true`.
    static func runs(_ values: [Bool]) -> [Int] {
        values.split(separator: false).map(\.count)
    }

    /// Whether the share of `true` agrees with a probability within five standard deviations.
    ///
    /// Values that are correlated with their neighbours by ρ say less: the deviation of their mean
    /// is larger by √((1 + ρ) / (1 − ρ)).
    static func agrees(
        _ values: [Bool], with probability: Double, correlation: Double = 0
    ) -> Bool {
        let share = Double(values.count { $0 }) / Double(values.count)
        let spread = (1 + correlation) / (1 - correlation)
        let variance = probability * (1 - probability) / Double(values.count) * spread
        return abs(share - probability) <= 5 * variance.squareRoot() + 1e-9
    }
}
