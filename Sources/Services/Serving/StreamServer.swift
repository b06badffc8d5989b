import Glibc
import Sockets
import Stack
import Wire

/// What is done with each connection of a server.
public protocol StreamService: Sendable {
    /// Serves one connection to its end. It is closed when this returns or is cancelled, and reset
    /// when it throws something else; no error of it concerns other connections.
    func serve(_ connection: ServiceConnection) async throws(SocketError)
}

/// A service over TCP: a listener, and a task for each connection.
public struct StreamServer<Service: StreamService>: Sendable {
    private let service: Service
    private let listener: Socket
    private let limits: ServiceLimits

    /// Begins to listen; connections are taken once it runs.
    ///
    /// - Parameter address: Port 0 asks for a free one; `::` takes connections of both families.
    /// - Throws: `EADDRINUSE`, `EADDRNOTAVAIL`; what making a socket throws.
    public init(
        _ service: Service, on network: Network, at address: SocketAddress,
        limits: ServiceLimits = ServiceLimits()
    ) throws(SocketError) {
        self.service = service
        self.limits = limits
        listener = try Socket(.stream, family: AddressFamily(of: address.address), on: network)
        // A server that was ended may begin anew at once.
        try listener.setOption(.reusesAddress, true)
        try listener.bind(to: address)
        // What is accepted inherits these: answers leave at once, vanished peers are noticed.
        try listener.setOption(.noDelay, true)
        try listener.setOption(.keepsAlive, true)
        try listener.listen(backlog: 1_024)
    }

    /// Where it listens.
    public var address: SocketAddress {
        get throws(SocketError) { try listener.localAddress }
    }

    /// Serves until the task is cancelled or the host stops; then the listener is closed and every
    /// connection ended.
    public func run() async {
        let slots = ServiceSlots(limits.connections)
        let table = ConnectionTable()
        await withDiscardingTaskGroup { group in
            let clock = listener.network.clock
            group.addTask { await table.watch(every: min(limits.idle / 4, .seconds(1)), by: clock) }
            while await slots.take(), let socket = await nextConnection() {
                group.addTask {
                    await serve(socket, table)
                    slots.give()
                }
            }
            listener.close()
            group.cancelAll()
        }
    }

    /// Nil when there will be none any more.
    private func nextConnection() async -> Socket? {
        while !Task.isCancelled {
            do throws(SocketError) {
                return try await listener.accept()
            } catch {
                guard [ECONNABORTED, ENOBUFS, EAGAIN].contains(error.code) else { return nil }
                // The peer was gone before, or there is no room now.
                try? await listener.network.clock.sleep(for: .milliseconds(10))
            }
        }
        return nil
    }

    private func serve(_ socket: Socket, _ table: ConnectionTable) async {
        let connection = ServiceConnection(socket)
        connection.allow(limits.idle)
        let number = table.add(connection)
        do throws(SocketError) {
            try await service.serve(connection)
            socket.close()
        } catch {
            // Who is told to end does so in good order.
            if error.code == ECANCELED { connection.endNow() } else { socket.abort() }
        }
        table.remove(number)
    }
}
