import Equipment

/// The options that make a link a bad one: `--loss 1%` for both directions, `--out-loss` and
/// `--in-loss` for what leaves and what comes in.
package struct ImpairmentOptions {
    private var out = Impairments()
    private var back = Impairments()

    package init() {}

    /// What happens to packets that leave; nil where nothing does.
    package var outgoing: Impairments? { out == Impairments() ? nil : out }
    /// What happens to packets that come in; nil where nothing does.
    package var incoming: Impairments? { back == Impairments() ? nil : back }

    /// Takes `option` and its value if it is one of these; whether it is.
    package mutating func take(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) -> Bool {
        if option.hasPrefix("--out-") {
            return try Self.take(option, "--" + option.dropFirst(6), &arguments, into: &out)
        }
        if option.hasPrefix("--in-") {
            return try Self.take(option, "--" + option.dropFirst(5), &arguments, into: &back)
        }
        var copy = arguments
        guard try Self.take(option, option, &copy, into: &out) else { return false }
        return try Self.take(option, option, &arguments, into: &back)
    }

    /// Takes the option called `name`, written as `option`: a keyword of `Impairments.syntax` with
    /// what may follow it there as one word, such as `--loss 'gilbert 1% 20%'`.
    private static func take(
        _ option: String, _ name: String, _ arguments: inout Arguments,
        into impairments: inout Impairments
    ) throws(CommandError) -> Bool {
        let keyword = String(name.dropFirst(2))
        guard name.hasPrefix("--"), Impairments.keywords.contains(keyword) else { return false }
        let text = try arguments.value(of: option, "a value")
        do throws(ImpairmentError) {
            try impairments.set(keyword, to: text)
        } catch {
            throw .usage("\(arguments.command): \(option): \(error.message)")
        }
        return true
    }
}
