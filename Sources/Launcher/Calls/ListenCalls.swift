import Glibc
import Memory
import Sockets
import Stack
import Wire

// listen(2) and accept(2). The program's own socket listens as an AF_UNIX one, so that polling it
// is the kernel's business; for each connection that the network has, an end of ours is connected
// to it.

extension Supervisor {
    func listenCall(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        guard registry[index].isStream else { return .failure(EOPNOTSUPP) }
        // As an unsigned number: below 0 is as many as may be.
        let backlog = call.int(1) < 0 ? 4_096 : min(4_096, Int(call.int(1)))
        switch registry[index].phase {
        case .listening:
            try registry[index].socket.listen(backlog: backlog)
            registry[index].handover?.backlog = backlog
            return .success
        case .idle: break
        default: return .failure(EINVAL)
        }
        guard let program = programEnd(index) else { return .failure(EBADF) }
        let socket = registry[index].socket
        if (try? socket.localAddress.port) == 0 {
            let wildcard: IPAddress = socket.family == .inet ? .unspecifiedV4 : .unspecifiedV6
            try bind(index, to: .internet(SocketAddress(address: wildcard, port: 0)))
        }
        try registry[index].port?.open(backlog: backlog)
        try socket.listen(backlog: backlog)
        registry[index].handover = try Handover(program.number, backlog: backlog)
        registry[index].phase = .listening
        registry.watchForEnd(index)
        noteName(call, index)
        try watch(index)
        deliverConnections(index)
        return .success
    }

    /// Hands the connections that the network has over to the program's socket, as many as it may
    /// leave waiting.
    func deliverConnections(_ index: SlabIndex) {
        var any = false
        while registry[index].phase == .listening, registry[index].handover?.hasRoom == true,
            let accepted = try? registry[index].socket.acceptNow()
        {
            any = deliver(accepted, to: index) || any
        }
        if any, !registry[index].waits.isEmpty { retryWaits(index) }
    }

    private func deliver(_ accepted: Socket, to listener: SlabIndex) -> Bool {
        accepted.isNonblocking = true
        let index = registry.insert(
            BorrowedSocket(accepted, inode: 0, holder: registry[listener].holder))
        registry[index].phase = .established(isReported: true)
        registry[index].isNamed = true
        do throws(SocketError) {
            guard let end = try registry[listener].handover?.connect(index) else { return false }
            registry[listener].handover?.waiting += 1
            adopt(end, index)
            try watch(index)
            pump(index)
            return true
        } catch {
            // The program's socket listens no more: nobody will accept.
            accepted.abort()
            if registry.contains(index) { _ = registry.remove(index) }
            return false
        }
    }

    /// accept(2), accept4(2).
    func acceptCall(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        guard registry[index].isStream else { return .failure(EOPNOTSUPP) }
        guard registry[index].phase == .listening else { return .failure(EINVAL) }
        let flags = call.name == .accept4 ? call.int(3) : 0
        let nonBlocking = flags & CInt(SOCK_NONBLOCK.rawValue) != 0
        let closeOnExec = flags & CInt(SOCK_CLOEXEC.rawValue) != 0
        let allowed = CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        guard flags & ~allowed == 0 else { return .failure(EINVAL) }
        guard let program = programEnd(index) else { return .failure(EBADF) }
        while true {
            guard
                let accepted = try registry[index].handover?.accept(
                    program.number, nonBlocking: nonBlocking)
            else {
                guard !SocketFile.isNonBlocking(program.number) else { return .failure(EAGAIN) }
                return park(call, index, until: deadline(program, SO_RCVTIMEO))
            }
            guard registry.contains(accepted.index) else { continue }
            if registry[index].hasNativeOptions {
                copyNativeOptions(from: program.number, to: accepted.program.number)
                registry[accepted.index].hasNativeOptions = true
            }
            return try give(accepted, to: call, index, closeOnExec: closeOnExec)
        }
    }

    private func give(
        _ accepted: Handover.Accepted, to call: SystemCall, _ listenerIndex: SlabIndex,
        closeOnExec: Bool
    ) throws(SocketError) -> Reply {
        let connection = accepted.index
        let socket = registry[connection].socket
        do throws(SocketError) {
            // Whoever has gone already has no name any more, but is accepted.
            if call.word(1) != 0 {
                try call.memory.store(
                    try? socket.acceptedName, socket.family, at: call.word(1),
                    lengthAt: call.word(2))
            }
        } catch {
            // Nobody can have it now.
            retire(connection, resetting: false)
            throw error
        }
        do throws(SocketError) {
            guard let inode = SocketFile.inode(of: accepted.program.number) else {
                throw SocketError(ENOBUFS)
            }
            // Known before the program can use it.
            registry.rename(connection, inode: inode)
            registry[connection].holder = CallerDescriptor(thread: call.thread, number: -1)
            if registry[connection].phase == .over { showReset(connection, accepted.program) }
            try listener.answer(
                call, injecting: accepted.program.number, closeOnExec: closeOnExec)
        } catch {
            // A signal came first, or the process has no number left: the connection waits on, and
            // the program's socket is to poll readable again.
            registry[listenerIndex].handover?.returned.append(accepted)
            registry[listenerIndex].handover?.knock()
            throw error
        }
        // There is room for one more.
        deliverConnections(listenerIndex)
        return .answered
    }
}
