import Devices
import Stack
import Synchronization

/// What the driver's thread sleeps on.
final class DriverLoop: Sendable {
    private let poller: Mutex<Poller>

    /// - Parameter descriptors: Any of them wakes it.
    init(_ descriptors: [CInt]) throws(DeviceError) {
        let poller = try Poller()
        for descriptor in descriptors { try poller.add(descriptor, token: 0) }
        self.poller = Mutex(poller)
    }

    /// Sleeps until a descriptor is readable or `deadline` has come.
    func wait(until deadline: Instant) { poller.withLock { _ = $0.wait(until: deadline) } }
}
