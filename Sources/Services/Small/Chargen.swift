import Sockets

/// Sends characters for as long as the peer takes them (RFC 864).
public struct Chargen: StreamService, DatagramService {
    public static let port: UInt16 = 19

    let limits: ServiceLimits

    /// - Parameter limits: How long a peer may take nothing.
    public init(_ limits: ServiceLimits = ServiceLimits()) { self.limits = limits }

    /// The 95 printable characters in lines of 72, each beginning one character later: after 95
    /// lines it is the first one's turn again.
    static let pattern: [UInt8] = {
        let characters = (0x20...0x7E).map { UInt8($0) }
        return (0..<95).flatMap { line in
            (0..<72).map { characters[(line + $0) % 95] } + [0x0D, 0x0A]
        }
    }()

    /// What is sent over and over.
    private static let block = Array(repeatElement(pattern, count: 9).joined())

    /// What the peer sends meanwhile is dropped; when it ends its side, it still gets characters.
    public func serve(_ connection: ServiceConnection) async throws(SocketError) {
        let outcome = await withTaskGroup { group in
            group.addTask { await Self.dropInput(of: connection) }
            let outcome = await send(to: connection)
            group.cancelAll()
            return outcome
        }
        throw outcome
    }

    /// Sends until that fails.
    private func send(to connection: ServiceConnection) async -> SocketError {
        while true {
            connection.allow(limits.idle)
            do throws(SocketError) {
                try await connection.socket.send(Self.block)
            } catch {
                return error
            }
        }
    }

    private static func dropInput(of connection: ServiceConnection) async {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while let count = try? await connection.socket.receive(into: &buffer), count > 0 {}
    }

    /// A random number of characters, 0 to 512.
    public func reply(to payload: [UInt8]) async -> [UInt8]? {
        Array(Self.pattern[..<Int.random(in: 0...512)])
    }
}
