import Equipment
import Stack

/// The options that make a link a bad one: `--loss 1%` for both directions, `--out-loss` and
/// `--in-loss` for what leaves and what comes in.
struct ImpairmentOptions {
    private var out = Impairments()
    private var back = Impairments()

    /// What happens to packets that leave; nil where nothing does.
    var outgoing: Impairments? { out == Impairments() ? nil : out }
    /// What happens to packets that come in; nil where nothing does.
    var incoming: Impairments? { back == Impairments() ? nil : back }

    /// Takes `option` and its value if it is one of these; whether it is.
    mutating func take(
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

    /// Takes the option called `name`, written as `option`.
    private static func take(
        _ option: String, _ name: String, _ arguments: inout Arguments,
        into impairments: inout Impairments
    ) throws(CommandError) -> Bool {
        let probability = "a probability, such as 2%"
        let time = "a time, such as 40ms"
        switch name {
        case "--loss":
            impairments.loss = try arguments.value(of: option, probability) { Probability($0) }
        case "--duplicate":
            impairments.duplication = try arguments.value(of: option, probability) {
                Probability($0)
            }
        case "--reorder":
            impairments.reordering = try arguments.value(of: option, probability) {
                Probability($0)
            }
        case "--corrupt":
            impairments.corruption = try arguments.value(of: option, probability) {
                Probability($0)
            }
        case "--delay":
            impairments.delay = try arguments.value(of: option, time) { Interval($0) }
        case "--jitter":
            impairments.jitter = try arguments.value(of: option, time) { Interval($0) }
        case "--rate":
            impairments.rate = try arguments.value(of: option, "a rate, such as 10mbit") {
                BitRate($0)
            }
        default: return false
        }
        return true
    }
}
