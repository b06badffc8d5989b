import CLinux
import Glibc
public import Sockets

/// Why a program could not be run on the stack.
public enum LaunchError: Error, Equatable, Sendable {
    /// The program cannot be executed: ENOENT, EACCES, ENOEXEC….
    case cannotExecute(SocketError)
    /// The machine does not allow it, and why, in a sentence.
    case unavailable(String)
    /// A call that should not fail did.
    case system(SocketError)

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
        return Unavailability.reason(SocketError(-result), stage: stage)
    }

    /// Runs a program over the sockets of `network`, until the last process it started has ended
    /// and what they sent was delivered, for which `patience` nanoseconds are left.
    ///
    /// The calling process waits for every child it has. The calling thread's mask is changed
    /// meanwhile; the process should have no other thread that takes signals. Signals that other
    /// processes send to this one are passed on to the program, but those for which `takes`
    /// says that they were for the caller.
    public static func run(
        _ guarded: GuardedProgram, on network: ProgramNetwork, patience: Int64 = 10_000_000_000,
        takes: @escaping (CInt) -> Bool = { _ in false }
    ) throws(LaunchError) -> ProgramStatus {
        let before = SignalMask.block(TreeEvents.handledSignals)
        defer { SignalMask.restore(before) }
        // Nothing of the program is left when this returns.
        defer { guarded.end() }
        let events: TreeEvents
        do throws(SocketError) {
            events = try TreeEvents(of: guarded, takes: takes)
        } catch {
            throw .system(error)
        }
        // What came before the program was there to be told of it was for us.
        if let signal = SignalMask.pending(of: [SIGINT, SIGQUIT, SIGTERM, SIGHUP]) {
            return .killed(signal)
        }
        let program = try guarded.launch()
        do throws(SocketError) {
            return try Supervisor(network, program, events: events).run(patience: patience)
        } catch {
            throw .system(error)
        }
    }

    /// The same for `arguments[0]`, looked for in PATH, with this process's descriptors and limits;
    /// `environment` is in the form NAME=VALUE, ours where nil.
    public static func run(
        _ arguments: [String], environment: [String]? = nil, on network: ProgramNetwork,
        patience: Int64 = 10_000_000_000
    ) throws(LaunchError) -> ProgramStatus {
        try run(
            GuardedProgram(arguments, environment: environment), on: network, patience: patience)
    }
}
