import Devices
import Glibc
import Stack
import Synchronization

/// One wait for any of several members, of which none was ready a moment ago.
struct PollWait {
    private let endpoints: [(endpoint: any NetworkEndpoint, events: Readiness)]
    private let descriptors: [DescriptorPoll.Entry]
    /// Descriptors that are together already.
    private var set: DescriptorSet?

    init(_ entries: [PollEntry]) {
        endpoints = entries.compactMap { entry in
            entry.member?.endpoint.map { ($0, entry.events) }
        }
        descriptors = entries.compactMap { entry in
            entry.member?.descriptor.map {
                DescriptorPoll.Entry($0, entry.events.pollEvents)
            }
        }
    }

    /// A wait for a set of descriptors.
    init(_ set: DescriptorSet) {
        endpoints = []
        descriptors = []
        self.set = set
    }

    // MARK: - Threads

    /// Blocks the thread until one is ready; false when `deadline` came first.
    func block(until deadline: Instant) throws(SocketError) -> Bool {
        guard descriptors.isEmpty else { return try blockOnDescriptors(until: deadline) }
        guard endpoints.isEmpty || endpoints.contains(where: { !$0.endpoint.isSimulated }) else {
            throw SocketError(EDEADLK, in: "poll")
        }
        let parker = Parker()
        return entered(PollGate(parker)) { parker.park(until: deadline) }
    }

    private func blockOnDescriptors(until deadline: Instant) throws(SocketError) -> Bool {
        do throws(DeviceError) {
            let wakeUp = try WakeUp()
            let own = DescriptorPoll.Entry(wakeUp.descriptor, 1)
            let result = entered(PollGate(wakeUp)) { () -> Result<Bool, DeviceError> in
                var asked = descriptors + [own]
                do throws(DeviceError) {
                    try DescriptorPoll.wait(&asked, until: deadline)
                    return .success(asked.contains { $0.answer != 0 })
                } catch {
                    return .failure(error)
                }
            }
            return try result.get()
        } catch {
            throw SocketError(error.code, in: "poll")
        }
    }

    /// Sleeps a moment, or until `deadline`.
    static func pause(until deadline: Instant) {
        _ = Parker().park(until: min(deadline, MonotonicClock.now() + .milliseconds(1)))
    }

    // MARK: - Tasks

    /// Suspends the task until one is ready.
    ///
    /// - Throws: `ECANCELED` when the task is cancelled, `ETIMEDOUT` at its deadline; `EMFILE` where the process has no
    ///   descriptor left.
    func suspend(in call: String = "poll") async throws(SocketError) {
        let gate = PollGate()
        let set = try descriptors.isEmpty ? set : gathered(call)
        let id = try set.map { (set) throws(SocketError) in try enter(set, gate, call) }
        let waiting = enter(gate)
        let outcome = await Self.wait(gate, call)
        leave(waiting)
        if let set, let id { _ = KernelPoller.shared.forget(id, set.descriptor) }
        // A set of our own goes now, and its descriptor with it.
        if let set, self.set == nil { KernelPoller.shared.removeAll(set.descriptor, of: set) }
        try outcome.get()
    }

    private static func wait(_ gate: PollGate, _ call: String) async -> Result<Void, SocketError> {
        do throws(SocketError) {
            try await Suspension.wait(in: call) { continuation in
                gate.enter(continuation)
                return true
            } leave: { (_: Bool) in
                gate.open()
            }
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    private func gathered(_ call: String) throws(SocketError) -> DescriptorSet {
        var events: [CInt: Int16] = [:]
        for entry in descriptors { events[entry.descriptor, default: 0] |= entry.events }
        do throws(DeviceError) {
            let set = try DescriptorSet()
            for (descriptor, events) in events {
                let bits = UInt32(UInt16(bitPattern: events))
                try set.add(descriptor, bits, token: 0)
            }
            return set
        } catch {
            throw SocketError(error.code, in: call)
        }
    }

    private func enter(
        _ set: DescriptorSet, _ gate: PollGate, _ call: String
    ) throws(SocketError) -> WaitID {
        do throws(DeviceError) {
            return try KernelPoller.shared.add(
                set.descriptor, of: set, .readable, .gate(gate))
        } catch {
            throw SocketError(error.code, in: call)
        }
    }

    // MARK: - Lists of who waits

    private func entered<Result>(_ gate: PollGate, _ body: () -> Result) -> Result {
        let waiting = enter(gate)
        defer { leave(waiting) }
        return body()
    }

    /// Has each endpoint open the gate; it is open already where one is ready.
    private func enter(_ gate: PollGate) -> [WaitID?] {
        var waiting: [WaitID?] = []
        for (endpoint, events) in endpoints {
            let id = endpoint.register(events, .gate(gate))
            waiting.append(id)
            if id == nil {
                gate.open()
                break
            }
        }
        return waiting
    }

    private func leave(_ waiting: [WaitID?]) {
        for (index, id) in waiting.enumerated() {
            if let id { endpoints[index].endpoint.forget(id) }
        }
    }
}
