import Names
import Sockets

/// DNS over UDP and TCP (RFC 1035 §4.2).
public struct DNSService: StreamService, DatagramService {
    public static let port: UInt16 = 53

    private let responder: DNSResponder
    /// How long a connection may be idle (RFC 7766 §6.2.3).
    private let idle: Duration

    public init(_ responder: DNSResponder, idle: Duration = .seconds(10)) {
        self.responder = responder
        self.idle = idle
    }

    public func reply(to payload: [UInt8]) async -> [UInt8]? {
        await responder.respond(to: payload, over: .datagram)
    }

    /// Answers message after message, each behind two bytes that tell its length.
    public func serve(_ connection: ServiceConnection) async throws(SocketError) {
        var held: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        // The time is for a whole message: one that comes byte by byte gains none.
        connection.allow(idle)
        while true {
            while let message = DNSFraming.takeMessage(from: &held) {
                connection.allow(idle)
                guard let response = await responder.respond(to: message, over: .stream) else {
                    return try await connection.finish()
                }
                try await connection.socket.send(DNSFraming.framed(response))
            }
            let count = try await connection.socket.receive(into: &buffer)
            guard count > 0 else { return try await connection.finish() }
            held += buffer[..<count]
        }
    }
}
