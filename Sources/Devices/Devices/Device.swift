import Memory
import Stack

/// Something that packets go out by and come in from, of whichever kind.
public enum Device: ~Copyable, Sendable {
    case tap(TAPPort)
    case wire(WireEnd)
    case flow(PacketFlow)

    public var capabilities: DeviceCapabilities {
        switch self {
        case .tap(let port): port.device.capabilities
        case .wire(let end): end.capabilities
        case .flow(let flow): flow.capabilities
        }
    }

    /// Polls readable when packets wait; belongs to the device.
    public var descriptor: Int32 {
        switch self {
        case .tap(let port): port.device.descriptor
        case .wire(let end): end.descriptor
        case .flow(let flow): flow.descriptor
        }
    }

    /// When `receive` will have a packet without the descriptor telling of it.
    public var nextDeadline: Instant {
        switch self {
        case .wire(let end): end.nextDeadline
        default: .never
        }
    }

    /// The next packet that has come in, nil when there is none at the moment.
    ///
    /// - Throws: What `TAPDevice.receive` throws; the other kinds do not fail.
    public mutating func receive() throws(DeviceError) -> Packet? {
        switch consume self {
        case .tap(var port):
            do throws(DeviceError) {
                let packet = try port.receive()
                self = .tap(port)
                return packet
            } catch {
                self = .tap(port)
                throw error
            }
        case .wire(let end):
            self = .wire(end)
            return end.receive()
        case .flow(let flow):
            self = .flow(flow)
            return flow.receive()
        }
    }

    /// Sends a packet, which comes back when the device has no room for it.
    ///
    /// - Throws: What `TAPDevice.send` throws; the other kinds do not fail.
    public mutating func send(_ packet: consuming Packet) throws(DeviceError) -> DeviceSendResult {
        switch self {
        case .tap(let port): try port.device.send(packet)
        case .wire(let end): end.send(packet)
        case .flow(let flow): flow.send(packet)
        }
    }
}

extension Device {
    /// A TAP device and the memory that its packets are read into.
    public struct TAPPort: ~Copyable, Sendable {
        let device: TAPDevice
        var reader: PacketReader

        mutating func receive() throws(DeviceError) -> Packet? { try device.receive(&reader) }
    }

    public static func tap(_ device: consuming TAPDevice, _ reader: consuming PacketReader)
        -> Device
    {
        .tap(TAPPort(device: device, reader: reader))
    }
}
