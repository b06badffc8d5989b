import Memory
import Stack

/// Something that packets go out by and come in from, of whichever kind.
public enum Device: ~Copyable, Sendable {
    case tap(TAPDevice)
    case wire(WireEnd)
    case flow(PacketFlow)

    public var capabilities: DeviceCapabilities {
        switch self {
        case .tap(let device): device.capabilities
        case .wire(let end): end.capabilities
        case .flow(let flow): flow.capabilities
        }
    }

    /// Polls readable when packets wait; belongs to the device.
    public var descriptor: Int32 {
        switch self {
        case .tap(let device): device.descriptor
        case .wire(let end): end.descriptor
        case .flow(let flow): flow.descriptor
        }
    }

    /// When `receive` will have a packet without the descriptor telling of it.
    public var nextDeadline: Instant {
        switch self {
        case .tap: .never
        case .flow: .never
        case .wire(let end): end.nextDeadline
        }
    }

    /// The next packet that has come in, nil when there is none at the moment.
    ///
    /// - Throws: What `TAPDevice.receive` throws; the other kinds do not fail.
    public borrowing func receive() throws(DeviceError) -> Packet? {
        switch self {
        case .tap(let device): try device.receive()
        case .wire(let end): end.receive()
        case .flow(let flow): flow.receive()
        }
    }

    /// Sends a packet, which comes back when the device has no room for it.
    ///
    /// - Throws: What `TAPDevice.send` throws; the other kinds do not fail.
    public borrowing func send(_ packet: consuming Packet) throws(DeviceError) -> DeviceSendResult {
        switch self {
        case .tap(let device): try device.send(packet)
        case .wire(let end): end.send(packet)
        case .flow(let flow): flow.send(packet)
        }
    }
}
