import CLinux
import Glibc
import Memory

extension Supervisor {
    /// setsockopt(2).
    func setsockoptCall(_ call: SystemCall, _ index: SlabIndex) throws(SystemError) -> Reply {
        let name = SocketOptions.Name(level: call.int(1), option: call.int(2))
        let length = call.int(4)
        switch (name.level, name.option) {
        case (SOL_SOCKET, SO_LINGER):
            guard length >= 8 else { return .failure(EINVAL) }
            registry[index].options.linger = try call.memory.load(
                SocketOptions.Linger.self, at: call.word(3))
            return .success
        // Only the administrator of a machine may, and a program's user is not.
        case (SOL_SOCKET, SO_MARK), (SOL_SOCKET, SO_SNDBUFFORCE), (SOL_SOCKET, SO_RCVBUFFORCE):
            return .failure(EPERM)
        case (SOL_SOCKET, SO_BINDTODEVICE): return .failure(ENODEV)
        case (CInt(IPPROTO_TCP), TCP_CONGESTION): return try setCongestionControl(call, length)
        // As on a kernel without the module for it.
        case (CInt(IPPROTO_TCP), CLINUX_TCP_ULP): return .failure(ENOENT)
        case (CInt(IPPROTO_TCP), TCP_FASTOPEN), (CInt(IPPROTO_TCP), CLINUX_TCP_FASTOPEN_CONNECT),
            (SOL_SOCKET, CLINUX_SO_ZEROCOPY):
            return .failure(EOPNOTSUPP)
        default: break
        }
        guard let rule = SocketOptions.rule(name, registry[index].kind) else {
            return .failure(ENOPROTOOPT)
        }
        if case .native = rule { return .carryOn }
        let value = try optionValue(call, name, length)
        try registry[index].options.set(name, value, rule)
        if let flow = registry[index].flow, let effect = SocketOptions.effect(name, value) {
            flows.setOption(flow, effect)
        }
        return .success
    }

    /// An `int`; at the level of IP a single byte will do (ip(7)).
    private func optionValue(_ call: SystemCall, _ name: SocketOptions.Name, _ length: CInt)
        throws(SystemError) -> CInt
    {
        if length >= 4 { return try call.memory.load(CInt.self, at: call.word(3)) }
        guard name.level == CInt(IPPROTO_IP), length >= 1 else { throw SystemError(EINVAL) }
        return CInt(try call.memory.load(UInt8.self, at: call.word(3)))
    }

    /// TCP_CONGESTION names an algorithm; these two every kernel has.
    private func setCongestionControl(_ call: SystemCall, _ length: CInt) throws(SystemError)
        -> Reply
    {
        guard length >= 1 else { return .failure(EINVAL) }
        var name = ""
        for position in 0..<UInt64(min(length, 15)) {
            let byte = try call.memory.load(UInt8.self, at: call.word(3) &+ position)
            if byte == 0 { break }
            name.unicodeScalars.append(Unicode.Scalar(byte))
        }
        return name == "cubic" || name == "reno" ? .success : .failure(ENOENT)
    }

    /// getsockopt(2).
    func getsockoptCall(_ call: SystemCall, _ index: SlabIndex) throws(SystemError) -> Reply {
        let name = SocketOptions.Name(level: call.int(1), option: call.int(2))
        switch (name.level, name.option) {
        case (SOL_SOCKET, SO_ERROR): return try getError(call, index)
        case (SOL_SOCKET, SO_LINGER): return try give(registry[index].options.linger, call)
        // A TCP socket has no credentials of a peer (socket(7)).
        case (SOL_SOCKET, SO_PEERCRED): return try give(Credentials(), call)
        case (SOL_SOCKET, SO_BINDTODEVICE), (CInt(IPPROTO_IP), IP_OPTIONS):
            try call.memory.store(socklen_t(0), at: call.word(4))
            return .success
        case (CInt(IPPROTO_IP), IP_MTU):
            return isConnected(index) ? try give(CInt(1_500), call) : .failure(ENOTCONN)
        case (CInt(IPPROTO_TCP), TCP_CONGESTION): return try give(Self.cubic, call)
        case (CInt(IPPROTO_TCP), TCP_INFO) where registry[index].kind == .stream:
            return try give(ConnectionFacts(state: connectionState(index)), call)
        default: break
        }
        guard let rule = SocketOptions.rule(name, registry[index].kind) else {
            let isKnown = SocketOptions.hasLevel(name.level, registry[index].kind)
            return .failure(isKnown ? ENOPROTOOPT : EOPNOTSUPP)
        }
        let set = registry[index].options[name]
        switch rule {
        case .native: return .carryOn
        case .number(let initially), .flag(let initially), .constant(let initially),
            .bufferSize(let initially, _):
            return try give(set ?? initially, call)
        }
    }

    /// SO_ERROR. A program whose waiting connect was interrupted asks for it once the socket polls
    /// writable; where we have not noticed the signal yet, the answer waits for the handshake.
    private func getError(_ call: SystemCall, _ index: SlabIndex) throws(SystemError) -> Reply {
        if registry[index].phase == .connecting, registry[index].end == nil,
            !registry[index].waits.contains(where: {
                $0.call.name == .connect && listener.isWaiting($0.call)
            })
        {
            return park(call, index, until: nil)
        }
        let program = registry[index].error == nil ? nil : programEnd(index)
        let error = takeError(index, program)
        let reply = try give(error?.code ?? 0, call)
        // The error stands in the caller's memory already.
        if error != nil { remember(reply, to: call) }
        return reply
    }

    /// What SO_PEERCRED says of a socket that is not of the family UNIX.
    private struct Credentials: BitwiseCopyable {
        var process: CInt = 0
        var user: UInt32 = .max
        var group: UInt32 = .max
    }

    /// The beginning of `struct tcp_info`, of which the state is known here.
    private struct ConnectionFacts: BitwiseCopyable {
        var state: UInt8
        var rest: (UInt8, UInt8, UInt8, UInt32) = (0, 0, 0, 0)
        var more: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)
        var last: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)
    }

    /// The states of tcp_info: TCP_ESTABLISHED, TCP_SYN_SENT, TCP_CLOSE.
    private func connectionState(_ index: SlabIndex) -> UInt8 {
        switch registry[index].phase {
        case .established: 1
        case .connecting: 2
        case .idle, .failed, .over: 7
        }
    }

    /// "cubic" in the 16 bytes of TCP_CA_NAME_MAX.
    private static var cubic: (UInt64, UInt64) { (UInt64(littleEndian: 0x63_6962_7563), 0) }

    /// Stores what a caller asked for, cut to the room it has, and how much that was.
    private func give<Value: BitwiseCopyable>(_ value: Value, _ call: SystemCall)
        throws(SystemError) -> Reply
    {
        let room = try call.memory.load(CInt.self, at: call.word(4))
        guard room >= 0 else { return .failure(EINVAL) }
        let count = min(Int(room), MemoryLayout<Value>.size)
        try call.memory.store(value, at: call.word(3), room: count)
        try call.memory.store(CInt(count), at: call.word(4))
        return .success
    }
}
