import CLinux
import Glibc
import Sockets

/// Where sockets of the program are connected to: an AF_UNIX listener with a name of the kernel's
/// choosing, on which both sides of every connection are made by us.
struct Rendezvous {
    private let listener: Descriptor
    private let name: AbstractName

    init() throws(SocketError) {
        listener = try SocketFile.make(SOCK_STREAM, nonBlocking: true)
        name = try AbstractName.bind(listener.number)
        guard listen(listener.number, 128) == 0 else { throw SocketError(errno) }
    }

    /// Connects `program`, the program's own socket, in place; our end of it.
    func connect(_ program: CInt) throws(SocketError) -> Descriptor {
        try name.connect(program)
        while true {
            let end = try Descriptor(result: clinux_accept(listener.number))
            // Abstract names are open to everyone on the machine: a stranger is turned away.
            if SocketFile.peerProcess(of: end.number) == getpid() { return end }
        }
    }
}
