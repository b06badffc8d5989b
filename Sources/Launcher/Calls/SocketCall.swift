import Glibc
import Memory

extension Supervisor {
    /// socket(2): an AF_UNIX socket of ours in place of an Internet one.
    ///
    /// Families that are no network of ours to give are the kernel's business. Refused are: IPv6,
    /// with the error of a machine that has none, so that programs fall back to IPv4; raw and
    /// packet sockets and ping sockets, with the error that an ordinary user gets; and protocols
    /// that this stack does not have, with the error of a kernel without their module.
    func socketCall(_ call: SystemCall) throws(SystemError) -> Reply {
        let flags = CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let type = call.int(1)
        switch call.int(0) {
        case AF_UNIX, AF_NETLINK, AF_ALG: return .carryOn
        case AF_INET: break
        case AF_PACKET: return .failure(EPERM)
        default: return .failure(EAFNOSUPPORT)
        }
        guard type & ~(flags | 0xF) == 0 else { return .failure(EINVAL) }
        let kind = try Self.kind(ofType: type & 0xF, protocol: call.int(2))
        let nonBlocking = type & CInt(SOCK_NONBLOCK.rawValue) != 0
        let closeOnExec = type & CInt(SOCK_CLOEXEC.rawValue) != 0
        switch kind {
        case .stream:
            // An unconnected one: it polls as an unconnected TCP socket does.
            let program = try SocketFile.make(SOCK_STREAM, nonBlocking: nonBlocking)
            let index = try lend(program, kind, call, closeOnExec)
            if keepsDuplicates { registry[index].duplicate = program }
        case .datagram:
            // A pair of SEQPACKET: boundaries are kept, and closing is seen at the other end.
            let (program, end) = try Self.makePair(nonBlocking: nonBlocking)
            let index = try lend(program, kind, call, closeOnExec)
            adopt(end, index)
            if keepsDuplicates { registry[index].duplicate = program }
        }
        return .answered
    }

    private static func kind(ofType type: CInt, protocol number: CInt) throws(SystemError)
        -> BorrowedSocket.Kind
    {
        switch (type, number) {
        case (CInt(SOCK_STREAM.rawValue), 0), (CInt(SOCK_STREAM.rawValue), CInt(IPPROTO_TCP)):
            return .stream
        case (CInt(SOCK_DGRAM.rawValue), 0), (CInt(SOCK_DGRAM.rawValue), CInt(IPPROTO_UDP)):
            return .datagram
        case (CInt(SOCK_DGRAM.rawValue), CInt(IPPROTO_ICMP)): throw SystemError(EACCES)
        case (CInt(SOCK_RAW.rawValue), _): throw SystemError(EPERM)
        case (CInt(SOCK_STREAM.rawValue), _), (CInt(SOCK_DGRAM.rawValue), _):
            throw SystemError(EPROTONOSUPPORT)
        default: throw SystemError(ESOCKTNOSUPPORT)
        }
    }

    /// Puts the program's end into the program and remembers it by its inode.
    private func lend(
        _ program: Descriptor, _ kind: BorrowedSocket.Kind, _ call: SystemCall,
        _ closeOnExec: Bool
    ) throws(SystemError) -> SlabIndex {
        guard let inode = SocketFile.inode(of: program.number) else { throw SystemError(ENOBUFS) }
        // Known before the program can use it; the number it gets there is not known yet.
        let index = registry.insert(
            BorrowedSocket(
                kind: kind, inode: inode,
                holder: CallerDescriptor(thread: call.thread, number: -1)))
        do throws(SystemError) {
            try listener.answer(call, injecting: program.number, closeOnExec: closeOnExec)
        } catch {
            _ = registry.remove(index)
            throw error
        }
        return index
    }

    static func makePair(nonBlocking: Bool) throws(SystemError) -> (Descriptor, Descriptor) {
        var numbers: [CInt] = [-1, -1]
        let type = CInt(SOCK_SEQPACKET.rawValue) | SocketFile.typeFlags(nonBlocking)
        // Written during the call only; it writes two numbers.
        guard unsafe socketpair(AF_UNIX, type, 0, &numbers) == 0 else {
            throw SystemError(errno)
        }
        return (Descriptor(owning: numbers[0]), Descriptor(owning: numbers[1]))
    }
}
