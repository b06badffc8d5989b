import Equipment
import Stack
import Testing

/// The delays of 50,000 packets, measured against the distribution that was asked for.
@Suite("Distributions of delay")
struct JitterTests {
    /// Delays in milliseconds.
    private func delays(_ text: String) throws -> [Double] {
        let run = try LinkRun(text, spacing: .microseconds(10))
        #expect(run.arrivals.count == run.count)
        return run.travels.map { Double($0) / 1_000_000 }
    }

    /// The share of values below a limit.
    private func share(_ values: [Double], below limit: Double) -> Double {
        Double(values.count { $0 < limit }) / Double(values.count)
    }

    @Test("normally distributed delays have the mean, the deviation and the shape")
    func normal() throws {
        let values = try delays("delay 20ms 2ms distribution normal")
        // Five deviations of the mean of 50,000 are 0.045, those of their deviation 0.032.
        #expect(abs(Sample.mean(values) - 20) < 0.05)
        #expect(abs(Sample.deviation(values) - 2) < 0.04)
        for (limit, expected) in [
            (16.0, 0.02275), (18, 0.15866), (20, 0.5), (22, 0.84134), (24, 0.97725),
        ] {
            #expect(abs(share(values, below: limit) - expected) < 0.012)
        }
    }

    @Test("delays by Pareto have the mean and the deviation, most are short and few very long")
    func pareto() throws {
        let values = try delays("delay 20ms 2ms distribution pareto")
        #expect(abs(Sample.mean(values) - 20) < 0.06)
        #expect(abs(Sample.deviation(values) - 2) < 0.25)
        #expect(values.min().map { $0 > 18 } == true, "none is much shorter than most")
        #expect(share(values, below: 20) > 0.66)
        #expect(values.max().map { $0 > 40 } == true)
    }

    @Test("uniformly distributed delays fill the range evenly")
    func uniform() throws {
        let values = try delays("delay 20ms 2ms distribution uniform")
        #expect(values.allSatisfy { $0 >= 18 && $0 <= 22 })
        #expect(abs(Sample.deviation(values) - 4 / 12.0.squareRoot()) < 0.02)
        for eighth in 1..<8 {
            let limit = 18 + Double(eighth) / 2
            #expect(abs(share(values, below: limit) - Double(eighth) / 8) < 0.012)
        }
    }

    @Test(
        "with a correlation delays are distributed alike, and follow each other",
        arguments: [0.3, 0.9])
    func correlated(correlation: Double) throws {
        let values = try delays("delay 20ms 2ms \(correlation * 100)% distribution normal")
        let spread = ((1 + correlation) / (1 - correlation)).squareRoot()
        #expect(abs(Sample.mean(values) - 20) < 0.05 * spread)
        #expect(abs(Sample.deviation(values) - 2) < 0.04 * spread)
        #expect(abs(Sample.correlation(values) - correlation) < 0.03)
    }

    @Test("no delay is below zero, however wide the distribution")
    func bounded() throws {
        let values = try delays("delay 1ms 5ms distribution normal")
        #expect(values.allSatisfy { $0 >= 0 })
        #expect(values.contains { $0 == 0 } && values.contains { $0 > 10 })
    }
}
