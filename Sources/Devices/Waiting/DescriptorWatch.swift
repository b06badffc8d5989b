import CLinux
import Glibc
import Stack

/// Descriptors that one thread waits for while others change what it waits for: `epoll`.
public final class DescriptorWatch: Sendable {
    /// How often a descriptor is reported.
    public enum Mode: Sendable {
        /// Once, until it is changed: `EPOLLONESHOT`.
        case once
        /// Whenever something happens to it: `EPOLLET`.
        case onChange
    }

    private let descriptor: CInt

    /// - Throws: `EMFILE` or `ENFILE` when no descriptor can be had.
    public init() throws(DeviceError) {
        let result = clinux_epoll_create()
        guard result >= 0 else { throw DeviceError("create a poller", result: result) }
        descriptor = result
    }

    deinit { close(descriptor) }

    /// Waits for a descriptor that it does not wait for yet.
    ///
    /// - Throws: `EPERM` when it cannot be polled, as files; `EEXIST`, `EBADF`.
    public func add(_ number: CInt, _ events: Readiness, _ mode: Mode) throws(DeviceError) {
        try control(CLINUX_ADD, number, events, mode)
    }

    /// Waits for something else from now on; what the descriptor is ready for already is reported.
    ///
    /// - Throws: `ENOENT` when it was not added, `EBADF`.
    public func change(_ number: CInt, _ events: Readiness, _ mode: Mode) throws(DeviceError) {
        try control(CLINUX_CHANGE, number, events, mode)
    }

    /// Waits for a descriptor no more; nothing where it was not added.
    public func remove(_ number: CInt) { try? control(CLINUX_REMOVE, number, [], .once) }

    private func control(
        _ operation: clinux_epoll_operation, _ number: CInt, _ events: Readiness, _ mode: Mode
    ) throws(DeviceError) {
        let flag: UInt32 = mode == .once ? 1 << 30 : 1 << 31
        let bits = UInt32(UInt16(bitPattern: events.pollEvents)) | flag
        let result = clinux_epoll_control(
            descriptor, CInt(operation.rawValue), number, UInt64(UInt32(bitPattern: number)), bits)
        guard result == 0 else { throw DeviceError("epoll_ctl", result: result) }
    }

    /// Sleeps until something was reported and hands it to `body`, one descriptor after another.
    public func wait(_ body: (CInt, Readiness) -> Void) {
        var places = [clinux_ready](repeating: clinux_ready(), count: Int(CLINUX_READY_CAPACITY))
        // The array is written during the call only, and has the room.
        let count = unsafe clinux_epoll_wait(descriptor, &places, -1)
        for place in places.prefix(max(0, Int(count))) {
            let events = Int16(bitPattern: UInt16(truncatingIfNeeded: place.events))
            body(CInt(truncatingIfNeeded: place.token), Readiness(pollEvents: events))
        }
    }
}
