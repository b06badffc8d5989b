import Devices
import Sockets

/// Says what time it is (RFC 867).
public struct Daytime: StreamService, DatagramService {
    public static let port: UInt16 = 13

    public init() {}

    public func serve(_ connection: ServiceConnection) async throws(SocketError) {
        try await connection.socket.send(Array(Self.line(at: connection.secondsSince1970).utf8))
        try await connection.finish()
    }

    public func reply(to payload: [UInt8]) async -> [UInt8]? {
        Array(Self.line(at: Int64(WallClock.now().seconds)).utf8)
    }

    /// `Tuesday, February 22, 1982 17:37:43-UTC`: the form that the RFC shows first.
    static func line(at secondsSince1970: Int64) -> String {
        let time = CivilTime(secondsSince1970: secondsSince1970)
        let weekday = CivilTime.weekdays[time.weekday]
        let month = CivilTime.months[time.month - 1]
        return "\(weekday), \(month) \(time.day), \(time.year) \(time.clock)-UTC\r\n"
    }
}
