import Glibc
import Memory
import Sockets

extension Supervisor {
    /// socket(2): an AF_UNIX socket of ours in place of one of the Internet, of packets or of
    /// NETLINK.
    ///
    /// UNIX sockets, and questions to the kernel that are not about the network, are the kernel's
    /// business. Other families there are not.
    func socketCall(_ call: SystemCall) throws(SocketError) -> Reply {
        let flags = CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let type = call.int(1)
        switch call.int(0) {
        case AF_UNIX, AF_ALG: return .carryOn
        case AF_NETLINK where !Self.isAboutNetwork(call.int(2)): return .carryOn
        default: break
        }
        guard type & ~(flags | 0xF) == 0 else { return .failure(EINVAL) }
        let kind = try SocketType(call.int(0), type & 0xF, call.int(2))
        let socket = try kind.open(on: setting.network)
        socket.isNonblocking = true
        let nonBlocking = type & CInt(SOCK_NONBLOCK.rawValue) != 0
        let closeOnExec = type & CInt(SOCK_CLOEXEC.rawValue) != 0
        if kind.kind == .stream {
            // An unconnected one: it polls as an unconnected TCP socket does.
            let program = try SocketFile.make(SOCK_STREAM, nonBlocking: nonBlocking)
            let index = try lend(program, socket, call, closeOnExec)
            if keepsDuplicates { registry[index].duplicate = program }
        } else {
            // A pair of SEQPACKET: boundaries are kept, and closing is seen at the other end.
            let (program, end) = try SocketFile.makePair(nonBlocking: nonBlocking)
            let index = try lend(program, socket, call, closeOnExec)
            adopt(end, index)
            try watch(index)
            if keepsDuplicates { registry[index].duplicate = program }
        }
        return .answered
    }

    /// NETLINK_ROUTE and NETLINK_SOCK_DIAG: interfaces, routes, sockets.
    private static func isAboutNetwork(_ number: CInt) -> Bool { number == 0 || number == 4 }

    /// Puts the program's end into the program and remembers it by its inode.
    private func lend(
        _ program: Descriptor, _ socket: Socket, _ call: SystemCall, _ closeOnExec: Bool
    ) throws(SocketError) -> SlabIndex {
        guard let inode = SocketFile.inode(of: program.number) else { throw SocketError(ENOBUFS) }
        // Known before the program can use it; the number it gets there is not known yet.
        let index = registry.insert(
            BorrowedSocket(
                socket, inode: inode, holder: CallerDescriptor(thread: call.thread, number: -1)))
        do throws(SocketError) {
            try listener.answer(call, injecting: program.number, closeOnExec: closeOnExec)
        } catch {
            _ = registry.remove(index)
            throw error
        }
        return index
    }
}
