import Equipment
import Stack
import Testing

@Suite("Probabilities, rates and times as text")
struct TextTests {
    @Test(
        "percentages are read exactly",
        arguments: [
            ("0%", 0), ("2%", 20_000_000), ("0.05%", 500_000), ("100%", 1_000_000_000),
            ("0.0000001%", 1), ("12.5%", 125_000_000), ("100.0%", 1_000_000_000),
        ] as [(String, UInt32)])
    func probability(text: String, parts: UInt32) {
        #expect(Probability(text)?.partsPerBillion == parts)
    }

    @Test(
        "what is no percentage is refused",
        arguments: [
            "", "2", "%", "-1%", "101%", "100.0000001%", "2 %", " 2%", "1.%", ".5%", "1..2%",
            "2%%", "0.00000001%", "99999999999999999999%", "1e1%", "٣%", "2%\0", "nan%",
        ])
    func notProbability(text: String) {
        #expect(Probability(text) == nil)
    }

    @Test(
        "a probability is written as it is read",
        arguments: ["0%", "2%", "0.05%", "100%", "12.5%", "0.0000001%"])
    func probabilityText(text: String) {
        #expect(Probability(text)?.description == text)
    }

    @Test(
        "rates are read as tc reads them",
        arguments: [
            ("9600", 9600), ("9600bit", 9600), ("64kbit", 64_000), ("1.5mbit", 1_500_000),
            ("10gbit", 10_000_000_000), ("10Mbit", 10_000_000), ("0.5kbit", 500),
        ] as [(String, Int64)])
    func rate(text: String, bits: Int64) {
        #expect(BitRate(text)?.bitsPerSecond == bits)
    }

    @Test(
        "what is no rate is refused",
        arguments: ["", "0", "mbit", "10m", "-1mbit", "10 mbit", "1000001gbit", "0.0000001kbit"])
    func notRate(text: String) {
        #expect(BitRate(text) == nil)
    }

    @Test("a rate is written as it is read", arguments: ["1bit", "64kbit", "1.5mbit", "10gbit"])
    func rateText(text: String) {
        #expect(BitRate(text)?.description == text)
    }

    @Test(
        "times are read exactly",
        arguments: [
            ("40ms", 40_000_000), ("1.5s", 1_500_000_000), ("250us", 250_000), ("800ns", 800),
            ("0s", 0), ("0.5us", 500), ("86400s", 86_400_000_000_000),
        ] as [(String, Int64)])
    func time(text: String, nanoseconds: Int64) {
        #expect(Interval(text)?.nanoseconds == nanoseconds)
    }

    @Test(
        "what is no time is refused",
        arguments: ["", "40", "ms", "-1ms", "1 ms", "86401s", "1m", "18446744073709551616s"])
    func notTime(text: String) {
        #expect(Interval(text) == nil)
    }

    @Test("counts beyond the range become the nearest that exists")
    func nearest() {
        #expect(BitRate.kilobits(64).bitsPerSecond == 64_000)
        #expect(BitRate.kilobits(-1).bitsPerSecond == 1)
        #expect(BitRate.megabits(.max).bitsPerSecond == 1_000_000_000_000_000)
        #expect(BitRate.megabits(1) > BitRate.kilobits(999))
        #expect(Probability.percent(101) == .always && Probability.percent(-1) == .never)
        #expect(Probability.perMillion(20_000) == .percent(2))
        #expect(Probability.percent(1) < Probability.percent(2))
        #expect(Probability(partsPerBillion: .max) == .always)
    }

    @Test("chance compares its 64 random bits with the probability")
    func happens() {
        let half = Probability.percent(50)
        #expect(half.happens(0))
        #expect(half.happens(1 << 63 - 1))
        #expect(!half.happens(1 << 63))
        #expect(!half.happens(.max))
        #expect(!Probability.never.happens(0))
        #expect(Probability.always.happens(.max))
    }
}
