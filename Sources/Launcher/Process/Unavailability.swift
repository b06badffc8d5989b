import CLinux
import Devices
import Glibc
import Sockets

/// The words for what a machine does not allow.
enum Unavailability {
    static func reason(_ error: SocketError, stage: CInt) -> String {
        switch clinux_probe_stage(rawValue: UInt32(bitPattern: stage)) {
        case CLINUX_PROBE_ACTION:
            if error.code == EPERM || error.code == EACCES { return ofFilter(error) }
            return "this kernel has no seccomp user notification; Linux 5.9 is needed"
        case CLINUX_PROBE_FORK: return "a probe process could not be started (\(text(error)))"
        case CLINUX_PROBE_FILTER: return ofFilter(error)
        case CLINUX_PROBE_RECEIVE:
            return "seccomp notifications cannot be received or answered (\(text(error)))"
        case CLINUX_PROBE_MEMORY:
            return "the memory of a child process may not be read (\(text(error)))"
                + (rule.map { "; kernel.yama.ptrace_scope is \($0), and may be 1 at most" } ?? "")
        default:
            return "a descriptor cannot be passed to a notified process (\(text(error))); "
                + "Linux 5.9 is needed"
        }
    }

    /// Who may look into another process, where that is more than its ancestors (Yama).
    private static var rule: Int? {
        let text = Directory.text(of: "/proc/sys/kernel/yama/ptrace_scope")
        guard let scope = Int(text.prefix { $0.isNumber }), scope > 1 else { return nil }
        return scope
    }

    /// Why a filter could not be installed.
    static func ofFilter(_ error: SocketError) -> String {
        switch error.code {
        case EBUSY: "this process already runs under a seccomp notification filter"
        case EPERM, EACCES: "seccomp filters are forbidden here (\(text(error)))"
        default: "the seccomp filter could not be installed (\(text(error)))"
        }
    }

    private static func text(_ error: SocketError) -> String { SystemErrorText.of(error.code) }
}
