import Equipment
import Setup
import Testing
import Wire

@testable import SockeyeCommand

@Suite("Words of sockeye run")
struct RunOptionsTests {
    private func options(_ words: [String]) throws(CommandError) -> RunOptions {
        try RunOptions(Arguments(words[...], of: "run"))
    }

    private func complaint(_ words: [String]) -> String? {
        do throws(CommandError) {
            _ = try options(words)
            return nil
        } catch {
            #expect(error.status == 2)
            return error.message
        }
    }

    @Test("without options the link is a good one, of Ethernet's size, with both families")
    func defaults() throws {
        let options = try options(["curl", "-v", "--stats"])
        #expect(options.program == ["curl", "-v", "--stats"])
        #expect(options.impairments.outgoing == nil && options.impairments.incoming == nil)
        #expect(options.mtu == 1500)
        #expect(options.usesIPv6)
        #expect(options.statistics == nil)
        #expect(!options.prints && !options.showsProgress && !options.isIsolated)
        #expect(options.capture == nil && options.network == nil && options.published.isEmpty)
    }

    @Test("what stands behind the program is the program's", arguments: [[], ["--"]])
    func program(separator: [String]) throws {
        let options = try options(["--seed", "3"] + separator + ["ls", "--help", "--seed", "4"])
        #expect(options.program == ["ls", "--help", "--seed", "4"])
        #expect(options.seed == 3)
        #expect(!options.wantsHelp)
    }

    @Test("help is asked for in front of the program only", arguments: ["--help", "-h"])
    func help(word: String) throws {
        let options = try options(["--loss", "1%", word])
        #expect(options.wantsHelp)
    }

    @Test("impairments are for both ways, or for one")
    func impairments() throws {
        let options = try options([
            "--loss", "2%", "--up", "delay 50ms rate 1mbit", "--down-loss=5%", "--up-jitter", "1ms",
            "x",
        ])
        #expect(options.impairments.outgoing?.loss == .percent(2))
        #expect(options.impairments.outgoing?.delay == .milliseconds(50))
        #expect(options.impairments.outgoing?.jitter == .milliseconds(1))
        #expect(options.impairments.outgoing?.rate != nil)
        #expect(options.impairments.incoming?.loss == .percent(5))
        #expect(options.impairments.incoming?.delay == .zero)
        #expect(options.impairments.incoming?.rate == nil)
    }

    @Test("each impairment is taken for both ways")
    func everyImpairment() throws {
        let options = try options([
            "--delay", "50ms", "--jitter", "10ms", "--rate", "10mbit", "--reorder", "1%",
            "--duplicate", "1%", "--corrupt", "0.1%", "--queue", "64kb", "--distribution", "normal",
            "x",
        ])
        for way in [options.impairments.outgoing, options.impairments.incoming] {
            #expect(way?.delay == .milliseconds(50))
            #expect(way?.jitter == .milliseconds(10))
            #expect(way?.rate == BitRate("10mbit"))
            #expect(way?.reordering == .percent(1))
            #expect(way?.duplication == .percent(1))
            #expect(way?.corruption == Probability("0.1%"))
            #expect(way?.queueLimit == 64 << 10)
            #expect(way?.jitterDistribution == .normal)
        }
    }

    @Test("packets go to a file, to lines, or to both")
    func captures() throws {
        let lines = try options(["--capture", "-", "x"])
        #expect(lines.prints && lines.capture == nil)
        let both = try options(["--capture=a.pcapng", "--capture", "-", "x"])
        #expect(both.prints && both.capture == "a.pcapng")
        let show = try options(["--show", "x"])
        #expect(show.prints)
    }

    @Test("statistics are a table, or JSON, on standard error or in a file")
    func statistics() throws {
        let forms: [(String, StatisticsOption.Form, String?)] = [
            ("--stats", .table, nil), ("--stats=table", .table, nil), ("--stats=json", .json, nil),
            ("--stats=json:a:b", .json, "a:b"), ("--stats=table:t", .table, "t"),
        ]
        for (word, form, path) in forms {
            let options = try options([word, "json"])
            #expect(options.statistics?.form == form)
            #expect(options.statistics?.path == path)
            #expect(options.program == ["json"], "the word behind it is the program")
        }
    }

    @Test("rules keep their order, ports are published one by one")
    func lists() throws {
        let options = try options([
            "--deny", "out tcp", "--allow", "out udp", "--deny", "in", "--publish", "8080:80",
            "--publish", "127.0.0.1:53:5353/udp", "x",
        ])
        #expect(options.rules.map(\.action) == [.deny, .allow, .deny])
        #expect(options.rules.map(\.description) == ["out tcp", "out udp", "in"])
        #expect(options.published.map(\.description) == ["8080:80", "127.0.0.1:53:5353/udp"])
    }

    @Test("a network and a name there")
    func networks() throws {
        let options = try options(["--network", "lab", "--host", "db-1", "x"])
        #expect(options.network == "lab")
        #expect(options.hostName == "db-1")
    }

    @Test(
        "whatever is wrong, the message says what was expected",
        arguments: [
            (["--loss", "200%"], "run: --loss: '200%' is not a probability, such as 2%"),
            (["--loss"], "run: --loss needs a value: a probability, such as 2%"),
            (["--delay", "--", "ls"], "run: --delay needs a value: a time, such as 40ms"),
            (["--delay", "40"], "run: --delay: '40' is not a time, such as 40ms"),
            (["--rate", "fast"], "run: --rate: 'fast' is not a rate, such as 10mbit"),
            (
                ["--up", "los 2%"],
                "run: --up: 'los' is no impairment; expected impairments, such as "
                    + "'loss 2% delay 50ms rate 10mbit'"
            ),
            (
                ["--capture"],
                "run: --capture needs a file, such as run.pcapng, or - for lines on standard error"
            ),
            (
                ["--capture", "a", "--capture", "b"],
                "run: --capture: packets go to one file, a or b ('--capture -' may stand beside it)"
            ),
            (["--seed", "-1"], "run: --seed: '-1' is not a number from 0 to 2⁶⁴ − 1"),
            (["--mtu", "576"], "run: --mtu: '576' is not a number of bytes from 1280 to 65520"),
            (["--isolate=yes"], "run: --isolate takes no value, but 'yes' was given"),
            (
                ["--stats=xml"],
                "run: --stats: 'xml' is not table, json, table:FILE or json:FILE, such as "
                    + "--stats=json:run.json"
            ),
            (
                ["--publish", "http:80"],
                "run: --publish: 'http:80' is not [ADDRESS:]HOSTPORT:PORT[/udp], such as 8080:80"
            ),
            (
                ["--publish", "80:80", "--publish", "80:81"],
                "run: --publish: port 80 of the machine is published twice"
            ),
            (
                ["--network", "-x"],
                "run: --network: '-x' is not a name, such as lab (letters, digits and hyphens, "
                    + "63 at most)"
            ),
            (
                ["--host", "db"],
                "run: --host names this run on a network that it shares; say which, such as "
                    + "--network lab --host db"
            ),
            (["--deny"], "run: --deny needs a rule, such as 'out tcp to 10.0.0.0/8'"),
            (["--capure", "x"], "run: unknown option '--capure'; is it '--capture'?"),
            (["--nonsense"], "run: unknown option '--nonsense'"),
            (["-x"], "run: unknown option '-x'"),
        ])
    func complaints(words: [String], message: String) {
        #expect(complaint(words) == message)
    }

    @Test("a rule that is none is shown with what is wrong with it")
    func rules() throws {
        let error = #expect(throws: FirewallRuleError.self) {
            try FirewallRule("out tpc", action: .allow)
        }
        let words = "\(try #require(error))"
        #expect(complaint(["--allow", "out tpc"]) == "run: --allow 'out tpc': " + words)
        #expect(words.contains("tpc"))
    }

    @Test("the help names every option, and says what the fence is not")
    func helpText() {
        for option in RunOptions.all where !option.hasPrefix("--out-") && !option.hasPrefix("--in-")
        {
            let name = option.hasPrefix("--up-") ? "--up-" : option
            let shown = option.hasPrefix("--down-") ? "--down-" : name
            #expect(RunCommand.help.contains(shown), "\(option)")
        }
        #expect(RunCommand.help.contains("no sandbox"))
        for text in [RunCommand.help, RunCommand.lesson] {
            for line in text.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
        }
    }
}
