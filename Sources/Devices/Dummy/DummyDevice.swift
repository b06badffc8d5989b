import Memory
import Stack

/// A device that swallows what is sent and gives nothing, as the kernel's interfaces of that kind
/// do: a place for addresses and routes where nobody else is.
public final class DummyDevice: Sendable {
    /// Bare IP packets: there are no neighbours to ask for.
    public let capabilities: DeviceCapabilities
    private let wakeUp: WakeUp

    /// - Parameter mtu: The most bytes of an IP packet.
    /// - Throws: `EMFILE` or `ENFILE` when no descriptor can be had.
    public init(mtu: Int = 1500) throws(DeviceError) {
        capabilities = DeviceCapabilities(
            isEthernet: false, mtu: mtu, offloadsChecksums: true, segments: true)
        wakeUp = try WakeUp()
    }

    /// Never readable.
    public var descriptor: Int32 { wakeUp.descriptor }

    /// Nil always.
    public func receive() -> Packet? { nil }

    /// Takes a packet, which is heard of no more.
    public func send(_ packet: consuming Packet) -> DeviceSendResult {
        _ = consume packet
        return .sent
    }
}
