import CLinux
import Glibc
import Stack

/// Waits for many descriptors and a deadline at once: `epoll`.
@safe
public struct Poller: ~Copyable, @unchecked Sendable {
    /// What a descriptor is waited for.
    public struct Interest: OptionSet, Sendable {
        public let rawValue: UInt32

        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static var readable: Interest { Interest(rawValue: EPOLLIN.rawValue) }
        public static var writable: Interest { Interest(rawValue: EPOLLOUT.rawValue) }
        /// An error or hang-up, which is always reported.
        public static var failed: Interest {
            Interest(rawValue: EPOLLERR.rawValue | EPOLLHUP.rawValue)
        }
    }

    /// A descriptor that is ready.
    public struct Event: Equatable, Sendable {
        /// What it was added with.
        public let token: UInt64
        public let ready: Interest
    }

    /// How many events one wait reports; the others follow with the next.
    public static var eventLimit: Int { 64 }

    /// Readable itself when one of its own is: pollers nest. Belongs to the poller.
    public let descriptor: Int32
    /// Written by the kernel in `wait`, read up to `count`; as long as the poller.
    private let events: UnsafeMutablePointer<epoll_event>
    /// How many events the last wait reported.
    public private(set) var count = 0

    /// - Throws: `EMFILE` or `ENFILE` when no descriptor can be had.
    public init() throws(DeviceError) {
        let descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw DeviceError(operation: "create a poller", code: errno) }
        self.descriptor = descriptor
        unsafe events = .allocate(capacity: Self.eventLimit)
        unsafe events.initialize(repeating: epoll_event(), count: Self.eventLimit)
    }

    deinit {
        close(descriptor)
        unsafe events.deallocate()
    }

    /// Reports `descriptor` under `token` from now on, for as long as it is ready.
    ///
    /// - Throws: `EEXIST` when it was added before, `EPERM` when it cannot be polled, as files.
    public borrowing func add(
        _ descriptor: Int32, token: UInt64, for interest: Interest = .readable
    ) throws(DeviceError) {
        try control(EPOLL_CTL_ADD, descriptor, token, interest)
    }

    /// Waits for something else from now on.
    ///
    /// - Throws: `ENOENT` when it was not added.
    public borrowing func change(
        _ descriptor: Int32, token: UInt64, for interest: Interest
    ) throws(DeviceError) {
        try control(EPOLL_CTL_MOD, descriptor, token, interest)
    }

    /// Reports `descriptor` no more.
    ///
    /// - Throws: `ENOENT` when it was not added.
    public borrowing func remove(_ descriptor: Int32) throws(DeviceError) {
        try control(EPOLL_CTL_DEL, descriptor, 0, [])
    }

    private borrowing func control(
        _ operation: Int32, _ descriptor: Int32, _ token: UInt64, _ interest: Interest
    ) throws(DeviceError) {
        var event = unsafe epoll_event()
        unsafe event.events = interest.rawValue
        // The 64 bits are ours; the kernel hands them back as they are.
        unsafe event.data.u64 = token
        guard unsafe epoll_ctl(self.descriptor, operation, descriptor, &event) == 0 else {
            throw DeviceError(operation: "watch descriptor \(descriptor)", code: errno)
        }
    }

    /// Sleeps until a descriptor is ready or `deadline` has come; how many events there are, which
    /// the subscript gives. A signal may end it early, with none.
    @discardableResult
    public mutating func wait(until deadline: Instant) -> Int {
        let left =
            deadline == .never
            ? -1 : max(0, (deadline - MonotonicClock.now()).nanoseconds)
        let result = unsafe sockeye_epoll_wait(
            descriptor, events, Int32(Self.eventLimit), left)
        count = max(0, Int(result))
        return count
    }

    /// An event of the last wait.
    ///
    /// - Precondition: `index` is at least 0 and below `count`.
    public subscript(index: Int) -> Event {
        precondition(index >= 0 && index < count, "no such event")
        let event = unsafe events[index]
        // The 64 bits were written by `add`.
        return unsafe Event(token: event.data.u64, ready: Interest(rawValue: event.events))
    }
}
