import CSockeye
import Devices
import Glibc
import Sockets
import Stack

// poll, over sockets of the library and descriptors of the kernel alike.

@c @implementation
public func sockeye_poll(
    _ descriptors: UnsafeMutablePointer<pollfd>!, _ count: nfds_t, _ milliseconds: CInt
) -> CInt {
    outcome { () throws(SocketError) in
        let deadline: Instant =
            milliseconds < 0
            ? .never : MonotonicClock.now() + .milliseconds(Int(milliseconds))
        return try unsafe poll(descriptors, count, deadline, nil, in: "poll")
    }
}

@c @implementation
public func sockeye_ppoll(
    _ descriptors: UnsafeMutablePointer<pollfd>!, _ count: nfds_t,
    _ timeout: UnsafePointer<timespec>!, _ signals: UnsafePointer<sigset_t>!
) -> CInt {
    outcome { () throws(SocketError) in
        let deadline = unsafe try deadline(timeout, in: "ppoll")
        return try unsafe poll(descriptors, count, deadline, signals, in: "ppoll")
    }
}

private func poll(
    _ descriptors: UnsafeMutablePointer<pollfd>?, _ count: nfds_t, _ deadline: Instant,
    _ signals: UnsafePointer<sigset_t>?, in call: String
) throws(SocketError) -> CInt {
    guard count <= 1 << 20 else { throw SocketError(EINVAL, in: call) }
    guard count > 0 else {
        return unsafe try PollSet([]).wait(until: deadline, signals, in: call).count.clamped
    }
    let places = unsafe try existing(descriptors, in: call)
    let requests = (0..<Int(count)).map { index in
        let place = unsafe places[index]
        return PollSet.Request(
            descriptor: place.fd, events: UInt32(UInt16(bitPattern: place.events)))
    }
    let found = unsafe try PollSet(requests).wait(until: deadline, signals, in: call)
    for index in 0..<Int(count) { unsafe places[index].revents = 0 }
    for (index, events) in found {
        unsafe places[index].revents = Int16(
            bitPattern: UInt16(truncatingIfNeeded: events))
    }
    return found.count.clamped
}

extension Int {
    fileprivate var clamped: CInt { CInt(clamping: self) }
}
