import Glibc
import Memory
import Sockets

extension Supervisor {
    /// shutdown(2).
    ///
    /// What ends the program's sending is the kernel's business: our end sees it, after all that
    /// was written.
    func shutdownCall(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        let direction: Socket.Direction
        switch call.int(1) {
        case CInt(SHUT_RD): direction = .receiving
        case CInt(SHUT_WR): direction = .sending
        case CInt(SHUT_RDWR): direction = .both
        default: return .failure(EINVAL)
        }
        guard registry[index].isStream else {
            do throws(SocketError) {
                try registry[index].socket.shutdown(direction)
            } catch {
                // Without a peer it is refused, and done all the same.
                if error.code == ENOTCONN, let program = programEnd(index) {
                    shutdown(program.number, call.int(1))
                }
                throw error
            }
            return .carryOn
        }
        switch registry[index].phase {
        case .established:
            // What comes then is still received, as of TCP.
            return direction == .receiving ? shutReceiving(index) : .carryOn
        case .listening:
            guard direction != .sending else { return .success }
            try registry[index].socket.shutdown(direction)
            for wait in takeWaits(index) { listener.refuse(wait.call, SocketError(EINVAL)) }
            registry[index].port?.close()
            registry[index].port = nil
            registry[index].handover = nil
            // It is one that can listen again, which an AF_UNIX socket cannot.
            _ = try replaceProgramEnd(call, index)
            return .success
        case .idle, .connecting, .failed, .over:
            try registry[index].socket.shutdown(direction)
            return .carryOn
        }
    }

    /// SHUT_RD: whoever waits to receive is told of the end, and the peer of nothing.
    private func shutReceiving(_ index: SlabIndex) -> Reply {
        try? registry[index].socket.shutdown(.receiving)
        return .carryOn
    }
}
