import Glibc
import Sockets
import Stack

/// Readiness by signal: `O_ASYNC` with `F_SETOWN` and `F_SETSIG`.
extension OpenDescription {
    /// Has the owner told of what happens to the socket from now on, or of nothing.
    func tellBySignal(_ isOn: Bool) {
        let wasOn = settings.withLock { settings in
            defer { settings.tellsBySignal = isOn }
            return settings.tellsBySignal
        }
        guard isOn != wasOn, case .socket(let socket) = kind else { return }
        guard isOn else {
            try? socket.onReadiness(of: [], nil)
            return
        }
        // Not held by the socket that it holds.
        try? socket.onReadiness(of: [.readable, .writable, .priority, .connected]) {
            [weak self] events in
            self?.signal(events)
        }
    }

    private func signal(_ events: Readiness) {
        let (owner, signal) = settings.withLock { ($0.owner, $0.signal) }
        guard owner != 0 else { return }
        if events.contains(.priority) { kill(owner, SIGURG) }
        // Below 0 it is a group of processes, for both.
        if events != .priority { kill(owner, signal == 0 ? SIGIO : signal) }
    }
}
