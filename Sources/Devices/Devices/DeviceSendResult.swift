import Memory

/// What became of a packet that was handed to a device.
public enum DeviceSendResult: ~Copyable, Sendable {
    case sent
    /// The device has no room: the packet comes back, to be tried again later.
    case full(Packet)
}
