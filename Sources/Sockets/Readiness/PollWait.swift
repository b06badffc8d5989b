import Devices
import Glibc
import Stack
import Synchronization

/// One wait for any of several members, of which none was ready a moment ago.
struct PollWait {
    private let endpoints: [(endpoint: any NetworkEndpoint, events: Readiness)]
    private let descriptors: [DescriptorPoll.Entry]

    init(_ entries: [PollEntry]) {
        endpoints = entries.compactMap { entry in
            entry.member?.endpoint.map { ($0, entry.events) }
        }
        descriptors = entries.compactMap { entry in
            entry.member?.descriptor.map {
                DescriptorPoll.Entry($0, Int16(truncatingIfNeeded: entry.events.pollEvents))
            }
        }
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
    /// - Throws: `ECANCELED` when the task is cancelled.
    func suspend() async throws(SocketError) {
        let gate = PollGate()
        let waiting = enter(gate)
        await withTaskCancellationHandler {
            await gate.sleep()
        } onCancel: {
            gate.open()
        }
        leave(waiting)
        if Task.isCancelled { throw SocketError(ECANCELED, in: "poll") }
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
