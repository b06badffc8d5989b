import Devices

/// Why a command came to nothing, in words for its user.
struct CommandError: Error {
    let message: String
    /// The exit status: 2 when the command line was wrong, 1 when the attempt failed.
    let status: Int32

    /// The command line is not what the command takes.
    static func usage(_ message: String) -> CommandError {
        CommandError(message: message, status: 2)
    }

    /// The command line was right, but what it asks for could not be done.
    static func failure(_ message: String) -> CommandError {
        CommandError(message: message, status: 1)
    }

    func report() {
        Terminal.error("sockeye: \(message)")
        if status == 2 { Terminal.error("Try 'sockeye help'.") }
    }
}

/// Lines on standard output and standard error.
enum Terminal {
    static func print(_ line: String) { StandardStream.output.write(line + "\n") }
    static func error(_ line: String) { StandardStream.error.write(line + "\n") }
}
