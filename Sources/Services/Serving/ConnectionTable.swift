import Sockets
import Synchronization

/// The connections of a server, to find those whose time is over.
final class ConnectionTable: Sendable {
    private struct State {
        var connections: [UInt64: ServiceConnection] = [:]
        var lastNumber: UInt64 = 0
    }

    private let state = Mutex(State())

    /// Takes in a connection; its number.
    func add(_ connection: ServiceConnection) -> UInt64 {
        state.withLock { state in
            state.lastNumber += 1
            state.connections[state.lastNumber] = connection
            return state.lastNumber
        }
    }

    func remove(_ number: UInt64) {
        _ = state.withLock { $0.connections.removeValue(forKey: number) }
    }

    /// Resets overdue connections every `interval` until the task is cancelled.
    ///
    /// Those of one moment in the order in which they came: a simulation is the same each time.
    func watch(every interval: Duration, by clock: NetworkClock) async {
        while (try? await clock.sleep(for: interval)) != nil {
            let now = clock.now
            let overdue = state.withLock { state in
                state.connections.filter { $0.value.isOverdue(at: now) }
            }
            for (_, connection) in overdue.sorted(by: { $0.key < $1.key }) {
                connection.socket.abort()
            }
        }
    }
}
