import Setup
import Sockets

/// A program that looks at a host or works on its stack, from inside the process that has it.
protocol Tool {
    /// The short options that take a value.
    static var valuedLetters: String { get }

    init()

    /// Takes `option` and its value if the tool knows it; whether it does.
    mutating func take(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) -> Bool
    /// Takes a word that is no option.
    mutating func take(operand: String, _ arguments: Arguments) throws(CommandError)
    /// Whether what was taken makes sense together.
    func check(_ command: String) throws(CommandError)
    /// Does what was asked for; the exit status.
    func run(on host: HostDriver, _ terminal: any ToolTerminal) throws(CommandError) -> Int32
}

extension Tool {
    static var valuedLetters: String { "" }

    mutating func take(operand: String, _ arguments: Arguments) throws(CommandError) {
        throw arguments.unexpected(operand)
    }

    func check(_ command: String) throws(CommandError) {}
}

/// The tools by name.
enum ToolBox {
    private static var tools: [(name: String, tool: any Tool.Type)] {
        [
            ("netstat", Netstat.self), ("arp", ARPTool.self), ("ping", Ping.self),
            ("traceroute", Traceroute.self),
        ]
    }

    static func tool(_ name: String) -> (any Tool.Type)? {
        tools.first { $0.name == name }?.tool
    }

    /// A tool as its own words ask for it.
    static func parse(_ name: String, _ words: [String]) throws(CommandError) -> any Tool {
        guard let type = tool(name) else {
            let names = tools.map(\.name).joined(separator: ", ")
            throw .usage("control: there is no tool '\(name)'; there are \(names)")
        }
        var tool = type.init()
        var arguments = Arguments(words[...], of: name, valued: type.valuedLetters)
        while let word = arguments.next() {
            switch word {
            case .option(let option):
                guard try tool.take(option, &arguments) else { throw arguments.unknown(option) }
            case .operand(let operand): try tool.take(operand: operand, arguments)
            }
        }
        try tool.check(name)
        return tool
    }
}
