import CLinux
import Glibc
import Stack

/// Descriptors that are watched together with all that `epoll` knows, in the kernel's own bits;
/// several threads may wait at once.
///
/// A `Poller` is for one thread, and allocates nothing.
@safe
public final class DescriptorSet: Sendable {
    /// What happened to a descriptor.
    public struct Event: Equatable, Sendable {
        /// What it was added with.
        public let token: UInt64
        /// Bits of `EPOLL_EVENTS`.
        public let events: UInt32
    }

    /// Readable itself when a wait would report something. Belongs to the set.
    public let descriptor: Int32

    /// - Throws: `EMFILE` or `ENFILE` when no descriptor can be had.
    public init() throws(DeviceError) {
        let result = clinux_epoll_create()
        guard result >= 0 else { throw DeviceError("create a poller", result: result) }
        descriptor = result
    }

    deinit { close(descriptor) }

    /// - Throws: `EEXIST`, `EPERM` for files, `EBADF`, `ELOOP`, `EINVAL`.
    public func add(_ member: Int32, _ events: UInt32, token: UInt64) throws(DeviceError) {
        try control(CLINUX_ADD, member, token, events)
    }

    /// - Throws: `ENOENT`, `EBADF`, `EINVAL`.
    public func change(_ member: Int32, _ events: UInt32, token: UInt64) throws(DeviceError) {
        try control(CLINUX_CHANGE, member, token, events)
    }

    /// - Throws: `ENOENT`, `EBADF`.
    public func remove(_ member: Int32) throws(DeviceError) {
        try control(CLINUX_REMOVE, member, 0, 0)
    }

    private func control(
        _ operation: clinux_epoll_operation, _ member: Int32, _ token: UInt64, _ events: UInt32
    ) throws(DeviceError) {
        let result = clinux_epoll_control(
            descriptor, Int32(operation.rawValue), member, token, events)
        guard result == 0 else {
            throw DeviceError("watch descriptor \(member)", result: result)
        }
    }

    /// Sleeps until something happened or `deadline` has come; at most `count` events. A signal may
    /// end it early, with none.
    public func wait(atMost count: Int, until deadline: Instant) -> [Event] {
        let left =
            deadline == .never ? -1 : max(0, (deadline - MonotonicClock.now()).nanoseconds)
        let room = min(max(count, 1), 1024)
        var ready = [clinux_ready](repeating: clinux_ready(), count: room)
        // The array is written during the call only, and has the room.
        let result = unsafe clinux_epoll_wait_many(descriptor, &ready, Int32(room), left)
        return ready.prefix(max(0, Int(result))).map { Event(token: $0.token, events: $0.events) }
    }
}
