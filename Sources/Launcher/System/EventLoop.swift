import CLinux
import Glibc

/// The descriptors the launcher waits on, and the wait (epoll(7)).
@safe
struct EventLoop: ~Copyable {
    /// What a descriptor is waited for.
    struct Interest: OptionSet {
        let rawValue: UInt32

        static let readable = Interest(rawValue: EPOLLIN.rawValue)
        static let writable = Interest(rawValue: EPOLLOUT.rawValue)
        static let halfClosed = Interest(rawValue: EPOLLRDHUP.rawValue)
        static let hungUp = Interest(rawValue: EPOLLHUP.rawValue)
        static let onChange = Interest(rawValue: CLINUX_EDGE_TRIGGERED.rawValue)
    }

    /// A descriptor that became ready, by the token it was added with.
    struct Ready {
        var token: UInt64
        var events: Interest
    }

    private static let batch = 64

    private let descriptor: Descriptor
    // Unsafe for the pointer that the union in it may hold, which is never used here.
    private var events = unsafe [epoll_event](repeating: epoll_event(), count: EventLoop.batch)

    init() throws(SystemError) {
        let number = epoll_create1(CInt(O_CLOEXEC))
        guard number >= 0 else { throw SystemError(errno) }
        descriptor = Descriptor(owning: number)
    }

    func add(_ number: CInt, token: UInt64, for interest: Interest) {
        control(EPOLL_CTL_ADD, number, token, interest)
    }

    func change(_ number: CInt, token: UInt64, for interest: Interest) {
        control(EPOLL_CTL_MOD, number, token, interest)
    }

    func remove(_ number: CInt) {
        control(EPOLL_CTL_DEL, number, 0, [])
    }

    private func control(_ operation: CInt, _ number: CInt, _ token: UInt64, _ interest: Interest) {
        var event = unsafe epoll_event(events: interest.rawValue, data: epoll_data_t(u64: token))
        // The structure is read during the call only.
        _ = unsafe epoll_ctl(descriptor.number, operation, number, &event)
    }

    /// Waits until something is ready, for at most `nanoseconds` (for ever where nil); how many are.
    mutating func wait(nanoseconds: Int64?) -> Int {
        let limit = nanoseconds.map { max($0, 0) } ?? -1
        // The array is written during the call only, within its count.
        let count = unsafe clinux_epoll_wait(
            descriptor.number, &events, CInt(Self.batch), limit)
        return max(Int(count), 0)
    }

    /// One of those that the last wait found.
    func ready(_ position: Int) -> Ready {
        // Every event was added with the 64-bit member of the union.
        let event = unsafe events[position]
        return unsafe Ready(token: event.data.u64, events: Interest(rawValue: event.events))
    }
}
