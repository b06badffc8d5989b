import CSockeye
import Devices
import Glibc
import Sockets
import Stack

// select: poll, in sets of bits.

@c @implementation
public func sockeye_select(
    _ count: CInt, _ readable: UnsafeMutablePointer<fd_set>!,
    _ writable: UnsafeMutablePointer<fd_set>!, _ exceptional: UnsafeMutablePointer<fd_set>!,
    _ timeout: UnsafeMutablePointer<timeval>!
) -> CInt {
    outcome { () throws(SocketError) in
        var deadline = Instant.never
        if let timeout = unsafe timeout {
            let time = unsafe timeout.pointee
            guard time.tv_sec >= 0, time.tv_usec >= 0 else {
                throw SocketError(EINVAL, in: "select")
            }
            // More than a second's microseconds are taken for what they are, as in the kernel.
            let seconds = min(time.tv_sec, 1_000_000_000) + time.tv_usec / 1_000_000
            let rest = timespec(tv_sec: seconds, tv_nsec: time.tv_usec % 1_000_000 * 1000)
            deadline = MonotonicClock.now() + (try interval(rest, in: "select"))
        }
        let sets = unsafe [readable, writable, exceptional]
        let found = unsafe try select(count, sets, deadline, nil)
        if let timeout = unsafe timeout {
            let left = timeLeft(until: deadline)
            unsafe timeout.pointee = timeval(tv_sec: left.tv_sec, tv_usec: left.tv_nsec / 1000)
        }
        return found
    }
}

@c @implementation
public func sockeye_pselect(
    _ count: CInt, _ readable: UnsafeMutablePointer<fd_set>!,
    _ writable: UnsafeMutablePointer<fd_set>!, _ exceptional: UnsafeMutablePointer<fd_set>!,
    _ timeout: UnsafePointer<timespec>!, _ signals: UnsafePointer<sigset_t>!
) -> CInt {
    outcome { () throws(SocketError) in
        let deadline = unsafe try deadline(timeout, in: "pselect")
        let sets = unsafe [readable, writable, exceptional]
        return unsafe try select(count, sets, deadline, signals)
    }
}

/// What each of the three sets asks for, and what answers it.
private let questions: [(asks: UInt32, answers: UInt32)] = [
    (
        PollBits.readable | PollBits.readableNormally,
        PollBits.readable | PollBits.readableNormally | PollBits.hangup | PollBits.error
    ),
    (
        PollBits.writable | PollBits.writableNormally,
        PollBits.writable | PollBits.writableNormally | PollBits.writableBand | PollBits.error
    ),
    (PollBits.priority, PollBits.priority),
]

private func select(
    _ count: CInt, _ sets: [UnsafeMutablePointer<fd_set>?], _ deadline: Instant,
    _ signals: UnsafePointer<sigset_t>?
) throws(SocketError) -> CInt {
    guard count >= 0 else { throw SocketError(EINVAL, in: "select") }
    // As many words as `count` needs: programs may have more than an fd_set.
    let bits = unsafe sets.map { set in
        unsafe set.map { unsafe Bits($0, Int(count)) }
    }
    var requests: [PollSet.Request] = []
    for descriptor in 0..<count {
        var events: UInt32 = 0
        for (index, question) in questions.enumerated()
        where bits[index]?.contains(descriptor) ?? false {
            events |= question.asks
        }
        if events != 0 {
            requests.append(PollSet.Request(descriptor: descriptor, events: events))
        }
    }
    let found = unsafe try PollSet(requests).wait(until: deadline, signals, in: "select")
    guard !found.contains(where: { $0.events & PollBits.invalid != 0 }) else {
        throw SocketError(EBADF, in: "select")
    }
    return answer(bits, requests, found)
}

/// Leaves in each set what is ready; how many bits that is.
private func answer(
    _ bits: [Bits?], _ requests: [PollSet.Request], _ found: [(place: Int, events: UInt32)]
) -> CInt {
    var asked: [[CInt]] = [[], [], []]
    for (place, events) in found {
        let descriptor = requests[place].descriptor
        for (index, question) in questions.enumerated()
        where events & question.answers != 0
            && (bits[index]?.contains(descriptor) ?? false)
        {
            asked[index].append(descriptor)
        }
    }
    var number: CInt = 0
    for index in questions.indices {
        bits[index]?.clear()
        for descriptor in asked[index] {
            bits[index]?.insert(descriptor)
            number += 1
        }
    }
    return number
}

/// The bits of an `fd_set`, in words; the caller's for as long as its call lasts.
@safe
private struct Bits {
    private let words: UnsafeMutablePointer<UInt64>
    private let count: Int

    init(_ set: UnsafeMutablePointer<fd_set>, _ bits: Int) {
        unsafe words = UnsafeMutableRawPointer(set).assumingMemoryBound(to: UInt64.self)
        count = (bits + 63) / 64
    }

    func contains(_ descriptor: CInt) -> Bool {
        unsafe words[Int(descriptor) / 64] & 1 << UInt64(descriptor % 64) != 0
    }

    func insert(_ descriptor: CInt) {
        unsafe words[Int(descriptor) / 64] |= 1 << UInt64(descriptor % 64)
    }

    func clear() { for index in 0..<count { unsafe words[index] = 0 } }
}
