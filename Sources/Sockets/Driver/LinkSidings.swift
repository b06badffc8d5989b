import Equipment
import Memory
import Synchronization

/// Packets that begin at the link itself: what a firewall answers to the host and to others.
final class LinkSidings: Sendable {
    private struct State: ~Copyable {
        var incoming = Ring<Packet>()
        var outgoing = Ring<Packet>()
    }

    private let state = Mutex(State())
    /// How many wait each way, known without the lock.
    private let incomingCount = Atomic<Int>(0)
    private let outgoingCount = Atomic<Int>(0)

    /// How many wait at most, each way; what comes beyond is lost, as answers may be.
    private static var limit: Int { 256 }

    /// Whether packets wait that go this way.
    func hasPackets(_ direction: FlowDirection) -> Bool {
        direction == .incoming
            ? incomingCount.load(ordering: .acquiring) > 0
            : outgoingCount.load(ordering: .acquiring) > 0
    }

    func append(_ packet: consuming Packet, _ direction: FlowDirection) {
        var offered: Packet? = packet
        state.withLock { state in
            guard let packet = offered.take() else { return }
            if direction == .incoming {
                guard state.incoming.count < Self.limit else { return }
                state.incoming.append(packet)
                incomingCount.store(state.incoming.count, ordering: .releasing)
            } else {
                guard state.outgoing.count < Self.limit else { return }
                state.outgoing.append(packet)
                outgoingCount.store(state.outgoing.count, ordering: .releasing)
            }
        }
    }

    func next(_ direction: FlowDirection) -> Packet? {
        guard hasPackets(direction) else { return nil }
        return state.withLock { state in
            if direction == .incoming {
                let packet = state.incoming.popFirst()
                incomingCount.store(state.incoming.count, ordering: .releasing)
                return packet
            }
            let packet = state.outgoing.popFirst()
            outgoingCount.store(state.outgoing.count, ordering: .releasing)
            return packet
        }
    }
}
