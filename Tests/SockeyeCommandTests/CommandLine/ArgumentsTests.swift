import Setup
import Testing

@testable import SockeyeCommand

@Suite("Words of a command line")
struct ArgumentsTests {
    private func all(_ words: [String], valued: String = "") -> [Arguments.Word] {
        var arguments = Arguments(words[...], of: "test", valued: valued)
        var taken: [Arguments.Word] = []
        while let word = arguments.next() { taken.append(word) }
        return taken
    }

    @Test("options and operands come in any order, and after -- all are operands")
    func order() {
        #expect(
            all(["a", "-n", "b", "--", "-c", "--"]) == [
                .operand("a"), .option("-n"), .operand("b"), .operand("-c"), .operand("--"),
            ])
        #expect(all(["-"]) == [.operand("-")])
    }

    @Test("short options may stand together, and with their value")
    func clusters() throws {
        #expect(all(["-ant"]) == [.option("-a"), .option("-n"), .option("-t")])
        var arguments = Arguments(["-qc3", "x"][...], of: "test", valued: "c")
        let options = [arguments.next(), arguments.next()]
        #expect(options == [.option("-q"), .option("-c")])
        let value = try arguments.value(of: "-c", "a number")
        #expect(value == "3")
        let operand = arguments.next()
        #expect(operand == .operand("x"))
    }

    @Test("a long option's value follows it or an equals sign")
    func equals() throws {
        for words in [["--tap", "a=b"], ["--tap=a=b"]] {
            var arguments = Arguments(words[...], of: "test")
            let option = arguments.next()
            #expect(option == .option("--tap"))
            let value = try arguments.value(of: "--tap", "a name")
            #expect(value == "a=b")
        }
    }

    @Test("nextOption stops where a program begins")
    func program() {
        var arguments = Arguments(["--show", "ls", "-l"][...], of: "run")
        let options = [arguments.nextOption(), arguments.nextOption()]
        #expect(options == ["--show", nil])
        #expect(arguments.rest == ["ls", "-l"])
    }

    @Test(
        "numbers are decimal, whole and within their range", arguments: ["0", "11", "x", "1.5", ""])
    func numbers(word: String) {
        var arguments = Arguments([word][...], of: "test")
        #expect(throws: CommandError.self) {
            try arguments.number(of: "-c", "a number", in: 1...10)
        }
    }

    @Test(
        "seconds may have a fraction, and no unit", arguments: ["1ms", "-1", "", "1e3", "0.0001"])
    func badSeconds(word: String) throws {
        var arguments = Arguments(["0.25", word][...], of: "test")
        let time = try arguments.seconds(of: "-i", from: .milliseconds(2))
        #expect(time == .milliseconds(250))
        #expect(throws: CommandError.self) {
            try arguments.seconds(of: "-i", from: .milliseconds(2))
        }
    }

    @Test("an error says what was wrong and what was expected")
    func words() {
        var arguments = Arguments(["200%"][...], of: "host")
        var impairments = ImpairmentOptions()
        do throws(CommandError) {
            _ = try impairments.take("--loss", &arguments)
            Issue.record("200% was taken")
        } catch {
            #expect(error.message == "host: --loss: '200%' is not a probability, such as 2%")
            #expect(error.status == 2)
        }
    }
}
