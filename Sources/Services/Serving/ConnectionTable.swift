import Devices
import Synchronization

/// The connections of a server, to find those whose time is over.
final class ConnectionTable: Sendable {
    private let connections = Mutex<[ObjectIdentifier: ServiceConnection]>([:])

    func add(_ connection: ServiceConnection) {
        connections.withLock { $0[ObjectIdentifier(connection)] = connection }
    }

    func remove(_ connection: ServiceConnection) {
        _ = connections.withLock { $0.removeValue(forKey: ObjectIdentifier(connection)) }
    }

    /// Resets overdue connections every `interval` until the task is cancelled.
    func watch(every interval: Duration) async {
        while (try? await Task.sleep(for: interval)) != nil {
            let now = MonotonicClock.now()
            for connection in connections.withLock({ Array($0.values) }) {
                connection.abort(ifOverdueAt: now)
            }
        }
    }
}
