import Glibc
import Memory
import Wire

extension Supervisor {
    private var unnamed: SocketAddress { SocketAddress(address: .unspecifiedV4, port: 0) }

    /// bind(2).
    func bindCall(_ call: SystemCall, _ index: SlabIndex) throws(SystemError) -> Reply {
        let address = try call.memory.socketAddress(at: call.word(1), length: call.int(2))
        let local: SocketAddress
        switch address {
        case .internet(let given): local = given
        // AF_UNSPEC is taken for AF_INET with INADDR_ANY (ip(7)).
        case .unspecified: local = unnamed
        case .foreign: return .failure(EAFNOSUPPORT)
        }
        guard registry[index].phase == .idle, registry[index].local == nil else {
            return .failure(EINVAL)
        }
        let flow = try flow(of: index)
        try flows.bind(flow, to: local)
        registry[index].bound = flows.localAddress(flow) ?? local
        registry[index].local = registry[index].bound
        return .success
    }

    /// getsockname(2).
    func getsocknameCall(_ call: SystemCall, _ index: SlabIndex) throws(SystemError) -> Reply {
        let local = registry[index].local ?? unnamed
        try call.memory.store(local, at: call.word(1), lengthAt: call.word(2))
        return .success
    }

    /// getpeername(2).
    func getpeernameCall(_ call: SystemCall, _ index: SlabIndex) throws(SystemError) -> Reply {
        guard let remote = registry[index].remote, isConnected(index) else {
            return .failure(ENOTCONN)
        }
        try call.memory.store(remote, at: call.word(1), lengthAt: call.word(2))
        return .success
    }

    func isConnected(_ index: SlabIndex) -> Bool {
        if registry[index].kind == .datagram { return registry[index].remote != nil }
        if case .established = registry[index].phase { return true }
        return false
    }
}
