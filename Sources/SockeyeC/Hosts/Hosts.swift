import CSockeye
import Devices
import Glibc
import Setup
import Sockets
import Stack
import Synchronization

/// Whose sockets a thread makes: those of the host it chose, else those of the process's.
enum Hosts {
    private struct State {
        var ordinary: HostHandle?
        /// Every host that is up.
        var all: [HostHandle] = []
        /// What is to be done when the process ends was said.
        var endsInOrder = false
    }

    private static let state = Mutex(State())

    /// - Throws: `ENETDOWN` when there is no host.
    static var current: Network {
        get throws(SocketError) {
            if let chosen = unsafe csockeye_current_host() {
                return unsafe HostHandle.of(chosen).network
            }
            guard let network = state.withLock({ $0.ordinary?.network }) else {
                throw SocketError(ENETDOWN, in: "socket")
            }
            return network
        }
    }

    static func add(_ handle: HostHandle) {
        let isFirst = state.withLock { state in
            state.all.append(handle)
            defer { state.endsInOrder = true }
            return !state.endsInOrder
        }
        if isFirst { csockeye_at_exit { Hosts.end() } }
    }

    /// Makes `handle` the process's host; the one before stays up.
    static func setOrdinary(_ handle: HostHandle) { state.withLock { $0.ordinary = handle } }

    static func remove(_ handle: HostHandle) {
        state.withLock { state in
            state.all.removeAll { $0 === handle }
            if state.ordinary === handle { state.ordinary = nil }
        }
    }

    /// Ends the process's connections as the kernel would, which outlives it: what was sent still
    /// arrives, within a bounded time.
    private static func end() {
        guard !csockeye_is_child() else { return }
        for description in Descriptors.all { description.close() }
        let deadline = MonotonicClock.now() + .seconds(3)
        for handle in state.withLock({ $0.all }) {
            while handle.hasUnsent, MonotonicClock.now() < deadline { usleep(1000) }
            handle.stop()
        }
    }
}
