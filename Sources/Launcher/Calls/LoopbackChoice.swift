import Glibc
import Memory
import Sockets
import Stack
import Wire

// Loopback addresses are shared with the machine unless the program is isolated: where nobody
// listens inside they are reached by the gateway, and the socket is bound to the link that leads
// there, as by SO_BINDTODEVICE.

extension Supervisor {
    /// Binds a socket to the link to the gateway where that is how `remote` is reached.
    func chooseInterface(_ index: SlabIndex, for remote: SocketAddress) throws(SocketError) {
        let socket = registry[index].socket
        let interface = interface(for: remote, of: socket)
        if registry[index].leavesByGateway, interface == nil {
            // It was to another, or there is a listener inside now.
            try socket.setOption(.boundDevice, "")
            registry[index].leavesByGateway = false
        }
        guard let interface, ((try? socket.option(.boundDevice)) ?? "").isEmpty else { return }
        try socket.setOption(.boundDevice, interface)
        registry[index].leavesByGateway = true
    }

    /// The link by which `remote` is reached if it is the machine's own; nil for the usual way.
    func interface(for remote: SocketAddress, of socket: Socket) -> String? {
        guard let interface = setting.loopbackInterface, let host = setting.network.host,
            remote.address.isLoopback, socket.kind == .stream || socket.kind == .datagram
        else { return nil }
        if isOwn(remote, of: socket) { return nil }
        let isInside = host.withHost { $0.hasReceiver(socket.kind, at: remote) }
        return isInside ? nil : interface
    }

    /// Whether a stream is to be connected to itself (RFC 9293 §3.5, simultaneous open).
    private func isOwn(_ remote: SocketAddress, of socket: Socket) -> Bool {
        guard socket.kind == .stream, let local = try? socket.localAddress,
            local.port == remote.port
        else { return false }
        return local.address == remote.address || local.address.isUnspecified
    }
}
