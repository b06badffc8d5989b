import CLinux
import Glibc

/// The program, started under the filter.
struct ProgramProcess {
    let process: pid_t
    /// Where its calls are reported.
    let listener: Descriptor
    /// The guardian, its parent.
    let guarded: GuardedProgram
    /// Whether the machine lets us fetch descriptors from it (a container's profile may not).
    let descriptorsCanBeFetched: Bool

    init(_ process: pid_t, listener: Descriptor, of guarded: GuardedProgram) {
        self.process = process
        self.listener = listener
        self.guarded = guarded
        descriptorsCanBeFetched = Self.canFetch(from: process)
    }

    /// Tries with a descriptor that no process has: EBADF means that one that is there would come.
    private static func canFetch(from process: pid_t) -> Bool {
        let number = clinux_duplicate_descriptor(process, .max)
        return number != -EPERM && number != -ENOSYS && number != -EACCES
    }
}
