import CLinux
import Glibc

/// A descriptor that one thread makes readable to wake another that polls it: `eventfd`.
public final class WakeUp: Sendable {
    /// Readable from `signal` until `drain`; belongs to the object.
    public let descriptor: Int32

    /// - Throws: `EMFILE` or `ENFILE` when no descriptor can be had.
    public init() throws(DeviceError) {
        let result = clinux_event_create()
        guard result >= 0 else { throw DeviceError("create an event descriptor", result: result) }
        descriptor = result
    }

    deinit { close(descriptor) }

    /// Makes the descriptor readable; any thread may.
    public func signal() { clinux_event_signal(descriptor) }

    /// Makes it unreadable again until the next signal.
    public func drain() { clinux_event_drain(descriptor) }
}
