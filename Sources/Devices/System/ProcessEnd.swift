import CLinux
import Glibc

/// The end of another process, to be polled for. Linux's `pidfd_open`.
public final class ProcessEnd: Sendable {
    /// Polls readable once the process has ended; belongs to this value.
    public let descriptor: CInt

    /// - Throws: `ESRCH` when there is no such process.
    public init(of process: Int32) throws(DeviceError) {
        let result = clinux_process_descriptor(process)
        guard result >= 0 else { throw DeviceError("watch process \(process)", result: result) }
        descriptor = result
    }

    deinit { close(descriptor) }
}
