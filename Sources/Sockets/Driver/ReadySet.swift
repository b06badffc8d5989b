import Devices
import Stack
import Synchronization

/// A set of sockets that are watched together, with a descriptor for the event loop of whoever
/// asks: what `epoll` is to the kernel's sockets.
///
/// It is told whenever something happens to a socket, as edge-triggered epoll is; a token that
/// waits to be taken gathers further events.
public final class ReadySet: Sendable {
    /// What happened to a socket that is watched.
    public struct Event: Equatable, Sendable {
        /// What the socket was added with.
        public let token: UInt64
        public let events: Readiness
    }

    private struct State {
        var events: [UInt64: Readiness] = [:]
        var order: [UInt64] = []
        var next = 0
    }

    private let state = Mutex(State())
    private let wakeUp: WakeUp

    /// - Throws: `EMFILE` or `ENFILE` when no descriptor can be had.
    public init() throws(SocketError) {
        do throws(DeviceError) {
            wakeUp = try WakeUp()
        } catch {
            throw SocketError(error.code, in: "epoll_create")
        }
    }

    /// Readable when an event waits; belongs to the set.
    public var descriptor: CInt { wakeUp.descriptor }

    func note(_ token: UInt64, _ events: Readiness) {
        let wasEmpty = state.withLock { state in
            let wasEmpty = state.next == state.order.count
            if let earlier = state.events[token] {
                state.events[token] = earlier.union(events)
            } else {
                state.events[token] = events
                state.order.append(token)
            }
            return wasEmpty
        }
        if wasEmpty { wakeUp.signal() }
    }

    /// Takes the event that has waited longest, nil when none waits.
    public func next() -> Event? {
        state.withLock { state in
            guard state.next < state.order.count else { return nil }
            let token = state.order[state.next]
            state.next += 1
            if state.next == state.order.count {
                state.order.removeAll(keepingCapacity: true)
                state.next = 0
                wakeUp.drain()
            }
            return Event(token: token, events: state.events.removeValue(forKey: token) ?? [])
        }
    }
}
