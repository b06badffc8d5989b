import CLinux
import Glibc
import Memory
import Sockets

extension Supervisor {
    /// Options that govern how the program's own calls wait: right in its AF_UNIX socket.
    private static func isNative(_ level: CInt, _ name: CInt) -> Bool {
        guard level == SOL_SOCKET else { return false }
        switch name {
        case SO_RCVTIMEO, SO_SNDTIMEO, CLINUX_SO_RCVTIMEO_NEW, CLINUX_SO_SNDTIMEO_NEW, SO_RCVLOWAT,
            SO_PEEK_OFF, SO_OOBINLINE:
            return true
        default: return false
        }
    }

    /// setsockopt(2).
    func setsockoptCall(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        let (level, name, length) = (call.int(1), call.int(2), call.int(4))
        if Self.isNative(level, name) {
            registry[index].hasNativeOptions = true
            return .carryOn
        }
        guard length >= 0 else { return .failure(EINVAL) }
        // No option is longer: lists of sources have a limit of their own.
        let count = min(Int(length), 1 << 16)
        var bytes = try call.memory.bytes(count, at: call.word(3))
        if level == SOL_SOCKET, name == SO_ATTACH_FILTER {
            bytes = try program(bytes, call.memory)
        }
        try registry[index].socket.setOption(level: level, name: name, bytes.span)
        return .success
    }

    /// An accepted socket has its listener's options.
    func copyNativeOptions(from listener: CInt, to accepted: CInt) {
        for name in [SO_RCVTIMEO, SO_SNDTIMEO, SO_RCVLOWAT, SO_OOBINLINE] {
            SocketFile.copyOption(name, from: listener, to: accepted)
        }
    }

    /// The instructions, of 8 bytes each, that a `struct sock_fprog` points to.
    private func program(_ bytes: [UInt8], _ memory: RemoteMemory) throws(SocketError) -> [UInt8] {
        guard bytes.count == 16 else { throw SocketError(EINVAL) }
        let count = Int(bytes[0]) | Int(bytes[1]) << 8
        guard count > 0 else { throw SocketError(EINVAL) }
        let place = bytes[8...].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return try memory.bytes(8 * count, at: place)
    }

    /// getsockopt(2).
    func getsockoptCall(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        let (level, name) = (call.int(1), call.int(2))
        if Self.isNative(level, name) { return .carryOn }
        let room = try call.memory.load(CInt.self, at: call.word(4))
        guard room >= 0 else { return .failure(EINVAL) }
        if level == SOL_SOCKET, name == SO_ERROR { return try getError(call, index, room) }
        let bytes = try registry[index].socket.option(
            level: level, name: name, capacity: Int(room))
        return try give(bytes, call, room)
    }

    /// SO_ERROR. A program whose waiting connect was interrupted asks for it once the socket polls
    /// writable; where we have not noticed the signal yet, the answer waits for the handshake.
    private func getError(_ call: SystemCall, _ index: SlabIndex, _ room: CInt)
        throws(SocketError) -> Reply
    {
        if registry[index].phase == .connecting, registry[index].end == nil,
            !registry[index].waits.contains(where: {
                $0.call.connects && listener.isWaiting($0.call)
            })
        {
            return park(call, index, until: nil)
        }
        let program = registry[index].error == nil ? nil : programEnd(index)
        let error = takeError(index, program)
        let code = UInt32(bitPattern: error?.code ?? 0)
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: code >> UInt32(8 * $0)) }
        let reply = try give(bytes, call, room)
        // The error stands in the caller's memory already.
        if error != nil { remember(reply, to: call) }
        return reply
    }

    /// Stores what a caller asked for, cut to the room it has, and how much that was.
    private func give(_ bytes: [UInt8], _ call: SystemCall, _ room: CInt) throws(SocketError)
        -> Reply
    {
        let count = min(Int(room), bytes.count)
        try call.memory.store(bytes.prefix(count), at: call.word(3))
        try call.memory.store(CInt(count), at: call.word(4))
        return .success
    }
}
