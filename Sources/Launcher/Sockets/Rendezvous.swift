import CLinux
import Glibc

/// Where sockets of the program are connected to: an AF_UNIX listener with a name of the kernel's
/// choosing, on which both sides of every connection are made by us.
struct Rendezvous {
    private let listener: Descriptor
    private var name = sockaddr_un()
    private var nameLength = socklen_t(MemoryLayout<sockaddr_un>.size)

    init() throws(SystemError) {
        listener = try SocketFile.make(SOCK_STREAM, nonBlocking: true)
        var family = sockaddr()
        family.sa_family = sa_family_t(AF_UNIX)
        // A name of the family alone asks for an unused abstract one (unix(7), autobind).
        let bound = unsafe bind(
            listener.number, &family, socklen_t(MemoryLayout<sa_family_t>.size))
        guard bound == 0, listen(listener.number, 128) == 0 else { throw SystemError(errno) }
        let named = unsafe withUnsafeMutableBytes(of: &name) { bytes in
            // The structure is as long as `nameLength` says.
            unsafe getsockname(
                listener.number, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                &nameLength)
        }
        guard named == 0 else { throw SystemError(errno) }
    }

    /// Connects `program`, the program's own socket, in place; our end of it.
    mutating func connect(_ program: CInt) throws(SystemError) -> Descriptor {
        let connected = unsafe withUnsafeBytes(of: &name) { bytes in
            // The name is `nameLength` bytes of this structure.
            unsafe Glibc.connect(
                program, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), nameLength)
        }
        guard connected == 0 else { throw SystemError(errno) }
        while true {
            let end = try Descriptor(result: clinux_accept(listener.number))
            // Abstract names are open to everyone on the machine: a stranger is turned away.
            if Self.peerProcess(of: end.number) == getpid() { return end }
        }
    }

    private static func peerProcess(of number: CInt) -> pid_t {
        var credentials = clinux_credentials()
        // Written during the call only.
        return unsafe clinux_peer_credentials(number, &credentials) == 0 ? credentials.process : -1
    }
}
