import Memory
import Stack
import Synchronization

/// Runs the jobs of Swift's tasks one after another, in the order in which they became runnable, on
/// the thread that asks for it.
public final class JobQueue: TaskExecutor {
    private let jobs = Mutex(Ring<UnownedJob>())
    private let parker = Parker()
    private let onEnqueue: @Sendable () -> Void

    /// - Parameter onEnqueue: Called on whichever thread makes a job runnable, before that.
    public init(onEnqueue: @escaping @Sendable () -> Void = {}) { self.onEnqueue = onEnqueue }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        onEnqueue()
        let isFirst = jobs.withLock { jobs in
            jobs.append(job)
            return jobs.count == 1
        }
        if isFirst { parker.unpark() }
    }

    /// Runs the next job; whether there was one. Only one thread at a time may.
    public func runNext() -> Bool {
        guard let job = jobs.withLock({ $0.popFirst() }) else { return false }
        // The reference to the queue is used during the call only.
        unsafe job.runSynchronously(on: asUnownedTaskExecutor())
        return true
    }

    /// Blocks the thread until there is a job; whether one came before `deadline`.
    public func waitForJob(until deadline: Instant) -> Bool {
        while jobs.withLock({ $0.isEmpty }) {
            guard parker.park(until: deadline) else { return false }
        }
        return true
    }
}
