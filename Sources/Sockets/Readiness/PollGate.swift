import Devices
import Synchronization

/// What somebody who polls several endpoints at once sleeps on: the first of them opens it.
final class PollGate: Sendable {
    private enum Sleeper: Sendable {
        case thread(Parker)
        /// A thread that polls descriptors of the kernel too.
        case descriptor(WakeUp)
        case task(CheckedContinuation<Void, Never>?)
    }

    private let state: Mutex<(sleeper: Sleeper, isOpen: Bool)>

    init(_ parker: Parker) { state = Mutex((.thread(parker), false)) }

    init(_ wakeUp: WakeUp) { state = Mutex((.descriptor(wakeUp), false)) }

    /// For a task, which sleeps once it says so.
    init() { state = Mutex((.task(nil), false)) }

    /// Wakes whoever sleeps, or keeps it from falling asleep.
    func open() {
        let task = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.isOpen = true
            switch state.sleeper {
            case .thread(let parker): parker.unpark()
            case .descriptor(let wakeUp): wakeUp.signal()
            case .task(let task):
                state.sleeper = .task(nil)
                return task
            }
            return nil
        }
        task?.resume()
    }

    /// Has a task go on once it is open.
    func enter(_ continuation: CheckedContinuation<Void, Never>) {
        let isOpen = state.withLock { state in
            if !state.isOpen { state.sleeper = .task(continuation) }
            return state.isOpen
        }
        if isOpen { continuation.resume() }
    }
}
