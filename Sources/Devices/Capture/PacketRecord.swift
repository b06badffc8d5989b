import Memory
public import Stack

/// The bytes of a packet as a wire carried them, in several where it was a merged one, with when
/// and which way it went.
public struct PacketRecord: Sendable {
    /// Seen from the host whose link it is.
    public enum Direction: UInt32, Sendable {
        case incoming = 1
        case outgoing = 2
    }

    public let direction: Direction
    /// Since 1970 (UTC).
    public let time: Instant
    private let bytes: [UInt8]
    /// Where each packet's bytes end.
    private let ends: [Int]

    init(_ direction: Direction, at time: Instant, bytes: [UInt8], ends: [Int]) {
        self.direction = direction
        self.time = time
        self.bytes = bytes
        self.ends = ends
    }

    /// How many packets a wire carried.
    public var count: Int { ends.count }

    /// Calls `body` with the bytes of each.
    public func each(_ body: (Span<UInt8>) -> Void) {
        var start = 0
        for end in ends {
            body(bytes.span.extracting(start..<end))
            start = end
        }
    }
}
