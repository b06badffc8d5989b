import Stack

/// Readiness in the bits of `epoll`, which are those of `poll` and some more.
extension Readiness {
    private enum Bit {
        static var readable: UInt32 { 0x001 }
        static var priority: UInt32 { 0x002 }
        static var writable: UInt32 { 0x004 }
        static var error: UInt32 { 0x008 }
        static var hangup: UInt32 { 0x010 }
        static var normalRead: UInt32 { 0x040 }
        static var normalWrite: UInt32 { 0x100 }
        static var bandWrite: UInt32 { 0x200 }
        static var readHangup: UInt32 { 0x2000 }

        static var reading: UInt32 { readable | normalRead }
        static var writing: UInt32 { writable | normalWrite | bandWrite }
    }

    /// What `EPOLLIN`, `EPOLLRDNORM`, `EPOLLPRI`, `EPOLLOUT`, `EPOLLWRNORM`, `EPOLLWRBAND`, `EPOLLERR`,
    /// `EPOLLHUP` and `EPOLLRDHUP` in `bits` mean; others mean nothing.
    public init(epollEvents bits: UInt32) {
        self = []
        if bits & Bit.reading != 0 { insert(.readable) }
        if bits & Bit.writing != 0 { insert(.writable) }
        if bits & Bit.priority != 0 { insert(.priority) }
        if bits & Bit.error != 0 { insert(.error) }
        if bits & Bit.hangup != 0 { insert(.hangup) }
        if bits & Bit.readHangup != 0 { insert(.readHangup) }
    }

    /// The bits of what is ready, each under one name: `EPOLLIN`, `EPOLLPRI`, `EPOLLOUT`, `EPOLLERR`,
    /// `EPOLLHUP`, `EPOLLRDHUP`.
    public var epollEvents: UInt32 {
        var bits: UInt32 = 0
        if contains(.readable) { bits |= Bit.readable }
        if contains(.writable) { bits |= Bit.writable }
        if contains(.priority) { bits |= Bit.priority }
        if contains(.error) { bits |= Bit.error }
        if contains(.hangup) { bits |= Bit.hangup }
        if contains(.readHangup) { bits |= Bit.readHangup }
        return bits
    }

    /// The answer to somebody who asked for `asked`: each bit that was asked for and is ready,
    /// under whichever name, and errors and hang-ups in any case.
    public func epollEvents(askedFor asked: UInt32) -> UInt32 {
        var bits = epollEvents
        if contains(.readable) { bits |= Bit.reading }
        if contains(.writable) { bits |= Bit.writing }
        return bits & (asked | Bit.error | Bit.hangup)
    }
}
