import Memory
import Stack

/// Something that packets go out by and come in from, of whichever kind.
public enum Device: ~Copyable, Sendable {
    /// A TAP or TUN interface, a packet socket, a UNIX datagram socket.
    case frames(FrameDevice)
    case stream(UNIXStreamLink)
    case wire(WireEnd)
    case flow(PacketFlow)
    case port(PacketPort)
    case dummy(DummyDevice)

    public var capabilities: DeviceCapabilities {
        switch self {
        case .frames(let device): device.capabilities
        case .stream(let link): link.capabilities
        case .wire(let end): end.capabilities
        case .flow(let flow): flow.capabilities
        case .port(let port): port.capabilities
        case .dummy(let device): device.capabilities
        }
    }

    /// The packet calls, where the device is of that kind.
    public var flow: PacketFlow? {
        switch self {
        case .flow(let flow): flow
        default: nil
        }
    }

    /// Polls readable when packets wait; belongs to the device. A port has none: -1.
    public var descriptor: Int32 {
        switch self {
        case .frames(let device): device.descriptor
        case .stream(let link): link.descriptor
        case .wire(let end): end.descriptor
        case .flow(let flow): flow.descriptor
        case .port: -1
        case .dummy(let device): device.descriptor
        }
    }

    /// When `receive` will have a packet without the descriptor telling of it.
    public var nextDeadline: Instant {
        switch self {
        case .frames: .never
        case .flow: .never
        case .port: .never
        case .dummy: .never
        case .stream(let link): link.nextDeadline
        case .wire(let end): end.nextDeadline
        }
    }

    /// What was dropped so far; a wire and packet calls drop nothing uncounted elsewhere.
    public var counters: DeviceCounters {
        switch self {
        case .frames(let device): device.counters
        case .stream(let link): link.counters
        case .wire: DeviceCounters()
        case .flow: DeviceCounters()
        case .port: DeviceCounters()
        case .dummy: DeviceCounters()
        }
    }

    /// The next packet that has come in, nil when there is none at the moment.
    ///
    /// - Throws: What `FrameDevice.receive` and `UNIXStreamLink.receive` throw; the other kinds do
    ///   not fail.
    public borrowing func receive() throws(DeviceError) -> Packet? {
        switch self {
        case .frames(let device): try device.receive()
        case .stream(let link): try link.receive()
        case .wire(let end): end.receive()
        case .flow(let flow): flow.receive()
        case .port(let port): port.receive()
        case .dummy(let device): device.receive()
        }
    }

    /// Sends a packet, which comes back when the device has no room for it.
    ///
    /// - Throws: What `FrameDevice.send` throws; the other kinds do not fail.
    public borrowing func send(_ packet: consuming Packet) throws(DeviceError) -> DeviceSendResult {
        switch self {
        case .frames(let device): try device.send(packet)
        case .stream(let link): link.send(packet)
        case .wire(let end): end.send(packet)
        case .flow(let flow): flow.send(packet)
        case .port(let port): port.send(packet)
        case .dummy(let device): device.send(packet)
        }
    }
}
