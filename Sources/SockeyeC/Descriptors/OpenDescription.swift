import Glibc
import Sockets
import Synchronization

/// What a descriptor stands for, POSIX's open file description: `dup` and its like make further
/// numbers of the same one, which share its flags; it is closed with the last of them.
final class OpenDescription: Sendable {
    enum Kind {
        case socket(Socket)
    }

    /// What of a description `fcntl` sets and reads besides the socket's own.
    struct Settings {
        /// `O_ASYNC`.
        var tellsBySignal = false
        /// `F_SETOWN`.
        var owner: CInt = 0
        /// `F_SETSIG`.
        var signal: CInt = 0
    }

    let kind: Kind
    let settings = Mutex(Settings())
    /// How many numbers it has; changed under the lock of the table.
    let numbers = Atomic(0)

    init(_ socket: Socket) { kind = .socket(socket) }

    /// - Throws: `ENOTSOCK`.
    func requireSocket() throws(SocketError) -> Socket {
        switch kind {
        case .socket(let socket): return socket
        }
    }

    /// Lets go of what the last number stood for.
    func close() {
        switch kind {
        case .socket(let socket): socket.closeLingering()
        }
    }
}
