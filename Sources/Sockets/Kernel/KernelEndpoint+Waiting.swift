import Devices
import Glibc
import Stack

/// Who waits for the kernel's sockets: threads in `poll`, tasks by the shared poller.
extension KernelEndpoint {
    var readiness: Readiness {
        get throws(SocketError) {
            try Self.call { () throws(DeviceError) in try system.readiness() }
        }
    }

    func block(
        until events: Readiness, _ deadline: Instant, in call: String
    ) throws(SocketError) {
        let wakeUp = try KernelWakeUps.take()
        let key = ObjectIdentifier(wakeUp)
        blocked.withLock { $0[key] = wakeUp }
        defer {
            _ = blocked.withLock { $0.removeValue(forKey: key) }
            KernelWakeUps.give(wakeUp)
        }
        // Closed before the thread was entered, it fails with EBADF; after, it is woken.
        let ready: Readiness
        do throws(DeviceError) {
            ready = try system.wait(for: events, or: wakeUp, until: deadline)
        } catch {
            throw SocketError(error.code, in: call)
        }
        guard ready.isEmpty else { return }
        // Closed, or at the deadline.
        do throws(DeviceError) {
            try system.use(call) { _ in }
        } catch {
            throw SocketError(error.code, in: call)
        }
        if MonotonicClock.now() >= deadline { throw SocketError(EAGAIN, in: call) }
    }

    func register(_ events: Readiness, _ wake: Waiter.Wake) -> WaitID? {
        KernelPoller.shared.add(system, events, wake)
    }

    @discardableResult
    func forget(_ waiting: WaitID) -> Waiter? {
        KernelPoller.shared.forget(waiting, system.number)
    }

    var descriptor: CInt? { system.isClosed ? -1 : system.number }

    func watch(_ watch: Watch) throws(SocketError) {
        if watch.events.isEmpty {
            closeWatchers.withLock { $0.append(watch.watcher) }
        } else {
            let wake = Waiter.Wake.watcher(watch.watcher, isExclusive: false)
            guard KernelPoller.shared.add(system, watch.events, wake) != nil else {
                throw SocketError(EBADF, in: "poll")
            }
        }
    }

    func unwatch(_ watcher: any EndpointWatcher) {
        closeWatchers.withLock { $0.removeAll { $0 === watcher } }
        KernelPoller.shared.forget(watcher, system.number)
    }
}
