import CLinux
import Devices
import Glibc

/// The words for what a machine does not allow.
enum Unavailability {
    static func reason(_ error: SystemError, stage: CInt) -> String {
        switch clinux_probe_stage(rawValue: UInt32(bitPattern: stage)) {
        case CLINUX_PROBE_ACTION:
            return "this kernel has no seccomp user notification (\(text(error)))"
        case CLINUX_PROBE_FORK: return "a probe process could not be started (\(text(error)))"
        case CLINUX_PROBE_FILTER: return ofFilter(error)
        case CLINUX_PROBE_RECEIVE:
            return "seccomp notifications cannot be received or answered (\(text(error)))"
        case CLINUX_PROBE_MEMORY:
            return "the memory of a child process may not be read (\(text(error)))"
        default:
            return "a descriptor cannot be passed to a notified process (\(text(error))); "
                + "Linux 5.14 is needed"
        }
    }

    /// Why a filter could not be installed.
    static func ofFilter(_ error: SystemError) -> String {
        switch error.code {
        case EBUSY: "this process already runs under a seccomp notification filter"
        case EPERM, EACCES: "seccomp filters are forbidden here (\(text(error)))"
        default: "the seccomp filter could not be installed (\(text(error)))"
        }
    }

    private static func text(_ error: SystemError) -> String { SystemErrorText.of(error.code) }
}
