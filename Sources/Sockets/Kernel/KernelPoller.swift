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
        var mode: DescriptorWatch.Mode { waiters.contains(where: \.isSet) ? .onChange : .once }
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
            try? socket.use("epoll_ctl") { (number) throws(DeviceError) in
                let watch = try start(&state)
                let owner = ObjectIdentifier(socket)
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
        }
    }

    /// Takes out somebody who waits; nil when it was told before.
    func forget(_ id: WaitID, _ number: CInt) -> Waiter? {
        state.withLock { state in
            guard let place = state.entries[number]?.waiters.firstIndex(where: { $0.id == id })
            else { return nil }
            return state.entries[number]?.waiters.remove(at: place)
        }
    }

    /// Takes out the watches of a set.
    func forget(_ set: ReadySet, _ number: CInt) {
        state.withLock { state in
            state.entries[number]?.waiters.removeAll { waiter in
                if case .set(let other, _) = waiter.wake { other === set } else { false }
            }
        }
    }

    /// Waits no more for a socket that is about to give its descriptor back; who waited.
    func removeAll(_ socket: SystemSocket) -> [Waiter] {
        state.withLock { state in
            let number = socket.number
            guard state.entries[number]?.owner == ObjectIdentifier(socket) else { return [] }
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
            entry.waiters.removeAll { !$0.isSet && !$0.events.isDisjoint(with: concerning) }
            state.entries[number] = entry
            if !entry.waiters.isEmpty, entry.mode == .once {
                try? state.watch?.change(number, entry.events, .once)
            }
            return woken
        }
        for waiter in woken { waiter.resume(ready) }
    }
}
