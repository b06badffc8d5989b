import Equipment
import Memory
import Stack
import Synchronization

/// One direction of a `MemoryWire`.
final class WireDirection: Sendable {
    private struct State: ~Copyable {
        var waiting = Ring<Packet>()
        var link: ImpairedLink?
        /// The receiver's descriptor is readable, and it has not looked since.
        var isSignalled = false

        init(_ link: consuming ImpairedLink?) { self.link = link }

        /// How many packets are in this direction.
        var count: Int {
            switch link {
            case .none: waiting.count
            case .some(let link): link.count
            }
        }

        /// Takes in a packet; whether that brings the moment nearer at which one can be received.
        mutating func carry(_ packet: consuming Packet) -> Bool {
            guard let deadline = link?.nextDeadline else {
                waiting.append(packet)
                return waiting.count == 1
            }
            // Read here, under the lock, so that the link's time does not run backwards.
            link?.submit(packet, at: MonotonicClock.now())
            return (link?.nextDeadline ?? .never) < deadline
        }

        /// The next packet that has arrived, nil when there is none yet.
        mutating func arrived() -> Packet? {
            guard let deadline = link?.nextDeadline else { return waiting.popFirst() }
            guard deadline != .never else { return nil }
            return link?.next(at: MonotonicClock.now())
        }
    }

    private let state: Mutex<State>
    private let limit: Int
    private let wakeUp: WakeUp

    init(
        _ impairments: Impairments?, limit: Int, networkOffset: Int, seed: (UInt64, UInt64),
        pools: BufferPools
    ) throws(DeviceError) {
        self.limit = limit
        wakeUp = try WakeUp()
        var link: ImpairedLink?
        if let impairments {
            link = ImpairedLink(
                impairments, networkOffset: networkOffset, seed: seed.0, seed.1, pools: pools)
        }
        state = Mutex(State(link))
    }

    var descriptor: Int32 { wakeUp.descriptor }

    var nextDeadline: Instant {
        state.withLock { $0.link?.nextDeadline ?? .never }
    }

    var counters: ImpairedLink.Counters? {
        state.withLock { $0.link?.counters }
    }

    func send(_ packet: consuming Packet) -> DeviceSendResult {
        var offered: Packet? = packet
        state.withLock { state in
            guard state.count < limit, let packet = offered.take() else { return }
            if state.carry(packet), !state.isSignalled {
                state.isSignalled = true
                // Under the lock, lest the receiver take the packet and the signal come after.
                wakeUp.signal()
            }
        }
        if let packet = offered { return .full(packet) }
        return .sent
    }

    func receive() -> Packet? {
        state.withLock { state in
            if let packet = state.arrived() { return packet }
            if state.isSignalled {
                state.isSignalled = false
                wakeUp.drain()
            }
            return nil
        }
    }
}
