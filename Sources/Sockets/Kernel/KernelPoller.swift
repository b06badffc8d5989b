import Devices
import Stack
import Synchronization

/// Tells tasks, and whoever watches, when descriptors of the kernel's are ready: one thread for all
/// of them, which is started when the first is waited for.
final class KernelPoller: Sendable {
    /// Who waits for a descriptor.
    private struct Entry {
        /// Whose descriptor it is, lest a number that was given away anew be taken for the old one.
        let owner: ObjectIdentifier
        var waiters: [Waiter] = []

        var events: Readiness { waiters.reduce([]) { $0.union($1.events) } }
        var mode: DescriptorWatch.Mode {
            waiters.contains { $0.watcher != nil } ? .onChange : .once
        }
    }

    private struct State {
        var watch: DescriptorWatch?
        var entries: [CInt: Entry] = [:]
        var lastID: UInt64 = 0
    }

    static let shared = KernelPoller()

    private let state = Mutex(State())

    private init() {}

    /// Enters somebody who waits; nil when the socket was closed, or the system has no descriptor
    /// for the poller, and nobody was entered.
    func add(_ socket: SystemSocket, _ events: Readiness, _ wake: Waiter.Wake) -> WaitID? {
        state.withLock { state in
            // Under the lock, lest the socket be closed between, and the waiter told by nobody.
            try? socket.use("epoll_ctl") { (number) throws(DeviceError) in
                try enter(&state, number, ObjectIdentifier(socket), events, wake)
            }
        }
    }

    /// Enters somebody who waits for a descriptor, which stays open until `removeAll`.
    ///
    /// - Parameter owner: Whose the descriptor is.
    func add(
        _ number: CInt, of owner: AnyObject, _ events: Readiness, _ wake: Waiter.Wake
    ) throws(DeviceError) -> WaitID {
        try state.withLock { (state) throws(DeviceError) in
            try enter(&state, number, ObjectIdentifier(owner), events, wake)
        }
    }

    private func enter(
        _ state: inout State, _ number: CInt, _ owner: ObjectIdentifier, _ events: Readiness,
        _ wake: Waiter.Wake
    ) throws(DeviceError) -> WaitID {
        let watch = try start(&state)
        var entry = state.entries[number] ?? Entry(owner: owner)
        let isNew = entry.owner != owner || state.entries[number] == nil
        if isNew { entry = Entry(owner: owner) }
        state.lastID += 1
        let id = WaitID(number: state.lastID)
        entry.waiters.append(Waiter(id: id, events: events, wake: wake))
        if isNew {
            try watch.add(number, entry.events, entry.mode)
        } else {
            try watch.change(number, entry.events, entry.mode)
        }
        state.entries[number] = entry
        return id
    }

    /// Takes out somebody who waits; nil when it was told before.
    func forget(_ id: WaitID, _ number: CInt) -> Waiter? {
        state.withLock { state in
            guard let place = state.entries[number]?.waiters.firstIndex(where: { $0.id == id })
            else { return nil }
            return state.entries[number]?.waiters.remove(at: place)
        }
    }

    /// Takes out a watcher; it is let go of outside of the lock.
    func forget(_ watcher: any EndpointWatcher, _ number: CInt) {
        let gone = state.withLock { state -> [Waiter] in
            guard let list = state.entries[number]?.waiters else { return [] }
            state.entries[number]?.waiters = list.filter { $0.watcher !== watcher }
            return list
        }
        withExtendedLifetime(gone) {}
    }

    /// Waits no more for a socket that is about to give its descriptor back; who waited.
    func removeAll(_ socket: SystemSocket) -> [Waiter] { removeAll(socket.number, of: socket) }

    /// Waits no more for a descriptor that `owner` is about to give back; who waited.
    @discardableResult
    func removeAll(_ number: CInt, of owner: AnyObject) -> [Waiter] {
        state.withLock { state in
            guard state.entries[number]?.owner == ObjectIdentifier(owner) else { return [] }
            state.watch?.remove(number)
            return state.entries.removeValue(forKey: number)?.waiters ?? []
        }
    }

    // MARK: - The thread

    private func start(_ state: inout State) throws(DeviceError) -> DescriptorWatch {
        if let watch = state.watch { return watch }
        let watch = try DescriptorWatch()
        try SystemThread.start { [self] in
            while true { watch.wait { number, ready in happen(number, ready) } }
        }
        state.watch = watch
        return watch
    }

    private func happen(_ number: CInt, _ ready: Readiness) {
        let woken = state.withLock { state in
            guard var entry = state.entries[number] else { return [Waiter]() }
            let concerning = ready.isDisjoint(with: [.error, .hangup]) ? ready : .everything
            let woken = entry.waiters.filter { !$0.events.isDisjoint(with: concerning) }
            entry.waiters.removeAll { $0.watcher == nil && !$0.events.isDisjoint(with: concerning) }
            state.entries[number] = entry
            if !entry.waiters.isEmpty, entry.mode == .once {
                try? state.watch?.change(number, entry.events, .once)
            }
            return woken
        }
        for waiter in woken { waiter.resume(ready) }
    }
}
