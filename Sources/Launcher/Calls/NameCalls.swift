import Glibc
import Memory
import Sockets
import Stack
import Wire

extension Supervisor {
    /// bind(2).
    func bindCall(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        let socket = registry[index].socket
        let name = try call.memory.name(
            at: call.word(1), length: call.int(2), of: socket, for: .bind)
        if registry[index].isStream, registry[index].phase != .idle { return .failure(EINVAL) }
        do throws(SocketError) {
            try bind(index, to: name)
        } catch {
            // Whoever had the port may have closed it without our knowing.
            guard error.code == EADDRINUSE, releaseClosedPorts() else { throw error }
            try bind(index, to: name)
        }
        noteName(call, index)
        // It is not seen when the program closes it.
        if registry[index].isStream { registry.watchForEnd(index) }
        return .success
    }

    /// Binds a socket inside, and has its port on the machine where ports are shared.
    func bind(_ index: SlabIndex, to name: SocketName) throws(SocketError) {
        let socket = registry[index].socket
        guard let ports = setting.ports, case .internet(let address) = name,
            socket.kind == .stream || socket.kind == .datagram, !address.address.isMulticast,
            (try? socket.localAddress.port) == 0
        else { return try socket.bind(to: name) }
        for _ in 0..<16 {
            let port = try reserve(ports, socket, at: address)
            var inside = address
            if let port { inside.port = port.address.port }
            do throws(SocketError) {
                try socket.bind(to: inside)
                registry[index].port = port
                if socket.kind == .datagram { try port?.open(backlog: 0) }
                return
            } catch {
                port?.close()
                // The machine's free port may be taken inside: another one.
                guard error.code == EADDRINUSE, address.port == 0 else { throw error }
            }
        }
        throw SocketError(EADDRINUSE)
    }

    /// The port on the machine; nil where only its administrator may have it: it is one inside only
    /// then.
    private func reserve(
        _ ports: any MachinePorts, _ socket: Socket, at address: SocketAddress
    ) throws(SocketError) -> (any MachinePort)? {
        var options = PortOptions()
        options.reusesAddress = (try? socket.option(.reusesAddress)) ?? false
        options.reusesPort = (try? socket.option(.reusesPort)) ?? false
        options.isIPv6Only =
            socket.family == .inet6 && ((try? socket.option(.isV6Only)) ?? false)
        do throws(SocketError) {
            return try ports.reserve(socket.kind, at: address, options: options)
        } catch {
            // An address of the host's own is none of the machine's.
            let isInsideOnly = error.code == EACCES || error.code == EADDRNOTAVAIL
            guard isInsideOnly else { throw error }
            return nil
        }
    }

    /// getsockname(2).
    func getsocknameCall(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        // What was written before has given it a name.
        if !registry[index].isStream { forwardMessages(index) }
        let socket = registry[index].socket
        try call.memory.store(
            try socket.localName, socket.family, at: call.word(1), lengthAt: call.word(2))
        return .success
    }

    /// getpeername(2).
    func getpeernameCall(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        let socket = registry[index].socket
        try call.memory.store(
            try socket.remoteName, socket.family, at: call.word(1), lengthAt: call.word(2))
        return .success
    }
}
