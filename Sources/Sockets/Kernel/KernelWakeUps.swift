import Devices
import Synchronization

/// What threads that block on the kernel's sockets are woken with when those are closed: as many as
/// threads blocked at a time.
enum KernelWakeUps {
    private static let free = Mutex<[WakeUp]>([])

    /// - Throws: `EMFILE` or `ENFILE` when no descriptor can be had.
    static func take() throws(SocketError) -> WakeUp {
        if let wakeUp = free.withLock({ $0.popLast() }) { return wakeUp }
        do throws(DeviceError) {
            return try WakeUp()
        } catch {
            throw SocketError(error.code, in: "eventfd")
        }
    }

    static func give(_ wakeUp: WakeUp) {
        wakeUp.drain()
        free.withLock { $0.append(wakeUp) }
    }
}
