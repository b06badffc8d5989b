import Equipment
import Stack
import Testing

@Suite("Impairments as text")
struct ImpairmentTextTests {
    private func impairments(_ change: (inout Impairments) -> Void) -> Impairments {
        var impairments = Impairments()
        change(&impairments)
        return impairments
    }

    @Test("an empty text impairs nothing")
    func empty() throws {
        #expect(try Impairments("") == Impairments())
        #expect(try Impairments(" \n ") == Impairments())
    }

    @Test("each model is read with all that belongs to it")
    func models() throws {
        let delay = impairments {
            $0.delay = .milliseconds(40)
            $0.jitter = .milliseconds(5)
            $0.jitterCorrelation = .percent(25)
            $0.jitterDistribution = .normal
        }
        #expect(try Impairments("delay 40ms 5ms 25% distribution normal") == delay)
        #expect(try Impairments("delay 40ms, jitter 5ms 25%, distribution normal") == delay)
        let loss = impairments {
            $0.loss = .percent(1)
            $0.lossCorrelation = .percent(30)
        }
        #expect(try Impairments("loss 1% 30%") == loss)
        #expect(try Impairments("loss random 1% 30%") == loss)
        let others = impairments {
            $0.duplication = .percent(2)
            $0.corruption = .percent(3)
            $0.corruptionCorrelation = .percent(4)
            $0.bitErrors = .perMillion(1)
            $0.reordering = .percent(25)
            $0.reorderingCorrelation = .percent(50)
            $0.reorderingGap = 5
        }
        let text = "duplicate 2% corrupt 3% 4% corrupt bits 0.0001% reorder 25% 50% gap 5"
        #expect(try Impairments(text) == others)
        let held = impairments {
            $0.reordering = .percent(1)
            $0.reorderingHold = .milliseconds(7)
        }
        #expect(try Impairments("reorder 1% hold 7ms") == held)
        let rate = impairments {
            $0.rate = .megabits(10)
            $0.overhead = 24
            $0.queueLimit = 64 << 10
        }
        #expect(try Impairments("rate 10mbit overhead 24 queue 64kb") == rate)
        let packets = try Impairments("queue 100")
        #expect(packets.queuePackets == 100 && packets.queueLimit == .max)
    }

    @Test("losses in bursts are read as netem has them, with its defaults")
    func bursts() throws {
        let simple = GilbertElliott(worsens: .percent(1), improves: .percent(20))
        #expect(try Impairments("loss gilbert 1% 20%").burstLoss == .gilbertElliott(simple))
        #expect(simple.lossInBadTimes == .always && simple.lossInGoodTimes == .never)
        let whole = GilbertElliott(
            worsens: .percent(1), improves: .percent(20), lossInBadTimes: .percent(70),
            lossInGoodTimes: .perMillion(1000))
        #expect(try Impairments("loss gemodel 1% 20% 70% 0.1%").burstLoss == .gilbertElliott(whole))
        let alone = GilbertElliott(worsens: .percent(1), improves: .percent(99))
        #expect(try Impairments("loss gilbert 1%").burstLoss == .gilbertElliott(alone))
        let states = FourStateLoss(p13: .percent(1), p31: .percent(20), p32: .percent(30))
        #expect(try Impairments("loss state 1% 20% 30%").burstLoss == .fourStates(states))
        #expect(states.p23 == .always && states.p14 == .never)
        #expect(FourStateLoss(p13: .percent(10)).p31 == .percent(90))
        let both = try Impairments("loss 2% loss gilbert 1% 20%")
        #expect(both.loss == .percent(2) && both.burstLoss != nil)
    }

    @Test("a keyword's part is read by itself, as an option's value")
    func parts() throws {
        var impairments = Impairments()
        try impairments.set("loss", to: "gilbert 1% 20%")
        try impairments.set("delay", to: "40ms")
        try impairments.set("rate", to: "1mbit overhead 4")
        #expect(
            try impairments == Impairments("loss gilbert 1% 20% delay 40ms rate 1mbit overhead 4"))
        let extra = #expect(throws: ImpairmentError.self) {
            try impairments.set("loss", to: "1% 2% 3%")
        }
        #expect(extra?.message == "unexpected '3%'")
    }

    @Test(
        "what is no impairment is said",
        arguments: [
            ("lose 1%", "'lose' is no impairment"),
            ("loss", "a probability, such as 2% is missing"),
            ("loss 2", "'2' is not a probability, such as 2%"),
            ("loss gilbert", "a probability, such as 2% is missing"),
            ("loss state x", "'x' is not a probability, such as 2%"),
            ("delay 40", "'40' is not a time, such as 40ms"),
            ("delay 40ms 5", "'5' is no impairment"),
            ("distribution flat", "'flat' is not uniform, normal or pareto"),
            ("delay 1ms distribution", "uniform, normal or pareto is missing"),
            ("rate fast", "'fast' is not a rate, such as 10mbit"),
            ("rate 1mbit overhead -1", "'-1' is not a number of bytes up to 65535"),
            ("reorder 1% gap 65536", "'65536' is not a number of packets up to 65535"),
            ("queue 64tb", "'64tb' is not a length such as 100 (packets) or 64kb"),
            ("queue 2000mb", "'2000mb' is not a length such as 100 (packets) or 64kb"),
            (
                "queue 18446744073709551616",
                "'18446744073709551616' is not a length such as 100 (packets) or 64kb"
            ),
        ])
    func nonsense(text: String, message: String) {
        let error = #expect(throws: ImpairmentError.self) { _ = try Impairments(text) }
        #expect(error?.message == message)
    }

    @Test("every keyword has its line in the syntax")
    func syntax() {
        for keyword in Impairments.keywords where keyword != "distribution" {
            #expect(Impairments.syntax.contains { $0.hasPrefix(keyword + " ") })
        }
    }
}
