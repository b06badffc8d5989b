import CLinux
import Glibc
import Stack

/// Readiness of descriptors. POSIX `poll`.
extension SystemSocket {
    /// What the socket is ready for at this moment.
    public func readiness() throws(DeviceError) -> Readiness {
        try use("poll") { (number) throws(DeviceError) in
            var place = pollfd(
                fd: number, events: Readiness.all.pollEvents, revents: 0)
            try Self.check(unsafe Glibc.poll(&place, 1, 0), "poll")
            return Readiness(pollEvents: place.revents)
        }
    }

    /// Blocks the thread until the socket is ready for one of `events`, has an error or is hung up,
    /// `wakeUp` is signalled, or `deadline` has come; what it is ready for, empty for the latter
    /// two.
    public func wait(
        for events: Readiness, or wakeUp: WakeUp, until deadline: Instant
    ) throws(DeviceError) -> Readiness {
        try use("poll") { (number) throws(DeviceError) in
            while true {
                let left =
                    deadline == .never ? -1 : max(0, (deadline - MonotonicClock.now()).nanoseconds)
                let result = clinux_socket_wait(
                    number, events.pollEvents, wakeUp.descriptor, left)
                if result == 0 &- EINTR { continue }
                guard result >= 0 else { throw DeviceError("poll", result: result) }
                return Readiness(pollEvents: Int16(truncatingIfNeeded: result))
            }
        }
    }
}

extension Readiness {
    fileprivate static var all: Readiness { [.readable, .writable, .readHangup, .priority] }

    private static var names: [(Readiness, Int32)] {
        [
            (.readable, POLLIN), (.priority, POLLPRI), (.writable, POLLOUT), (.error, POLLERR),
            (.hangup, POLLHUP), (.readHangup, 0x2000),
        ]
    }

    /// As `poll` and `epoll` number them.
    public var pollEvents: Int16 {
        Self.names.reduce(0) { contains($1.0) ? $0 | Int16($1.1) : $0 }
    }

    /// From what `poll` or `epoll` reported.
    public init(pollEvents: Int16) {
        self = []
        for (event, number) in Self.names where pollEvents & Int16(number) != 0 {
            formUnion(event)
        }
    }
}
