import CSockeye
import Devices
import Glibc
import Names
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

    /// The host that `pointer` stands for; for NULL the thread's.
    static func handle(_ pointer: OpaquePointer?) -> HostHandle? {
        if let chosen = unsafe UnsafeMutableRawPointer(pointer) ?? csockeye_current_host() {
            return unsafe HostHandle.of(chosen)
        }
        return state.withLock { $0.ordinary }
    }

    /// Who knows names for the thread's host; the kernel's network asks where there is none.
    static var names: NameService {
        if let chosen = unsafe csockeye_current_host() { return unsafe HostHandle.of(chosen).names }
        return state.withLock { $0.ordinary?.names } ?? kernelNames
    }

    private static let kernelNames = NameService(.kernel)

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
        // What stands in streams of stdio on sockets, which are flushed too late otherwise.
        fflush(nil)
        for description in Descriptors.all {
            if case .socket(let socket) = description.kind { socket.closeLingering() }
        }
        let deadline = MonotonicClock.now() + .seconds(3)
        for handle in state.withLock({ $0.all }) {
            while handle.hasUnsent, MonotonicClock.now() < deadline { usleep(1000) }
            handle.stop()
        }
    }
}
