import Devices
import Stack
import Synchronization

/// What is to happen in a simulation, and when: earlier moments first, and of one moment in the
/// order in which it was entered.
///
/// Its members are hosts and cables, each with at most one entry that counts, and tasks that sleep.
final class Agenda: Sendable {
    /// Something that happens now.
    enum Event {
        /// A host or a cable has something to do.
        case member(Int)
        /// A task wakes up.
        case wake(CheckedContinuation<Bool, Never>)
    }

    private struct State {
        var heap = MomentHeap()
        /// The moment that counts of each member; what the heap holds beside it is out of date.
        var scheduled: [Instant] = []
        var sleepers: [UInt64: CheckedContinuation<Bool, Never>] = [:]
        var lastSleeper: UInt64 = 0
    }

    let time = VirtualTime()
    /// Who runs the simulation's jobs, 0 when nobody does.
    private let thread = Atomic<UInt>(0)
    private let state = Mutex(State())
    private let escape = Mutex<SimulationError.Escape?>(nil)

    // MARK: - Members

    /// Takes in a member that has nothing to do yet; its number.
    func addMember() -> Int {
        state.withLock { state in
            state.scheduled.append(.never)
            return state.scheduled.count - 1
        }
    }

    /// Has a member's turn come at `moment` at the latest.
    func schedule(_ member: Int, at moment: Instant) {
        state.withLock { state in
            guard moment < state.scheduled[member] else { return }
            // What is overdue is due now: time does not run backwards.
            let moment = max(moment, time.now)
            guard moment < state.scheduled[member] else { return }
            state.scheduled[member] = moment
            state.heap.push(moment, .member(member))
        }
    }

    // MARK: - What comes next

    /// Moves time on to what happens next, if that is not after `limit`; nil when nothing is left.
    func next(notAfter limit: Instant) -> Event? {
        state.withLock { state in
            while let entry = state.heap.first, entry.moment <= limit {
                state.heap.removeFirst()
                switch entry.kind {
                case .member(let member):
                    guard state.scheduled[member] == entry.moment else { continue }
                    state.scheduled[member] = .never
                    time.advance(to: entry.moment)
                    return .member(member)
                case .sleeper(let id):
                    guard let sleeper = state.sleepers.removeValue(forKey: id) else { continue }
                    time.advance(to: entry.moment)
                    return .wake(sleeper)
                }
            }
            return nil
        }
    }

    /// Whether nothing is left that could happen at any time.
    var isEmpty: Bool { state.withLock { $0.heap.first == nil } }

    // MARK: - Sleeping

    /// Suspends the task until `moment`.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before.
    func sleep(until moment: Instant) async throws(CancellationError) {
        checkCaller()
        if Task.isCancelled { throw CancellationError() }
        // Whoever sleeps lets others go first, even if it is not for any time.
        guard moment > time.now else { return await Task.yield() }
        let id = state.withLock { state in
            state.lastSleeper += 1
            return state.lastSleeper
        }
        let isOver = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    state.sleepers[id] = continuation
                    state.heap.push(moment, .sleeper(id))
                }
                // Cancelled before it was entered: nobody else will wake it.
                if Task.isCancelled { wake(id) }
            }
        } onCancel: {
            wake(id)
        }
        guard isOver else { throw CancellationError() }
    }

    private func wake(_ id: UInt64) {
        state.withLock { $0.sleepers.removeValue(forKey: id) }?.resume(returning: false)
    }

    // MARK: - Who calls

    /// Whether the calling thread is the simulation's.
    var isOnThread: Bool { thread.load(ordering: .relaxed) == SystemThread.current }

    /// Takes over the simulation for the calling thread.
    func begin() { thread.store(SystemThread.current, ordering: .relaxed) }

    /// Gives it back: from now on any thread may call. How the program escaped, if it did.
    func end() -> SimulationError.Escape? {
        thread.store(0, ordering: .relaxed)
        return escape.withLock { $0.take() }
    }

    /// Notices calls on sockets and clocks from outside of the simulation while it runs.
    func checkCaller() {
        guard thread.load(ordering: .relaxed) != 0, !isOnThread else { return }
        note(.call)
    }

    /// Notices a task of the simulation that was resumed by something outside of it.
    func checkResumption() {
        guard thread.load(ordering: .relaxed) != 0, !isOnThread else { return }
        note(.resumption)
    }

    private func note(_ first: SimulationError.Escape) {
        escape.withLock { $0 = $0 ?? first }
    }
}
