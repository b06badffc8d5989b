import Memory
public import Wire

/// What is known of a connection, while it lasts and when it is over.
public struct ConnectionRecord: Equatable, Sendable {
    public let local: SocketAddress
    public let remote: SocketAddress
    /// The state now, or CLOSED, or TIME-WAIT where that followed.
    public let state: ConnectionState
    /// Why it failed: refused, reset by the peer, timed out, unreachable.
    public let error: StackError?
    /// Whether both sides closed, and everything was acknowledged.
    public let endedInOrder: Bool
    public let opened: Instant
    /// When it was over; nil while it lasts.
    public let ended: Instant?
    public let counters: StreamCounters
    /// SRTT and the shortest measurement; zero before the first.
    public let roundTrip: Interval
    public let shortestRoundTrip: Interval
}

/// The records of connections that are over, as many as somebody wants to have.
struct EndedConnections: ~Copyable {
    /// How many are kept; 0 keeps none.
    var limit = 0
    private var records = Ring<ConnectionRecord>()
    /// How many found no room.
    private(set) var missed: UInt64 = 0

    mutating func append(_ record: @autoclosure () -> ConnectionRecord) {
        guard limit > 0 else { return }
        guard records.count < limit else {
            missed &+= 1
            return
        }
        records.append(record())
    }

    mutating func popFirst() -> ConnectionRecord? { records.popFirst() }
}

extension Connection {
    /// - Parameter ended: When it was over; nil while it lasts.
    func record(ended: Instant?) -> ConnectionRecord {
        ConnectionRecord(
            local: tuple.local, remote: tuple.remote, state: state, error: error,
            endedInOrder: error == nil && flags.contains(.finQueued)
                && flags.contains(.finReceived),
            opened: opened, ended: ended, counters: carried,
            roundTrip: .microseconds(Int(roundTrip.smoothed)),
            shortestRoundTrip: .microseconds(Int(roundTrip.shortest)))
    }
}

extension Host {
    /// Keeps what is known of connections that are over, up to `limit` of them until they are taken.
    public mutating func keepEndedConnections(atMost limit: Int) {
        tcp.ended.limit = max(0, limit)
    }

    /// Takes the record of the connection that was over first of those not taken yet.
    public mutating func nextEndedConnection() -> ConnectionRecord? { tcp.ended.popFirst() }

    /// How many connections ended of which nothing was kept, since the limit was reached.
    public var missedEndedConnections: UInt64 { tcp.ended.missed }

    /// What is known of the connections there are.
    public var connectionRecords: [ConnectionRecord] {
        var records: [ConnectionRecord] = []
        for place in 0..<tcp.connections.placeCount {
            guard let id = tcp.connections.index(at: place),
                tcp.connections[id].flags.contains(.filed)
            else { continue }
            records.append(tcp.connections[id].record(ended: nil))
        }
        return records
    }
}
