public import Equipment
public import Memory
public import Stack

/// Looks at all that passes a link of a host, and at what is dropped on the way and why.
///
/// It is called by whoever moves the packets, one thread at a time for each direction and never
/// under the host's lock; it must not call on the host.
public protocol LinkWatcher: AnyObject, Sendable {
    /// A packet leaves the host, possibly a merged one whose checksum is not complete.
    func packetLeaves(_ packet: borrowing Packet, _ fate: PacketFate)

    /// A packet comes in. One that is carried reaches the host, and `hostTook` follows.
    func packetArrives(_ packet: borrowing Packet, _ fate: PacketFate)

    /// What the host made of a packet that arrived, one call for each in their order: why it was
    /// dropped, or nil.
    func hostTook(_ reason: DropReason?)
}
