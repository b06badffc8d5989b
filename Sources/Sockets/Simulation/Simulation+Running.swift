import Devices
import Stack
import Synchronization

/// Running programs in virtual time.
extension Simulation {
    /// Runs a program on the simulation's hosts in virtual time, and waits until it ends; its
    /// result.
    ///
    /// The hosts live on: a further program goes on where this one ended.
    ///
    /// - Parameters:
    ///   - limit: How much virtual time the program may take, nil for any.
    ///   - program: It and its child tasks run in virtual time.
    /// - Throws: What the program throws; `SimulationError` when it waits for what can never
    ///   happen, has not ended in time or left the simulation, and when another one runs.
    public func run<Success: Sendable>(
        limit: Duration? = nil, _ program: @escaping @Sendable () async throws -> Success
    ) async throws -> Success {
        let isFree = state.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard isFree else { throw SimulationError.isRunning }
        let end = limit.map { agenda.time.now + Interval($0) } ?? .never
        let outcome = Outcome<Success>()
        let isDone = DoneFlag()
        let task = Task(executorPreference: executor) {
            do {
                outcome.set(.success(try await program()))
            } catch {
                outcome.set(.failure(error))
            }
            isDone.raise()
        }
        let problem = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                runLoop(until: end, isDone: isDone, cancel: task.cancel) { problem in
                    continuation.resume(returning: problem)
                }
            }
        } onCancel: {
            task.cancel()
        }
        state.withLock { $0.isRunning = false }
        // What somebody outside cancels ends at a moment of theirs.
        if let problem, !Task.isCancelled { throw problem }
        return try outcome.get()
    }

    /// Starts the thread of the simulation; it calls `whenDone` last.
    private func runLoop(
        until end: Instant, isDone: DoneFlag, cancel: @escaping @Sendable () -> Void,
        whenDone: @escaping @Sendable ((any Error)?) -> Void
    ) {
        do throws(DeviceError) {
            try SystemThread.start { [self] in
                agenda.begin()
                let problem = turn(until: end, isDone: isDone, cancel: cancel)
                let escape = agenda.end()
                whenDone(problem ?? escape.map { SimulationError.escaped($0) })
            }
        } catch {
            cancel()
            whenDone(SocketError(error.code, in: "start"))
        }
    }

    /// Runs what can run, and moves time on when nothing can, until the program is done.
    private func turn(
        until end: Instant, isDone: DoneFlag, cancel: () -> Void
    ) -> SimulationError? {
        var problem: SimulationError?
        while true {
            while executor.runNext() {}
            if isDone.isRaised { return problem }
            // A program that ends when it is cancelled may take the time that it takes.
            if let event = agenda.next(notAfter: problem == nil ? end : .never) {
                happen(event)
                continue
            }
            let isOver = !agenda.isEmpty
            // Nothing is left, unless somebody outside has something for the program.
            if !isOver, executor.waitForJob(until: MonotonicClock.now() + Self.grace) { continue }
            guard problem == nil else { return problem }
            problem =
                isOver
                ? .timeLimit(end, waiting: waiting)
                : .deadlock(agenda.time.now, waiting: waiting)
            cancel()
        }
    }

    /// How long, in real time, the simulation waits for somebody outside before it calls it a
    /// deadlock.
    private static var grace: Interval { .seconds(2) }

    private func happen(_ event: Agenda.Event) {
        switch event {
        case .wake(let sleeper): sleeper.resume(returning: true)
        case .member(let number):
            switch state.withLock({ $0.members[number] }) {
            case .host(let driver, _):
                while driver.takeTurn() >= HostDriver.batchLimit {}
                agenda.schedule(number, at: driver.nextDeadline)
            case .cable(let cable): cable.turn()
            case nil: break
            }
        }
    }

    /// The sockets that are waited on, in words.
    private var waiting: [String] {
        state.withLock { $0.members }.flatMap { member -> [String] in
            guard case .host(let driver, let name) = member else { return [] }
            return driver.waits.map { "\(name): \($0)" }
        }
    }
}

/// Whether a program has ended; looked at after each event.
private final class DoneFlag: Sendable {
    private let flag = Atomic(false)

    var isRaised: Bool { flag.load(ordering: .relaxed) }

    func raise() { flag.store(true, ordering: .relaxed) }
}

/// How a program ended.
private final class Outcome<Success: Sendable>: Sendable {
    private let result = Mutex<Result<Success, any Error>?>(nil)

    func set(_ value: Result<Success, any Error>) { result.withLock { $0 = value } }

    func get() throws -> Success {
        guard let result = result.withLock({ $0 }) else { throw CancellationError() }
        return try result.get()
    }
}
