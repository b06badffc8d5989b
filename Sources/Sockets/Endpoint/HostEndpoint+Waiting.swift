import Devices
import Glibc
import Stack

/// Who waits for a Sockeye host's sockets. The look at the socket and the entry in the list of who
/// waits are one critical section, so that no readiness is missed.
extension HostEndpoint {
    var readiness: Readiness {
        get throws(SocketError) {
            do throws(StackError) {
                return try driver.withHost { (host: inout Host) throws(StackError) in
                    try host.readiness(of: id)
                }
            } catch {
                throw SocketError(error, in: "poll")
            }
        }
    }

    func block(
        until events: Readiness, _ deadline: Instant, in call: String
    ) throws(SocketError) {
        // Time stands still while the only thread of a simulation blocks.
        if isSimulated {
            let ready = try readiness
            if !ready.isDisjoint(with: events.union([.error, .hangup])) { return }
            throw SocketError(EDEADLK, in: call)
        }
        let parker = Parker()
        guard let waiting = register(events, .thread(parker)) else { return }
        switch parker.parkInterruptibly(until: deadline) {
        case .unparked: return
        case .interrupted:
            forget(waiting)
            throw SocketError(EINTR, in: call)
        case .timedOut:
            forget(waiting)
            throw SocketError(EAGAIN, in: call)
        }
    }

    func register(_ events: Readiness, _ wake: Waiter.Wake) -> WaitID? {
        let id = id
        return driver.withCore { core in
            // Nothing will ever happen to a socket that was made after the host was stopped.
            if core.isStopping { try? core.host.close(id) }
            let ready = (try? core.host.readiness(of: id)) ?? .everything
            guard ready.isDisjoint(with: events.withEnds) else { return nil }
            let waiting = core.waiters.nextID()
            core.waiters.add(Waiter(id: waiting, events: events, wake: wake), to: id)
            return waiting
        }
    }

    @discardableResult
    func forget(_ waiting: WaitID) -> Waiter? {
        let id = id
        return driver.withCore { core in core.waiters.remove(waiting, from: id) }
    }

    func watch(_ watch: Watch) throws(SocketError) {
        let id = id
        try driver.withCore { (core: inout HostDriver.Core) throws(SocketError) in
            do throws(StackError) {
                _ = try core.host.readiness(of: id)
            } catch {
                throw SocketError(error, in: "poll")
            }
            let wake = Waiter.Wake.watcher(watch.watcher, isExclusive: watch.isExclusive)
            let waiter = Waiter(id: core.waiters.nextID(), events: watch.events, wake: wake)
            core.waiters.add(waiter, to: id)
        }
    }

    func unwatch(_ watcher: any EndpointWatcher) {
        let id = id
        _ = driver.withCore { core in core.waiters.remove(watcher, from: id) }
    }

    var isSimulated: Bool {
        if case .simulated = driver.time { true } else { false }
    }

    // MARK: - Sets that hold it ready

    func countQueued(_ change: Int) { queuedCount.add(change, ordering: .relaxed) }

    /// After a call: has the sets that hold it ready look again.
    func settle() {
        guard queuedCount.load(ordering: .relaxed) > 0 else { return }
        let id = id
        for watcher in driver.core.withLock({ $0.waiters.watchers(of: id) }) { watcher.settle() }
    }
}
