import CLinux
import Glibc
import Stack

/// Waits for many descriptors and a deadline at once: `epoll`.
@safe
public struct Poller: ~Copyable, Sendable {
    /// What a descriptor is waited for.
    public struct Interest: OptionSet, Sendable {
        public let rawValue: UInt32

        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static var readable: Interest { Interest(rawValue: CLINUX_READABLE.rawValue) }
        public static var writable: Interest { Interest(rawValue: CLINUX_WRITABLE.rawValue) }
        /// The other end is gone; reported without being asked for.
        public static var hungUp: Interest { Interest(rawValue: CLINUX_HUNG_UP.rawValue) }
        /// The other end sends no more: `EPOLLRDHUP`.
        public static var ended: Interest { Interest(rawValue: 0x2000) }
        /// An error waits; reported without being asked for.
        public static var failed: Interest { Interest(rawValue: 0x8) }
        /// Whenever something happens, rather than for as long as it holds: `EPOLLET`.
        public static var onChange: Interest { Interest(rawValue: 1 << 31) }
    }

    /// A descriptor that is ready.
    public struct Event: Equatable, Sendable {
        /// What it was added with.
        public let token: UInt64
        public let ready: Interest
    }

    /// How many events one wait reports; the others follow with the next.
    public static var eventLimit: Int { Int(CLINUX_READY_CAPACITY) }

    /// Readable itself when one of its own is: pollers nest. Belongs to the poller.
    public let descriptor: Int32
    private var events = [clinux_ready](repeating: clinux_ready(), count: Self.eventLimit)
    /// How many events the last wait reported.
    public private(set) var count = 0

    /// - Throws: `EMFILE` or `ENFILE` when no descriptor can be had.
    public init() throws(DeviceError) {
        let result = clinux_epoll_create()
        guard result >= 0 else { throw DeviceError("create a poller", result: result) }
        descriptor = result
    }

    deinit { close(descriptor) }

    /// Reports `descriptor` under `token` from now on, for as long as it is ready.
    ///
    /// - Throws: `EEXIST` when it was added before, `EPERM` when it cannot be polled, as files.
    public borrowing func add(
        _ descriptor: Int32, token: UInt64, for interest: Interest = .readable
    ) throws(DeviceError) {
        try control(CLINUX_ADD, descriptor, token, interest)
    }

    /// Waits for something else from now on.
    ///
    /// - Throws: `ENOENT` when it was not added.
    public borrowing func change(
        _ descriptor: Int32, token: UInt64, for interest: Interest
    ) throws(DeviceError) {
        try control(CLINUX_CHANGE, descriptor, token, interest)
    }

    /// Reports `descriptor` no more.
    ///
    /// - Throws: `ENOENT` when it was not added.
    public borrowing func remove(_ descriptor: Int32) throws(DeviceError) {
        try control(CLINUX_REMOVE, descriptor, 0, [])
    }

    private borrowing func control(
        _ operation: clinux_epoll_operation, _ descriptor: Int32, _ token: UInt64,
        _ interest: Interest
    ) throws(DeviceError) {
        let result = clinux_epoll_control(
            self.descriptor, Int32(operation.rawValue), descriptor, token, interest.rawValue)
        guard result == 0 else {
            throw DeviceError("watch descriptor \(descriptor)", result: result)
        }
    }

    /// Sleeps until a descriptor is ready or `deadline` has come; how many events there are, which
    /// the subscript gives. A signal may end it early, with none.
    @discardableResult
    public mutating func wait(until deadline: Instant) -> Int {
        let left =
            deadline == .never ? -1 : max(0, (deadline - MonotonicClock.now()).nanoseconds)
        // The array is written during the call only, and has the room.
        let result = unsafe clinux_epoll_wait(descriptor, &events, left)
        count = max(0, Int(result))
        return count
    }

    /// An event of the last wait.
    ///
    /// - Precondition: `index` is at least 0 and below `count`.
    public subscript(index: Int) -> Event {
        precondition(index >= 0 && index < count, "no such event")
        return Event(token: events[index].token, ready: Interest(rawValue: events[index].events))
    }
}
