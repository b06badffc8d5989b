import Glibc
import Launcher
import Setup
import Sockets

/// The one place where `sockeye run` starts its program.
struct ProgramLaunch {
    private let words: [String]
    private let guarded: GuardedProgram

    /// Prepares a process for the program, which gets descriptors, directory, limits and the signals
    /// held back as they are now. To be made while the process has one thread.
    init(_ words: [String]) throws(CommandError) {
        self.words = words
        do throws(LaunchError) {
            // Standard error stays ours beside the program's.
            guarded = try GuardedProgram(words, keeping: [STDERR_FILENO])
        } catch {
            throw Self.explain(error, words)
        }
    }

    /// Runs the program until the last process of it has ended.
    ///
    /// - Parameter takes: Is asked for each signal that is sent to us if it is to be kept from the
    ///   program.
    func run(
        on network: ProgramNetwork, takes: @escaping (CInt) -> Bool
    ) throws(CommandError) -> ProgramStatus {
        do throws(LaunchError) {
            return try Interception.run(guarded, on: network, takes: takes)
        } catch {
            throw Self.explain(error, words)
        }
    }

    private static func explain(_ error: LaunchError, _ words: [String]) -> CommandError {
        let text =
            switch error {
            case .cannotExecute(let cause):
                "cannot execute '\(words[0])': \(SocketError(cause.code, in: "execve"))"
            case .unavailable(let reason): reason
            case .system(let cause): "\(SocketError(cause.code, in: "launch"))"
            }
        return CommandError(message: "run: \(text)", status: error.shellStatus)
    }
}
