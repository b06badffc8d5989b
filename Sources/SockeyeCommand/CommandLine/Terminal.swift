import Devices
import Setup

/// Lines on standard output and standard error.
enum Terminal {
    static func print(_ line: String) { StandardStream.output.write(line + "\n") }
    static func error(_ line: String) { StandardStream.error.write(line + "\n") }
}

extension CommandError {
    /// Tells the user of it, who typed `words`.
    func report(after words: [String]) {
        Terminal.error("sockeye: \(message)")
        guard status == 2 else { return }
        if let name = words.first, Help.texts[name] != nil {
            Terminal.error("Try 'sockeye \(name) --help'.")
        } else {
            Terminal.error("Try 'sockeye help'.")
        }
    }
}
