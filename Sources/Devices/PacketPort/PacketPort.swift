import Memory
import Stack
import Synchronization

/// Packets that have arrived at a `PacketPort`, in their order.
public final class PacketInbox: Sendable {
    private let packets = Mutex(Ring<Packet>())

    public init() {}

    /// Puts in a packet that the port's stack is to receive next after those before.
    public func append(_ packet: consuming Packet) {
        var offered: Packet? = packet
        packets.withLock { packets in
            if let packet = offered.take() { packets.append(packet) }
        }
    }

    func popFirst() -> Packet? { packets.withLock { $0.popFirst() } }
}

/// A device without the system: what arrives is put into its inbox, what is sent is handed to a
/// function. Whoever does the one sees to it that the stack looks: there is no descriptor to wait on.
public struct PacketPort: Sendable {
    public let capabilities: DeviceCapabilities
    private let inbox: PacketInbox
    private let output: @Sendable (consuming Packet) -> Void

    /// - Parameter output: Takes what the stack sends, on the thread that sends it; it must not
    ///   call on sockets.
    public init(
        _ capabilities: DeviceCapabilities, inbox: PacketInbox,
        output: @escaping @Sendable (consuming Packet) -> Void
    ) {
        self.capabilities = capabilities
        self.inbox = inbox
        self.output = output
    }

    /// The next packet that has arrived, nil when there is none.
    public func receive() -> Packet? { inbox.popFirst() }

    /// Hands over a packet; there is always room.
    public func send(_ packet: consuming Packet) -> DeviceSendResult {
        output(packet)
        return .sent
    }
}
