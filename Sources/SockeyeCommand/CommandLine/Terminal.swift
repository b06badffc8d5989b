import Devices
import Setup

/// Lines on standard output and standard error.
enum Terminal {
    static func print(_ line: String) { StandardStream.output.write(line + "\n") }
    static func error(_ line: String) { StandardStream.error.write(line + "\n") }
}

extension CommandError {
    func report() {
        Terminal.error("sockeye: \(message)")
        if status == 2 { Terminal.error("Try 'sockeye help'.") }
    }
}
