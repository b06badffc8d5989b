import Glibc
import Sockets
import Stack

/// The bits of `poll`, which `epoll` shares.
enum PollBits {
    static var readable: UInt32 { 0x0001 }
    static var priority: UInt32 { 0x0002 }
    static var writable: UInt32 { 0x0004 }
    static var error: UInt32 { 0x0008 }
    static var hangup: UInt32 { 0x0010 }
    static var invalid: UInt32 { 0x0020 }
    static var readableNormally: UInt32 { 0x0040 }
    static var writableNormally: UInt32 { 0x0100 }
    static var writableBand: UInt32 { 0x0200 }
}

extension Socket {
    /// What of `asked` such a socket tells of at all: TCP has no bands.
    func known(of asked: UInt32) -> UInt32 {
        kind == .stream ? asked & ~PollBits.writableBand : asked
    }

    /// What of `asked` the socket is ready for, errors and hang-ups in any case; of one that is
    /// closed, that it is none.
    func pollEvents(askedFor asked: UInt32) -> UInt32 {
        do throws(SocketError) {
            return try readiness.epollEvents(askedFor: known(of: asked))
        } catch {
            return PollBits.invalid
        }
    }
}
