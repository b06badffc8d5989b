import CLinux
import Glibc

/// How a program ended.
public enum ProgramStatus: Hashable, Sendable {
    /// It exited with this status, 0–255.
    case exited(Int32)
    /// A signal of this number ended it.
    case killed(Int32)

    /// What a shell would put into `$?`: the status, or 128 and the number of the signal.
    public var shellStatus: Int32 {
        switch self {
        case .exited(let status): status
        case .killed(let signal): 128 + signal
        }
    }

    /// Ends this process as the program ended: with its exit status, or by the same signal, so that
    /// a shell sees an interrupt for one.
    public func end() -> Never {
        fflush(nil)
        if case .killed(let signal) = self { clinux_die_of(signal) }
        exit(shellStatus)
    }
}
