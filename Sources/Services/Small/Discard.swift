import Sockets

/// Throws away what it receives (RFC 863).
public struct Discard: StreamService, DatagramService {
    public static let port: UInt16 = 9

    let limits: ServiceLimits

    /// - Parameter limits: How long a peer may be idle.
    public init(_ limits: ServiceLimits = ServiceLimits()) { self.limits = limits }

    public func serve(_ connection: ServiceConnection) async throws(SocketError) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        repeat {
            connection.allow(limits.idle)
        } while try await connection.socket.receive(
            into: &buffer) > 0
        try await connection.finish()
    }

    public func reply(to payload: [UInt8]) async -> [UInt8]? { nil }
}
