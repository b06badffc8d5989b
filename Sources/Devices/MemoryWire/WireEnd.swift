import Equipment
import Memory
import Stack

/// One end of a `MemoryWire`; any thread may use it.
public struct WireEnd: Sendable {
    public let capabilities: DeviceCapabilities
    private let incoming: WireDirection
    private let outgoing: WireDirection

    init(
        _ capabilities: DeviceCapabilities, incoming: WireDirection, outgoing: WireDirection
    ) {
        self.capabilities = capabilities
        self.incoming = incoming
        self.outgoing = outgoing
    }

    /// Readable when packets wait, or when `nextDeadline` has come nearer; until `receive` finds
    /// nothing.
    public var descriptor: Int32 { incoming.descriptor }

    /// When the next packet arrives that is under way on an impaired link.
    public var nextDeadline: Instant { incoming.nextDeadline }

    /// What the impaired link away from this end did so far; nil without one.
    public var outgoingCounters: ImpairedLink.Counters? { outgoing.counters }

    /// The next packet that has arrived, nil when none has yet.
    public func receive() -> Packet? { incoming.receive() }

    /// Sends a packet to the other end.
    public func send(_ packet: consuming Packet) -> DeviceSendResult { outgoing.send(packet) }
}
