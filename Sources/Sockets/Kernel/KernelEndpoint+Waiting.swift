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

    func watch(_ events: Readiness, in set: ReadySet, token: UInt64) throws(SocketError) {
        guard KernelPoller.shared.add(system, events, .set(set, token)) != nil else {
            throw SocketError(EBADF, in: "epoll_ctl")
        }
    }

    func unwatch(in set: ReadySet) { KernelPoller.shared.forget(set, system.number) }
}
