import Setup

/// The subcommands by name.
enum Command {
    static let version = "0.1.0"

    static func run(_ words: [String]) throws(CommandError) -> Int32 {
        guard let name = words.first else {
            Terminal.error(Help.overview)
            return 2
        }
        let rest = words.dropFirst()
        // What stands after a program is the program's.
        let asksForHelp =
            name != "run" && name != "gateway" && rest.prefix { $0 != "--" }.contains("--help")
        if asksForHelp, let text = Help.texts[name] {
            Terminal.print(text)
            return 0
        }
        if let tool = ToolBox.tool(name) { return try ToolCommand(rest, of: name, tool).run() }
        switch name {
        case "checksum": return try ChecksumCommand(Arguments(rest, of: name)).run()
        case SwitchCommand.name: return try SwitchCommand.run(rest)
        case "demo": return try DemoCommand(Arguments(rest, of: name)).run()
        case "host": return try HostCommand(Arguments(rest, of: name)).run()
        case "gateway": return try GatewayCommand.start(rest)
        case "run": return try RunCommand.start(Arguments(rest, of: name))
        case "help", "--help", "-h": return try help(rest.first)
        case "version", "--version": Terminal.print("sockeye \(version)")
        default:
            let suggestion = Suggestion.nearest(to: name, among: Array(Help.texts.keys).sorted())
            throw .usage(
                "there is no command '\(name)'" + (suggestion.map { "; is it '\($0)'?" } ?? ""))
        }
        return 0
    }

    private static func help(_ topic: String?) throws(CommandError) -> Int32 {
        guard let topic else {
            Terminal.print(Help.overview)
            return 0
        }
        guard let text = Help.texts[topic] else {
            throw .usage("there is no help on '\(topic)'")
        }
        Terminal.print(text)
        return 0
    }
}
