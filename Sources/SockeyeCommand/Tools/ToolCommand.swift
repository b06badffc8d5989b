import Devices
import Glibc
import Setup
import Sockets

/// `sockeye netstat` and its like: a tool on a host that runs (`--name`), or on one of its own that
/// lasts as long as the tool does (`--tap …`).
struct ToolCommand {
    private let name: String
    /// What the tool is told, without what says where it runs.
    private let words: [String]
    private var hostName: String?
    private var options = HostOptions()
    private var tool: any Tool

    init(_ words: ArraySlice<String>, of name: String, _ type: any Tool.Type) throws(CommandError) {
        self.name = name
        self.words = Self.withoutName(words)
        tool = type.init()
        var arguments = Arguments(words, of: name, valued: type.valuedLetters)
        while let word = arguments.next() {
            switch word {
            case .option("--name"):
                hostName = try arguments.value(of: "--name", ControlDirectory.nameForm) {
                    ControlDirectory.isName($0) ? $0 : nil
                }
            case .option(let option):
                if try options.take(option, &arguments) { continue }
                guard try tool.take(option, &arguments) else { throw arguments.unknown(option) }
            case .operand(let operand): try tool.take(operand: operand, arguments)
            }
        }
        try tool.check(name)
        if options.isAny, hostName != nil {
            throw .usage("\(name): --name asks for a host that runs, a device for one of its own")
        }
    }

    /// `words` without `--name NAME`.
    private static func withoutName(_ words: ArraySlice<String>) -> [String] {
        var kept: [String] = []
        var rest = words
        while let word = rest.popFirst() {
            if word == "--" { return kept + [word] + rest }
            if word == "--name" {
                rest = rest.dropFirst()
            } else if !word.hasPrefix("--name=") {
                kept.append(word)
            }
        }
        return kept
    }

    func run() throws(CommandError) -> Int32 {
        guard options.isAny else { return try ControlClient(hostName).run(name, words) }
        // Held back before any thread is started, so that only the terminal gets them.
        let signals = Signals(holding: [SIGINT, SIGTERM])
        let terminal = try OwnTerminal(signals)
        let built = try BuiltHost(try options.plan(for: name))
        try built.start()
        let status = try tool.run(on: built.driver, terminal)
        try built.stop()
        return status
    }
}
