import Setup
import Sockets
import Stack
import Wire

/// Sockets of tools, whose errors are the tools' own.
enum ToolSocket {
    /// How often sending is tried, since each error that was met before fails one call.
    static let attempts = 5

    /// Tries calls on sockets.
    static func attempt<Result>(
        _ tool: String, _ body: () throws(SocketError) -> Result
    ) throws(CommandError) -> Result {
        do throws(SocketError) { return try body() } catch { throw .failure("\(tool): \(error)") }
    }

    /// Has `socket` speak from `origin`, one of the host's addresses or an interface.
    static func choose(
        _ origin: String, for socket: Socket, _ tool: String
    ) throws(CommandError) {
        if let address = IPAddress(origin) {
            try attempt(tool) { () throws(SocketError) in
                try socket.bind(to: SocketAddress(address: address, port: 0))
            }
        } else if let host = socket.network.host,
            let interface = Target.interface(origin, of: host)
        {
            try attempt(tool) { () throws(SocketError) in
                try socket.setOption(.boundInterfaceIndex, Int(interface.zone))
            }
        } else {
            throw .failure("\(tool): the host has neither address nor interface '\(origin)'")
        }
    }

    /// The errors that datagrams of `socket` met since they were last taken.
    static func errors(of socket: Socket) -> [ReportedError] {
        var errors: [ReportedError] = []
        while let error = try? socket.nextError() { errors.append(error) }
        return errors
    }

    /// The next datagram, nil when none waits; errors are left to `errors(of:)`.
    static func receive(
        _ socket: Socket, into buffer: inout [UInt8]
    ) -> Socket.Datagram? {
        // The first call may tell of an error that `errors(of:)` gives too.
        for _ in 0..<2 {
            do throws(SocketError) {
                var span = buffer.mutableSpan
                return try socket.receiveDatagramNow(into: &span)
            } catch {
                if error.isWouldBlock { return nil }
            }
        }
        return nil
    }
}
