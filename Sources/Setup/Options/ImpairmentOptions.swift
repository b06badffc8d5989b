import Equipment

/// The options that make a link a bad one: `--loss 1%` for both directions; `--up-loss` or
/// `--out-loss`, `--down-loss` or `--in-loss` for what leaves and what comes in; `--up 'loss 1%
/// delay 40ms'` and `--down …` for several at once.
package struct ImpairmentOptions {
    private var out = Impairments()
    private var back = Impairments()

    package init() {}

    /// What happens to packets that leave; nil where nothing does.
    package var outgoing: Impairments? { out == Impairments() ? nil : out }
    /// What happens to packets that come in; nil where nothing does.
    package var incoming: Impairments? { back == Impairments() ? nil : back }

    /// All of them, for who suggests one.
    package static let options: [String] =
        ["--up", "--down"]
        + ["--", "--up-", "--down-", "--out-", "--in-"].flatMap { prefix in
            Impairments.keywords.map { prefix + $0 }
        }

    /// What the value of `--up` and `--down` is.
    private static let form = "impairments, such as 'loss 2% delay 50ms rate 10mbit'"

    /// Takes `option` and its value if it is one of these; whether it is.
    package mutating func take(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) -> Bool {
        switch option {
        case "--up":
            try Self.takeAll(option, &arguments, into: &out)
            return true
        case "--down":
            try Self.takeAll(option, &arguments, into: &back)
            return true
        default: break
        }
        for prefix in ["--out-", "--up-"] where option.hasPrefix(prefix) {
            let name = "--" + option.dropFirst(prefix.count)
            return try Self.take(option, name, &arguments, into: &out)
        }
        for prefix in ["--in-", "--down-"] where option.hasPrefix(prefix) {
            let name = "--" + option.dropFirst(prefix.count)
            return try Self.take(option, name, &arguments, into: &back)
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
        let text = try arguments.value(of: option, "a value: \(example(of: keyword))")
        do throws(ImpairmentError) {
            try impairments.set(keyword, to: text)
        } catch {
            throw .usage("\(arguments.command): \(option): \(error.message)")
        }
        return true
    }

    private static func example(of keyword: String) -> String {
        switch keyword {
        case "delay", "jitter": "a time, such as 40ms"
        case "distribution": "uniform, normal or pareto"
        case "rate": "bits a second, such as 10mbit"
        case "queue": "packets or bytes, such as 100 or 64kb"
        default: "a probability, such as 2%"
        }
    }

    /// Takes several, as one word.
    private static func takeAll(
        _ option: String, _ arguments: inout Arguments, into impairments: inout Impairments
    ) throws(CommandError) {
        let text = try arguments.value(of: option, form)
        do throws(ImpairmentError) {
            try impairments.add(text)
        } catch {
            throw .usage(
                "\(arguments.command): \(option): \(error.message); expected \(form)")
        }
    }
}
