import Sockets

/// Sends back what it receives (RFC 862).
public struct Echo: StreamService, DatagramService {
    public static let port: UInt16 = 7

    let limits: ServiceLimits

    /// - Parameter limits: How long a peer may be idle.
    public init(_ limits: ServiceLimits = ServiceLimits()) { self.limits = limits }

    /// A peer that ends its side gets all of its bytes back before ours ends.
    public func serve(_ connection: ServiceConnection) async throws(SocketError) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            connection.allow(limits.idle)
            let count = try await connection.socket.receive(into: &buffer)
            guard count > 0 else { break }
            connection.allow(limits.idle)
            try await connection.send(buffer, first: count)
        }
        try await connection.finish()
    }

    public func reply(to payload: [UInt8]) async -> [UInt8]? { payload }
}
