import Devices
import Glibc
import Memory
import Stack
import Synchronization

/// What a set, its members and those who wait on it share.
///
/// Its lock is taken after no other and before no other: endpoints are asked outside of it.
final class ReadyQueue: Sendable {
    struct State: ~Copyable, Sendable {
        var members = ReadyMembers()
        /// Whether `wakeUp` is readable. It is whenever the queue is not empty.
        var isSignalled = false
        /// Tasks that wait for the queue not to be empty.
        var tasks: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastTask: UInt64 = 0
        /// Whether the kernel is asked before the queue, the next time.
        var asksKernelFirst = false
    }

    let state = Mutex(State())
    private let wakeUp: WakeUp
    /// The descriptors among the members, and the one that says that the queue is not empty.
    let descriptors: DescriptorSet

    /// The token of that one; no member has it.
    static var ownToken: UInt64 { .max }

    private let sleepers = Atomic<Int>(0)

    init() throws(DeviceError) {
        wakeUp = try WakeUp()
        descriptors = try DescriptorSet()
        try descriptors.add(wakeUp.descriptor, 1, token: Self.ownToken)
    }

    deinit { KernelPoller.shared.removeAll(descriptors.descriptor, of: descriptors) }

    // MARK: - What endpoints tell

    func note(_ index: SlabIndex, _ events: Readiness) {
        update { state in state.members.note(index, events) }
    }

    /// Takes a member out; it is let go of outside of the lock, since it may hold the last
    /// reference to its socket.
    @discardableResult
    func remove(_ index: SlabIndex) -> ReadyMember? {
        update { state in state.members.remove(index) }
    }

    func stamp(ofQueued index: SlabIndex) -> UInt64? {
        state.withLock { $0.members.stamp(ofQueued: index) }
    }

    func settle(_ index: SlabIndex, _ stamp: UInt64, _ ready: Readiness) {
        update { state in state.members.settle(index, stamp, ready) }
    }

    /// Works on the state, then lets the descriptor say whether the queue is empty, and wakes the
    /// tasks that wait for it not to be.
    func update<Result>(_ body: (inout State) -> Result) -> Result {
        let (result, tasks) = state.withLock {
            state -> (Result, [CheckedContinuation<Void, Never>]) in
            let result = body(&state)
            let isReady = state.members.queuedCount > 0
            if isReady != state.isSignalled {
                state.isSignalled = isReady
                if isReady { wakeUp.signal() } else { wakeUp.drain() }
            }
            guard isReady, !state.tasks.isEmpty else { return (result, []) }
            let tasks = Array(state.tasks.values)
            state.tasks.removeAll()
            sleepers.subtract(tasks.count, ordering: .relaxed)
            return (result, tasks)
        }
        for task in tasks { task.resume() }
        return result
    }

    // MARK: - Looking

    /// What is ready, at most `count` events, those that were told longest ago first.
    func take(_ count: Int) -> [ReadySet.Event] {
        let (asksKernelFirst, hasDescriptors) = state.withLock { state in
            state.asksKernelFirst.toggle()
            return (!state.asksKernelFirst, state.members.descriptorCount > 0)
        }
        guard hasDescriptors else { return takeQueued(count) }
        if asksKernelFirst {
            let events = takeDescriptors(count, until: .zero)
            return events + takeQueued(count - events.count)
        }
        let events = takeQueued(count)
        return events + takeDescriptors(count - events.count, until: .zero)
    }

    /// Of the members in the queue, each is looked at once.
    private func takeQueued(_ count: Int) -> [ReadySet.Event] {
        var events: [ReadySet.Event] = []
        var left = state.withLock { $0.members.queuedCount }
        while events.count < count, left > 0 {
            let limit = min(count - events.count, left, Self.batchLimit)
            // The descriptor stays as it is while members are looked at.
            let candidates = state.withLock { $0.members.take(limit) }
            guard !candidates.isEmpty else { break }
            left -= candidates.count
            let answers = candidates.map { (try? $0.member.endpoint.readiness) ?? [] }
            events += update { state in
                zip(candidates, answers).compactMap { state.members.finish($0.0, $0.1) }
            }
        }
        return events
    }

    private static var batchLimit: Int { 64 }

    /// What the kernel tells of its descriptors, waiting for it, or for the queue, until `deadline`.
    func takeDescriptors(_ count: Int, until deadline: Instant) -> [ReadySet.Event] {
        guard count > 0 else { return [] }
        let told = descriptors.wait(atMost: count, until: deadline)
        guard told.contains(where: { $0.token != Self.ownToken }) else { return [] }
        return state.withLock { state in
            told.compactMap { event in
                let index = SlabIndex(event.token)
                // A descriptor that was closed while a copy of it lives is told of still.
                guard let interest = state.members.interest(of: index) else { return nil }
                return ReadySet.Event(
                    token: interest.token, events: Readiness(epollEvents: event.events),
                    epollEvents: event.events)
            }
        }
    }

    // MARK: - Waiting

    /// Whether time stands still for all members while a thread blocks.
    var isSimulated: Bool {
        state.withLock { state in
            state.members.count > 0 && state.members.simulatedCount == state.members.count
        }
    }

    /// Whether somebody waits for an event at this moment.
    var isWaitedOn: Bool { sleepers.load(ordering: .relaxed) > 0 }

    /// Sleeps until the queue is not empty, a descriptor is ready or `deadline` has come; what the
    /// kernel told meanwhile.
    func sleep(_ count: Int, until deadline: Instant) -> [ReadySet.Event] {
        // Whoever took the last members has not put them back yet: it will signal again.
        update { _ in }
        sleepers.add(1, ordering: .relaxed)
        defer { sleepers.subtract(1, ordering: .relaxed) }
        return takeDescriptors(count, until: deadline)
    }

    /// Whether the kernel watches some of the members.
    var hasDescriptors: Bool { state.withLock { $0.members.descriptorCount > 0 } }

    /// Enters a task that waits for the queue; nil, and the task goes on, where it is not empty or
    /// the kernel is to be asked.
    func enter(_ task: CheckedContinuation<Void, Never>) -> UInt64? {
        let number = state.withLock { state -> UInt64? in
            guard state.members.queuedCount == 0, state.members.descriptorCount == 0 else {
                return nil
            }
            state.lastTask += 1
            state.tasks[state.lastTask] = task
            sleepers.add(1, ordering: .relaxed)
            return state.lastTask
        }
        if number == nil { task.resume() }
        return number
    }

    func cancel(_ number: UInt64) {
        guard let task = state.withLock({ $0.tasks.removeValue(forKey: number) }) else { return }
        sleepers.subtract(1, ordering: .relaxed)
        task.resume()
    }

    /// Has the tasks that wait look again.
    func wakeTasks() {
        let tasks = state.withLock { state in
            let tasks = Array(state.tasks.values)
            state.tasks.removeAll()
            sleepers.subtract(tasks.count, ordering: .relaxed)
            return tasks
        }
        for task in tasks { task.resume() }
    }

    /// Suspends the task until the queue is not empty or a descriptor is ready.
    ///
    /// - Throws: `ECANCELED` when the task is cancelled, `ETIMEDOUT` at its deadline; `EMFILE` where the process has no
    ///   descriptor left.
    func suspend() async throws(SocketError) {
        if hasDescriptors {
            update { _ in }
            try await PollWait(descriptors).suspend(in: "epoll_wait")
            return
        }
        try await Suspension.wait(in: "epoll_wait") { continuation in
            self.enter(continuation)
        } leave: { number in
            self.cancel(number)
        }
    }
}

extension SlabIndex {
    /// A number for the kernel to keep.
    var token: UInt64 { UInt64(generation) << 32 | UInt64(place) }

    init(_ token: UInt64) {
        self.init(
            place: UInt32(truncatingIfNeeded: token),
            generation: UInt32(truncatingIfNeeded: token >> 32))
    }
}
