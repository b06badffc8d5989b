import Glibc
import Sockets
import Stack

/// The bits of `poll`, which `epoll` shares.
struct PollEvents: OptionSet {
    let rawValue: UInt32

    static var readable: PollEvents { PollEvents(rawValue: 0x0001) }
    static var priority: PollEvents { PollEvents(rawValue: 0x0002) }
    static var writable: PollEvents { PollEvents(rawValue: 0x0004) }
    static var error: PollEvents { PollEvents(rawValue: 0x0008) }
    static var hangup: PollEvents { PollEvents(rawValue: 0x0010) }
    static var invalid: PollEvents { PollEvents(rawValue: 0x0020) }
    static var readableNormally: PollEvents { PollEvents(rawValue: 0x0040) }
    static var writableNormally: PollEvents { PollEvents(rawValue: 0x0100) }
    static var writableBand: PollEvents { PollEvents(rawValue: 0x0200) }
    static var readHangup: PollEvents { PollEvents(rawValue: 0x2000) }

    /// What is told without being asked for.
    static var always: PollEvents { [.error, .hangup] }

    init(rawValue: UInt32) { self.rawValue = rawValue }

    /// What a socket is ready for, in all words that `poll` has for it.
    init(_ readiness: Readiness, _ kind: Socket.Kind) {
        var events: PollEvents = []
        if readiness.contains(.readable) { events.formUnion([.readable, .readableNormally]) }
        if readiness.contains(.writable) {
            events.formUnion([.writable, .writableNormally])
            if kind != .stream { events.insert(.writableBand) }
        }
        if readiness.contains(.priority) { events.insert(.priority) }
        if readiness.contains(.error) { events.insert(.error) }
        if readiness.contains(.hangup) { events.insert(.hangup) }
        if readiness.contains(.readHangup) { events.insert(.readHangup) }
        self = events
    }

    /// What the stack is asked for to tell of these.
    var readiness: Readiness {
        var readiness: Readiness = [.error, .hangup]
        if !isDisjoint(with: [.readable, .readableNormally]) { readiness.insert(.readable) }
        if !isDisjoint(with: [.writable, .writableNormally, .writableBand]) {
            readiness.insert(.writable)
        }
        if contains(.priority) { readiness.insert(.priority) }
        if contains(.readHangup) { readiness.insert(.readHangup) }
        return readiness
    }
}

extension Socket {
    /// What the socket is ready for, as `poll` says it; of one that is closed, that it is none.
    var pollEvents: PollEvents {
        do throws(SocketError) { return PollEvents(try readiness, kind) } catch { return .invalid }
    }
}
