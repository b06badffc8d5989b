import CLinux
import Glibc

/// A descriptor that one thread makes readable to wake another that polls it: `eventfd`.
public final class WakeUp: Sendable {
    /// Readable from `signal` until `drain`; belongs to the object.
    public let descriptor: Int32

    /// - Throws: `EMFILE` or `ENFILE` when no descriptor can be had.
    public init() throws(DeviceError) {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard descriptor >= 0 else {
            throw DeviceError(operation: "create an event descriptor", code: errno)
        }
    }

    deinit { close(descriptor) }

    /// Makes the descriptor readable; any thread may.
    public func signal() {
        // A counter that is full is readable, which is all that is asked for.
        _ = eventfd_write(descriptor, 1)
    }

    /// Makes it unreadable again until the next signal.
    public func drain() {
        var count = eventfd_t()
        // The call fills the local number and keeps no pointer to it.
        _ = unsafe eventfd_read(descriptor, &count)
    }
}
