import Launcher
import Setup
import Sockets

/// The one place where `sockeye run` starts its program.
enum ProgramLaunch {
    /// Runs `words` until the last process of it has ended; the status a shell would show.
    static func run(_ words: [String], on network: ProgramNetwork) throws(CommandError) -> Int32 {
        do throws(LaunchError) {
            return try Interception.run(words, on: network).shellStatus
        } catch {
            throw CommandError(
                message: "run: \(explain(error, words[0]))", status: error.shellStatus)
        }
    }

    private static func explain(_ error: LaunchError, _ program: String) -> String {
        switch error {
        case .cannotExecute(let cause):
            "cannot execute '\(program)': \(SocketError(cause.code, in: "execve"))"
        case .unavailable(let reason): reason
        case .system(let cause): "\(SocketError(cause.code, in: "launch"))"
        }
    }
}
