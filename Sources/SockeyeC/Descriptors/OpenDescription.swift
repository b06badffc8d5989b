import Glibc
import Sockets
import Stack
import Synchronization

/// What a descriptor stands for, POSIX's open file description: `dup` and its like make further
/// numbers of the same one, which share its flags.
///
/// The table holds it for each number and a call for as long as it lasts; what it stands for is
/// closed with the last of them, as in the kernel.
final class OpenDescription: Sendable {
    enum Kind {
        case socket(Socket)
        case set(ReadySet)
    }

    /// What of a description `fcntl` sets and reads besides what the socket itself knows.
    struct Settings {
        /// Flags of files that mean nothing here, and are kept: `O_APPEND`, `O_NOATIME`.
        var idleFlags: CInt = 0
        /// `O_ASYNC`.
        var tellsBySignal = false
        /// `F_SETOWN`: whom signals go to.
        var owner: CInt = 0
        /// `F_SETSIG`: which one, 0 for `SIGIO`.
        var signal: CInt = 0
        /// Others have the socket too, by a message that passed it on.
        var isShared = false
    }

    let kind: Kind
    let settings = Mutex(Settings())

    /// - Parameter isShared: Others have the socket too: it is closed when nobody has it any more.
    init(_ kind: Kind, isShared: Bool = false) {
        self.kind = kind
        settings.withLock { $0.isShared = isShared }
        if case .socket(let socket) = kind { socket.isInterruptible = true }
    }

    deinit {
        guard case .socket(let socket) = kind, !settings.withLock({ $0.isShared }) else { return }
        socket.closeLingering()
    }

    /// - Throws: `ENOTSOCK`.
    func requireSocket() throws(SocketError) -> Socket {
        guard case .socket(let socket) = kind else { throw SocketError(ENOTSOCK, in: "socket") }
        return socket
    }

    /// A descriptor of the kernel's that is ready when it is; nil where it has none.
    var kernelDescriptor: CInt? {
        if case .set(let set) = kind { set.descriptor } else { nil }
    }

    /// What can be watched of it.
    var pollable: Pollable {
        switch kind {
        case .socket(let socket): .socket(socket)
        case .set(let set): .set(set)
        }
    }
}
