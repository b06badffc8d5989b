import Glibc

/// The names that scripts use, as the interpreter in C tells them: `error EPIPE 32`,
/// `option TCP_NODELAY 6 1`.
struct Tables {
    private var numbers: [String: [String: Int]] = [:]
    private var texts: [String: [(text: String, value: Int)]] = [:]
    private var options: [String: (level: Int32, name: Int32)] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            if words[0] == "option" {
                options[words[1]] = (Int32(words[2]) ?? 0, Int32(words[3]) ?? 0)
            } else {
                let value = Int(words[2]) ?? 0
                if numbers[words[0], default: [:]][words[1]] == nil {
                    texts[words[0], default: []].append((words[1], value))
                }
                numbers[words[0], default: [:]][words[1]] = value
            }
        }
    }

    /// A constant by its name or as a number.
    func number(_ kind: String, _ word: String) throws -> Int {
        if let value = numbers[kind]?[word] { return value }
        guard let value = Int(word) else { throw Unspeakable(word) }
        return value
    }

    /// Constants with commas between them, `-` for none.
    func flags(_ kind: String, _ word: String) throws -> Int {
        if word == "-" { return 0 }
        return try word.split(separator: ",").reduce(0) { $0 | (try number(kind, String($1))) }
    }

    func errorName(_ code: Int32) -> String {
        texts["error"]?.first { $0.value == Int(code) }?.text ?? "errno \(code)"
    }

    /// Flags in the order of the table.
    func describe(_ kind: String, _ flags: Int) -> String {
        guard flags != 0 else { return " -" }
        var rest = flags
        var found: [String] = []
        for (text, value) in texts[kind] ?? [] where value != 0 && rest & value == value {
            found.append(text)
            rest &= ~value
        }
        if rest != 0 { found.append("0x" + String(rest, radix: 16)) }
        return " " + found.joined(separator: ",")
    }

    /// `TCP_NODELAY`, `ipv6/MCAST_JOIN_GROUP`, `6/1`.
    func option(_ word: String) throws -> (level: Int32, name: Int32) {
        let parts = word.split(separator: "/").map(String.init)
        guard parts.count == 2 else {
            guard let option = options[word] else { throw Unspeakable(word) }
            return option
        }
        let level = Int32(try number("level", parts[0]))
        if let option = options[parts[1]] { return (level, option.name) }
        return (level, Int32(try number("", parts[1])))
    }

    func optionName(_ level: Int32, _ name: Int32) -> String {
        // The lowest of several names, so that it is the same each time.
        let found = options.filter { $0.value == (level, name) }.map(\.key)
        return found.min() ?? "\(level)/\(name)"
    }
}

/// What this interface has no word for: the script is not for it.
struct Unspeakable: Error {
    let what: String
    init(_ what: String) { self.what = what }
}
