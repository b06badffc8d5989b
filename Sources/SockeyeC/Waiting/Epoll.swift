import CSockeye
import Devices
import Glibc
import Sockets
import Stack

// epoll: sets of sockets of the library and descriptors of the kernel. The descriptor of a set is
// one of the kernel's as well: whatever waits there, an event loop of anybody's, can wait for it.

@c @implementation
public func sockeye_epoll_create(_ size: CInt) -> CInt {
    guard size > 0 else {
        errno = EINVAL
        return -1
    }
    return sockeye_epoll_create1(0)
}

@c @implementation
public func sockeye_epoll_create1(_ flags: CInt) -> CInt {
    outcome { () throws(SocketError) in
        guard flags & ~O_CLOEXEC == 0 else { throw SocketError(EINVAL, in: "epoll_create1") }
        return try Descriptors.add(
            OpenDescription(.set(try ReadySet())), closesOnExec: flags & O_CLOEXEC != 0)
    }
}

@c @implementation
public func sockeye_epoll_ctl(
    _ descriptor: CInt, _ operation: CInt, _ member: CInt,
    _ event: UnsafeMutablePointer<epoll_event>!
) -> CInt {
    onDescription(descriptor) { (description) throws(SocketError) in
        var bits: UInt32 = 0
        var token: UInt64 = 0
        if operation != EPOLL_CTL_DEL {
            let event = unsafe try existing(event, in: "epoll_ctl").pointee
            bits = unsafe event.events
            token = unsafe event.data.u64
        }
        let pollable = try pollable(member)
        if case .socket(let socket) = pollable { bits = socket.known(of: bits) }
        guard case .set(let set) = description.kind, descriptor != member else {
            throw SocketError(EINVAL, in: "epoll_ctl")
        }
        switch operation {
        case EPOLL_CTL_ADD:
            try set.add(pollable, epollEvents: bits, token: token, number: member)
        case EPOLL_CTL_MOD:
            try set.modify(pollable, epollEvents: bits, token: token, number: member)
        case EPOLL_CTL_DEL: try set.remove(pollable, number: member)
        default: throw SocketError(EINVAL, in: "epoll_ctl")
        }
        return 0
    } kernel: {
        unsafe epoll_ctl(descriptor, operation, member, event)
    }
}

/// - Throws: `EBADF` for what is open nowhere.
private func pollable(_ descriptor: CInt) throws(SocketError) -> Pollable {
    if let description = Descriptors.description(of: descriptor) { return description.pollable }
    guard csockeye_kernel_fcntl(descriptor, F_GETFD, 0) >= 0 else {
        throw SocketError(EBADF, in: "epoll_ctl")
    }
    return .descriptor(descriptor)
}

@c @implementation
public func sockeye_epoll_wait(
    _ descriptor: CInt, _ events: UnsafeMutablePointer<epoll_event>!, _ count: CInt,
    _ milliseconds: CInt
) -> CInt {
    unsafe sockeye_epoll_pwait(descriptor, events, count, milliseconds, nil)
}

@c @implementation
public func sockeye_epoll_pwait(
    _ descriptor: CInt, _ events: UnsafeMutablePointer<epoll_event>!, _ count: CInt,
    _ milliseconds: CInt, _ signals: UnsafePointer<sigset_t>!
) -> CInt {
    onDescription(descriptor) { (description) throws(SocketError) in
        // The limit is that of the kernel: an int's worth of bytes.
        guard count > 0, count <= CInt.max / 12, case .set(let set) = description.kind else {
            throw SocketError(EINVAL, in: "epoll_wait")
        }
        let places = unsafe try existing(events, in: "epoll_wait")
        let deadline: Instant =
            milliseconds < 0 ? .never : MonotonicClock.now() + .milliseconds(Int(milliseconds))
        let found = unsafe try wait(set, Int(count), deadline, signals)
        for (index, event) in found.enumerated() {
            unsafe places[index] = epoll_event(
                events: event.epollEvents, data: epoll_data_t(u64: event.token))
        }
        return CInt(found.count)
    } kernel: {
        unsafe epoll_pwait(descriptor, events, count, milliseconds, signals)
    }
}

/// Waits in the kernel, where signals end it.
private func wait(
    _ set: ReadySet, _ count: Int, _ deadline: Instant, _ signals: UnsafePointer<sigset_t>?
) throws(SocketError) -> [ReadySet.Event] {
    while true {
        let events = try set.wait(atMost: count, for: .zero)
        let now = MonotonicClock.now()
        if !events.isEmpty || deadline <= now { return events }
        var descriptor = pollfd(fd: set.descriptor, events: Int16(POLLIN), revents: 0)
        var limit = timeLeft(until: deadline)
        let result =
            deadline == .never
            ? unsafe csockeye_kernel_ppoll(&descriptor, 1, nil, signals)
            : unsafe csockeye_kernel_ppoll(&descriptor, 1, &limit, signals)
        guard result >= 0 else { throw SocketError(errno, in: "epoll_wait") }
    }
}
