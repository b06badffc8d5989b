import CLinux
import Glibc
public import Sockets

/// Why a program could not be run on the stack.
public enum LaunchError: Error, Equatable, Sendable {
    /// The program cannot be executed: ENOENT, EACCES, ENOEXEC….
    case cannotExecute(SystemError)
    /// The machine does not allow it, and why, in a sentence.
    case unavailable(String)
    /// A call that should not fail did.
    case system(SystemError)

    /// What a shell would exit with: 127 for a program that is not there, 126 for one that cannot
    /// be executed, 125 as env(1) does when the failure is ours.
    public var shellStatus: Int32 {
        switch self {
        case .cannotExecute(let error) where error.code == ENOENT: 127
        case .cannotExecute: 126
        case .unavailable, .system: 125
        }
    }
}

/// Running an unmodified program on sockets of Sockeye's.
public enum Interception {
    /// Why this machine does not allow it, in a sentence; nil where it does. It tries the whole
    /// technique on a child process, which takes about a millisecond.
    public static func unavailability() -> String? {
        var stage: CInt = 0
        // Written during the call only.
        let result = unsafe clinux_seccomp_probe(&stage)
        guard result < 0 else { return nil }
        return Unavailability.reason(SystemError(-result), stage: stage)
    }

    /// Runs `arguments[0]`, looked for in PATH, over the sockets of `network`, until the
    /// last process it started has ended and what they sent was delivered, for which `patience`
    /// nanoseconds are left.
    ///
    /// The calling process becomes the subreaper of the program's descendants and waits for every
    /// child it has. The calling thread's mask is changed meanwhile; the process should have no
    /// other thread that takes signals. Terminal, process group and open descriptors are the
    /// program's as they are ours. `environment` is in the form NAME=VALUE, ours where nil.
    public static func run(
        _ arguments: [String], environment: [String]? = nil, on network: ProgramNetwork,
        patience: Int64 = 10_000_000_000
    ) throws(LaunchError) -> ProgramStatus {
        guard !arguments.isEmpty else { throw .cannotExecute(SystemError(ENOENT)) }
        let before = SignalMask.block(ProcessTree.handledSignals)
        defer { SignalMask.restore(before) }
        let signals = try signalDescriptor()
        let program = try ProgramProcess(arguments, environment, mask: before)
        let supervisor: Supervisor
        do throws(SystemError) {
            supervisor = try Supervisor(network, program, signals: signals)
        } catch {
            kill(program.process, SIGKILL)
            throw .system(error)
        }
        return supervisor.run(patience: patience)
    }

    /// What must be in place before the program starts, so that no end of a process is missed.
    private static func signalDescriptor() throws(LaunchError) -> Descriptor {
        var handled = SignalMask.set(of: ProcessTree.handledSignals)
        do throws(SystemError) {
            let result = clinux_become_subreaper()
            guard result == 0 else { throw SystemError(-result) }
            // Read during the call only.
            return try unsafe Descriptor(result: clinux_signal_descriptor(&handled))
        } catch {
            throw .system(error)
        }
    }
}
