import CLinux
import Glibc
import Sockets

/// Calls on sockets of ours: never blocking, never raising SIGPIPE.
enum SocketFile {
    /// What a transfer did.
    enum Transfer {
        case bytes(Int)
        case wouldBlock
        case failed(SocketError)
    }

    static let flags = CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL)

    static func inode(of number: CInt) -> UInt64? {
        var inode: UInt64 = 0
        // Written during the call only.
        return unsafe clinux_own_socket_inode(number, &inode) == 0 ? inode : nil
    }

    static func make(_ type: __socket_type, nonBlocking: Bool) throws(SocketError) -> Descriptor {
        let number = socket(AF_UNIX, CInt(type.rawValue) | typeFlags(nonBlocking), 0)
        guard number >= 0 else { throw SocketError(errno) }
        return Descriptor(owning: number)
    }

    /// Two sockets of messages that are connected to each other; the first one is the program's.
    static func makePair(nonBlocking: Bool) throws(SocketError) -> (Descriptor, Descriptor) {
        var numbers: [CInt] = [-1, -1]
        let type = CInt(SOCK_SEQPACKET.rawValue) | typeFlags(nonBlocking)
        // Written during the call only; it writes two numbers.
        guard unsafe socketpair(AF_UNIX, type, 0, &numbers) == 0 else {
            throw SocketError(errno)
        }
        return (Descriptor(owning: numbers[0]), Descriptor(owning: numbers[1]))
    }

    /// SOCK_CLOEXEC, and SOCK_NONBLOCK where asked for.
    static func typeFlags(_ nonBlocking: Bool) -> CInt {
        CInt(SOCK_CLOEXEC.rawValue) | (nonBlocking ? CInt(SOCK_NONBLOCK.rawValue) : 0)
    }

    static func setNonBlocking(_ number: CInt, _ isOn: Bool) {
        let flags = fcntl(number, F_GETFL)
        _ = fcntl(number, F_SETFL, isOn ? flags | O_NONBLOCK : flags & ~O_NONBLOCK)
    }

    /// The process at the other end, -1 where that is not known (SO_PEERCRED).
    static func peerProcess(of number: CInt) -> pid_t {
        var credentials = clinux_credentials()
        // Written during the call only.
        return unsafe clinux_peer_credentials(number, &credentials) == 0 ? credentials.process : -1
    }

    static func isReadable(_ number: CInt) -> Bool {
        var entry = clinux_poll(descriptor: number, events: Int16(POLLIN), answer: 0)
        // Read and written during the call only.
        return unsafe clinux_poll(&entry, 1, 0) > 0
    }

    /// Whether the peer sends no more.
    static func hasEnded(_ number: CInt) -> Bool {
        // POLLRDHUP
        var entry = clinux_poll(descriptor: number, events: 0x2000, answer: 0)
        // Read and written during the call only.
        return unsafe clinux_poll(&entry, 1, 0) > 0
    }

    /// Whether the peer neither sends nor receives any more.
    static func isHungUp(_ number: CInt) -> Bool {
        var entry = clinux_poll(descriptor: number, events: 0, answer: 0)
        // Read and written during the call only.
        return unsafe clinux_poll(&entry, 1, 0) > 0 && entry.answer & Int16(POLLHUP) != 0
    }

    static func isNonBlocking(_ number: CInt) -> Bool {
        fcntl(number, F_GETFL) & O_NONBLOCK != 0
    }

    /// Receives into the empty `buffer`.
    static func receive(_ number: CInt, into buffer: TransferBuffer, limit: Int = .max) -> Transfer
    {
        // The buffer has room for its capacity.
        let count = unsafe recv(number, buffer.base, min(buffer.capacity, limit), flags)
        guard count >= 0 else { return failure() }
        buffer.fill(count)
        return .bytes(count)
    }

    /// Receives into the empty `buffer` and leaves it where it is (MSG_PEEK).
    static func peek(_ number: CInt, into buffer: TransferBuffer, limit: Int) -> Transfer {
        let all = flags | CInt(MSG_PEEK)
        // The buffer has room for its capacity.
        let count = unsafe recv(number, buffer.base, min(buffer.capacity, limit), all)
        guard count >= 0 else { return failure() }
        buffer.fill(count)
        return .bytes(count)
    }

    /// Receives one datagram into the empty `buffer`; the count is of all its bytes, of which those
    /// that have no room are lost.
    static func receiveDatagram(_ number: CInt, into buffer: TransferBuffer, peeking: Bool)
        -> Transfer
    {
        let all = flags | CInt(MSG_TRUNC) | (peeking ? CInt(MSG_PEEK) : 0)
        // The buffer has room for its capacity.
        let count = unsafe recv(number, buffer.base, buffer.capacity, all)
        guard count >= 0 else { return failure() }
        buffer.fill(min(count, buffer.capacity))
        return .bytes(count)
    }

    /// How many bytes wait to be read.
    static func unreadCount(_ number: CInt) -> Int {
        max(Int(clinux_unread_count(number)), 0)
    }

    /// How much of the socket's send buffer its peer has not read yet: 0 when it has read all.
    static func unsentCount(_ number: CInt) -> Int {
        max(Int(clinux_unsent_count(number)), 0)
    }

    /// Sends what `buffer` holds; what was taken is removed from it.
    static func send(_ number: CInt, from buffer: TransferBuffer) -> Transfer {
        // What waits lies within the buffer.
        let count = unsafe Glibc.send(number, buffer.base + buffer.start, buffer.count, flags)
        guard count >= 0 else { return failure() }
        buffer.removeFirst(count)
        return .bytes(count)
    }

    /// Sends one urgent byte of a stream (MSG_OOB).
    static func sendUrgent(_ number: CInt, _ byte: UInt8) {
        var byte = byte
        // Read during the call only.
        _ = unsafe Glibc.send(number, &byte, 1, flags | CInt(MSG_OOB))
    }

    /// Receives as many bytes as fit; how many, below 0 where none does.
    static func receive(_ number: CInt, _ bytes: inout [UInt8], peeking: Bool) -> Int {
        let all = flags | (peeking ? CInt(MSG_PEEK) : 0)
        // Written during the call only, within the array's count.
        return unsafe recv(number, &bytes, bytes.count, all)
    }

    /// Whether the next byte of a stream is urgent (sockatmark(3)).
    static func isAtMark(_ number: CInt) -> Bool { sockatmark(number) == 1 }

    private static func failure() -> Transfer {
        errno == EAGAIN ? .wouldBlock : .failed(SocketError(errno))
    }

    /// An option of type `int`.
    static func option(_ number: CInt, _ name: CInt) -> CInt {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        // Both are written during the call only.
        return unsafe getsockopt(number, SOL_SOCKET, name, &value, &length) == 0 ? value : 0
    }

    static func setOption(_ number: CInt, _ name: CInt, _ value: CInt) {
        var value = value
        // Read during the call only.
        unsafe setsockopt(
            number, SOL_SOCKET, name, &value, socklen_t(MemoryLayout<CInt>.size))
    }

    /// Gives a socket an option of another's, of up to 16 bytes.
    static func copyOption(_ name: CInt, from one: CInt, to other: CInt) {
        var value: (UInt64, UInt64) = (0, 0)
        var length = socklen_t(16)
        // Both are read and written during the calls only.
        guard unsafe getsockopt(one, SOL_SOCKET, name, &value, &length) == 0 else { return }
        unsafe setsockopt(other, SOL_SOCKET, name, &value, length)
    }

    /// SO_RCVTIMEO or SO_SNDTIMEO in nanoseconds, nil where there is no limit.
    static func timeLimit(_ number: CInt, _ name: CInt) -> Int64? {
        var value = timeval()
        var length = socklen_t(MemoryLayout<timeval>.size)
        // Both are written during the call only.
        guard unsafe getsockopt(number, SOL_SOCKET, name, &value, &length) == 0 else { return nil }
        let limit = Int64(value.tv_sec) &* 1_000_000_000 &+ Int64(value.tv_usec) &* 1_000
        return limit > 0 ? limit : nil
    }
}
