import Equipment
import Stack

/// The words of a command line, taken one by one.
///
/// `next` takes options and operands in any order, as GNU's programs do; `nextOption` stops at the
/// first operand, where what follows is a program's.
package struct Arguments {
    package enum Word: Equatable {
        /// Such as `--tap` or `-n`.
        case option(String)
        case operand(String)
    }

    private var words: ArraySlice<String>
    /// After `--` nothing is an option.
    private var isPastOptions = false
    /// The next word stood behind an option's equals sign.
    private var isAttached = false
    package let command: String
    /// Short options that take a value.
    private let letters: String

    /// - Parameter letters: The short options that take a value: `-c3` is `-c 3` where `c` is one
    ///   of them, `-an` is `-a -n` where `a` is none.
    package init(_ words: ArraySlice<String>, of command: String, valued letters: String = "") {
        self.words = words
        self.command = command
        self.letters = letters
    }

    /// Takes the next option; nil at the first word that is none, and after `--`.
    ///
    /// `--tap=NAME` gives its value as the next word.
    package mutating func nextOption() -> String? {
        guard !isPastOptions, let word = words.first, word.hasPrefix("-"), word != "-" else {
            return nil
        }
        words.removeFirst()
        guard word != "--" else {
            isPastOptions = true
            return nil
        }
        return word.hasPrefix("--") ? split(long: word) : split(short: word)
    }

    private mutating func split(long word: String) -> String {
        guard let equals = word.firstIndex(of: "=") else { return word }
        putBack(String(word[word.index(after: equals)...]))
        isAttached = true
        return String(word[..<equals])
    }

    private mutating func split(short word: String) -> String {
        guard word.count > 2 else { return word }
        let option = word.prefix(2)
        let rest = word.dropFirst(2)
        let isValued = option.last.map(letters.contains) ?? false
        putBack(isValued ? String(rest) : "-" + rest)
        return String(option)
    }

    private mutating func putBack(_ word: String) { words = [word] + words }

    /// Takes the next word, whichever it is; nil at the end.
    package mutating func next() -> Word? {
        if let option = nextOption() { return .option(option) }
        return words.popFirst().map { .operand($0) }
    }

    /// Takes the value of `option`.
    package mutating func value(of option: String, _ what: String) throws(CommandError) -> String {
        guard let word = words.first, isAttached || word != "--" else {
            throw .usage("\(command): \(option) needs \(what)")
        }
        words.removeFirst()
        isAttached = false
        return word
    }

    /// Takes the value of an option that may go without: only one that stands behind an equals
    /// sign, such as in `--stats=json`, is its value.
    package mutating func attachedValue() -> String? {
        guard isAttached else { return nil }
        isAttached = false
        return words.popFirst()
    }

    /// Checks that `option`, which is a word by itself, has no value behind an equals sign.
    package mutating func checkNoValue(of option: String) throws(CommandError) {
        guard let value = attachedValue() else { return }
        throw .usage("\(command): \(option) takes no value, but '\(value)' was given")
    }

    /// Takes the value of `option` and reads it.
    package mutating func value<Value>(
        of option: String, _ what: String, read: (String) -> Value?
    ) throws(CommandError) -> Value {
        let word = try value(of: option, what)
        guard let value = read(word) else {
            throw .usage("\(command): \(option): '\(word)' is not \(what)")
        }
        return value
    }

    /// Takes the value of `option`, a decimal number within `range`.
    package mutating func number(
        of option: String, _ what: String, in range: ClosedRange<Int>
    ) throws(CommandError) -> Int {
        let limits = "\(what) from \(range.lowerBound) to \(range.upperBound)"
        return try value(of: option, limits) { word in
            guard let number = Int(word), range.contains(number) else { return nil }
            return number
        }
    }

    /// What has not been taken.
    package var rest: [String] { Array(words) }

    /// - Parameter known: All options there are; the one that is spelt most like it is suggested.
    package func unknown(_ option: String, among known: [String] = []) -> CommandError {
        let suggestion = Suggestion.nearest(to: option, among: known).map { "; is it '\($0)'?" }
        return .usage("\(command): unknown option '\(option)'\(suggestion ?? "")")
    }

    package func unexpected(_ operand: String) -> CommandError {
        .usage("\(command): unexpected '\(operand)'")
    }
}

extension Arguments {
    /// Takes the value of `option`, a number of seconds up to a day with or without a fraction.
    package mutating func seconds(
        of option: String, from least: Interval
    ) throws(CommandError) -> Interval {
        try value(of: option, "a number of seconds, such as 0.2") { word in
            guard word.last?.isNumber ?? false, let time = Interval(word + "s") else { return nil }
            return time >= least && time <= .seconds(86_400) ? time : nil
        }
    }
}
