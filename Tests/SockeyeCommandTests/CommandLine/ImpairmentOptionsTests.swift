import Equipment
import Setup
import Testing

@testable import SockeyeCommand

@Suite("Options that impair a link")
struct ImpairmentOptionsTests {
    private func options(_ words: [String]) throws -> ImpairmentOptions {
        var arguments = Arguments(words[...], of: "test")
        var options = ImpairmentOptions()
        while let option = arguments.nextOption() {
            let isTaken = try options.take(option, &arguments)
            #expect(isTaken)
        }
        return options
    }

    @Test("an option without direction is for both, and one with a direction for that")
    func directions() throws {
        let options = try options(["--loss", "1%", "--out-delay", "5ms", "--in-loss=2%"])
        #expect(options.outgoing?.loss == .percent(1))
        #expect(options.outgoing?.delay == .milliseconds(5))
        #expect(options.incoming?.loss == .percent(2))
        #expect(options.incoming?.delay == .zero)
    }

    @Test("a direction that nothing is said of is not impaired")
    func oneWay() throws {
        let options = try options(["--in-rate", "10mbit"])
        #expect(options.outgoing == nil)
        #expect(options.incoming?.rate != nil)
    }

    @Test("other options are left alone", arguments: ["--tap", "--out-tap", "--in-", "--out-"])
    func others(option: String) throws {
        var arguments = Arguments(["x"][...], of: "test")
        var options = ImpairmentOptions()
        let isTaken = try options.take(option, &arguments)
        #expect(!isTaken)
        #expect(arguments.rest == ["x"])
    }
}
