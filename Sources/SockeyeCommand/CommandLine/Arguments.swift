import Equipment
import Stack
import Wire

/// The words of a command line, taken one by one: options first, then the rest.
struct Arguments {
    private var words: ArraySlice<String>
    let command: String

    init(_ words: ArraySlice<String>, of command: String) {
        self.words = words
        self.command = command
    }

    /// Takes the next option, such as `--tap`; nil at the first word that is none, and after `--`.
    ///
    /// `--tap=NAME` gives its value as the next word.
    mutating func nextOption() -> String? {
        guard let word = words.first, word.hasPrefix("-"), word != "-" else { return nil }
        words.removeFirst()
        guard word != "--" else { return nil }
        guard let equals = word.firstIndex(of: "=") else { return word }
        words = [String(word[word.index(after: equals)...])] + words
        return String(word[..<equals])
    }

    /// Takes the value of `option`.
    mutating func value(of option: String, _ what: String) throws(CommandError) -> String {
        guard let word = words.popFirst() else {
            throw .usage("\(option) needs \(what)")
        }
        return word
    }

    /// Takes the value of `option` and reads it.
    mutating func value<Value>(
        of option: String, _ what: String, read: (String) -> Value?
    ) throws(CommandError) -> Value {
        let word = try value(of: option, what)
        guard let value = read(word) else {
            throw .usage("\(option): '\(word)' is not \(what)")
        }
        return value
    }

    /// What follows the options.
    var rest: [String] { Array(words) }

    func unknown(_ option: String) -> CommandError {
        .usage("\(command): unknown option '\(option)'")
    }
}
