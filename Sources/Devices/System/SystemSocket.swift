import Glibc
import Synchronization

/// A socket of the kernel's, whose calls never wait.
///
/// The descriptor goes back to the system when it was closed and the last call that uses it has
/// returned, so that no call ever meets a descriptor of somebody else's.
public final class SystemSocket: Sendable {
    /// The number by which the system knows it.
    public let number: CInt
    /// How many calls use the descriptor, and whether it was closed.
    private let uses = Atomic<UInt32>(0)
    private let isGivenBack = Atomic(false)

    private static var closed: UInt32 { 1 << 31 }

    /// Makes a socket. POSIX `socket`.
    ///
    /// - Parameters: as the system numbers them: `AF_INET`, `SOCK_STREAM`, 0.
    /// - Throws: `EMFILE`, `ENFILE`, `EPERM`, `EACCES`, `EAFNOSUPPORT`, `EPROTONOSUPPORT`.
    public convenience init(
        domain: CInt, type: CInt, protocol number: CInt
    ) throws(DeviceError) {
        let flags = CInt(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        self.init(adopting: try Self.check(Glibc.socket(domain, type | flags, number), "socket"))
    }

    /// Takes over a descriptor that does not wait already, and closes it in the end.
    init(adopting number: CInt) { self.number = number }

    /// Takes over a descriptor that came from somewhere else, and closes it in the end.
    ///
    /// - Throws: `ENOTSOCK` when it is none, which leaves it open; `EBADF`.
    public convenience init(received number: CInt) throws(DeviceError) {
        var found = stat()
        try Self.check(unsafe fstat(number, &found), "socket")
        guard found.st_mode & S_IFMT == S_IFSOCK else {
            throw DeviceError(operation: "socket", code: ENOTSOCK)
        }
        let flags = try Self.check(fcntl(number, F_GETFL), "socket")
        try Self.check(fcntl(number, F_SETFL, flags | O_NONBLOCK), "socket")
        self.init(adopting: number)
    }

    /// Makes two sockets that are connected. POSIX `socketpair`.
    public static func pair(
        domain: CInt, type: CInt, protocol number: CInt
    ) throws(DeviceError) -> (SystemSocket, SystemSocket) {
        var ends: [CInt] = [0, 0]
        let flags = CInt(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        try check(unsafe socketpair(domain, type | flags, number, &ends), "socketpair")
        return (SystemSocket(adopting: ends[0]), SystemSocket(adopting: ends[1]))
    }

    deinit { close() }

    // MARK: - The descriptor's life

    /// Lets go of the socket: calls fail with `EBADF` from now on. A second call does nothing;
    /// whether this was the first.
    @discardableResult
    public func close() -> Bool {
        let before = uses.bitwiseOr(Self.closed, ordering: .acquiringAndReleasing).oldValue
        if before == 0 { giveBack() }
        return before & Self.closed == 0
    }

    /// Whether it was closed.
    public var isClosed: Bool { uses.load(ordering: .acquiring) & Self.closed != 0 }

    /// Works with the descriptor, which stays open until `body` returns.
    ///
    /// - Throws: `EBADF` once closed.
    public func use<Result>(
        _ call: String, _ body: (CInt) throws(DeviceError) -> Result
    ) throws(DeviceError) -> Result {
        let state = uses.add(1, ordering: .acquiring).newValue
        defer { endUse() }
        guard state & Self.closed == 0 else { throw DeviceError(operation: call, code: EBADF) }
        return try body(number)
    }

    private func endUse() {
        let left = uses.subtract(1, ordering: .acquiringAndReleasing).newValue
        if left == Self.closed { giveBack() }
    }

    private func giveBack() {
        if !isGivenBack.exchange(true, ordering: .relaxed) { _ = Glibc.close(number) }
    }

    // MARK: - Errors

    @discardableResult
    static func check(_ result: CInt, _ call: String) throws(DeviceError) -> CInt {
        guard result >= 0 else { throw DeviceError(operation: call, code: errno) }
        return result
    }
}
