import CLinux
import Glibc
import Sockets

/// The descriptors the launcher waits on, and the wait (epoll(7)).
struct EventLoop {
    /// What a descriptor is waited for, and what was found.
    struct Interest: OptionSet {
        let rawValue: UInt32

        static let readable = Interest(rawValue: CLINUX_READABLE.rawValue)
        static let writable = Interest(rawValue: CLINUX_WRITABLE.rawValue)
        static let halfClosed = Interest(rawValue: CLINUX_HALF_CLOSED.rawValue)
        static let hungUp = Interest(rawValue: CLINUX_HUNG_UP.rawValue)
        /// Report changes only (EPOLLET).
        static let onChange = Interest(rawValue: CLINUX_ON_CHANGE.rawValue)
    }

    /// A descriptor that became ready, by the token it was added with.
    struct Ready {
        var token: UInt64
        var events: Interest
    }

    private let descriptor: Descriptor
    private var found = [clinux_ready](
        repeating: clinux_ready(), count: Int(CLINUX_READY_CAPACITY))

    init() throws(SocketError) {
        descriptor = try Descriptor(result: clinux_epoll_create())
    }

    func add(_ number: CInt, token: UInt64, for interest: Interest) {
        control(CLINUX_ADD, number, token, interest)
    }

    func change(_ number: CInt, token: UInt64, for interest: Interest) {
        control(CLINUX_CHANGE, number, token, interest)
    }

    func remove(_ number: CInt) {
        control(CLINUX_REMOVE, number, 0, [])
    }

    private func control(
        _ operation: clinux_epoll_operation, _ number: CInt, _ token: UInt64, _ interest: Interest
    ) {
        _ = clinux_epoll_control(
            descriptor.number, CInt(operation.rawValue), number, token, interest.rawValue)
    }

    /// Waits until something is ready, for at most `nanoseconds` (for ever where nil); how many
    /// are.
    mutating func wait(nanoseconds: Int64?) -> Int {
        let limit = nanoseconds.map { max($0, 0) } ?? -1
        // The array is written during the call only, and has the room.
        return max(Int(unsafe clinux_epoll_wait(descriptor.number, &found, limit)), 0)
    }

    /// One of those that the last wait found.
    func ready(_ position: Int) -> Ready {
        Ready(token: found[position].token, events: Interest(rawValue: found[position].events))
    }
}
