import Devices
import Setup
import Sockets
import Stack

/// How a host ends so that its peers see the end of the stream and not a reset: services close
/// their connections, and what was sent is acknowledged, all of it within a bounded time.
struct OrderlyEnd {
    private let host: HostDriver

    /// For the services to come to their end.
    private static let serviceTime = Interval.seconds(2)
    /// For the last bytes and FINs to be acknowledged.
    private static let closingTime = Interval.seconds(3)

    init(of host: HostDriver) { self.host = host }

    /// Ends `services` and waits until nothing is left that a peer should still see; a further
    /// signal ends the wait.
    func wait(for services: Task<Void, Never>, _ signals: Signals) {
        let isDone = Parker()
        // A thread that waits for the second signal shall not keep the first from being obeyed.
        try? SystemThread.start {
            _ = signals.wait()
            isDone.unpark()
        }
        Task {
            services.cancel()
            await Self.first(of: services, within: Self.serviceTime)
            let deadline = MonotonicClock.now() + Self.closingTime
            while host.hasUnsent, MonotonicClock.now() < deadline {
                try? await Task.sleep(for: .milliseconds(5))
            }
            isDone.unpark()
        }
        _ = isDone.park(until: MonotonicClock.now() + Self.serviceTime + Self.closingTime)
    }

    /// Waits until `task` ends or the time is over.
    private static func first(of task: Task<Void, Never>, within time: Interval) async {
        let timer = Task { try? await Task.sleep(for: .nanoseconds(time.nanoseconds)) }
        let watcher = Task {
            await task.value
            timer.cancel()
        }
        await timer.value
        watcher.cancel()
    }
}
