import Wire

/// Where a packet endpoint listens, or a frame goes: an interface, what frames carry, and a link
/// address. Linux's `sockaddr_ll`.
public struct PacketAddress: Hashable, Sendable {
    /// nil for all interfaces.
    public var interface: InterfaceID?
    /// nil for all (`ETH_P_ALL`).
    public var etherType: EtherType?
    /// Where a frame goes whose header the host makes; does not matter to `bind`.
    public var address: MACAddress
    /// Whom a frame that was received was for; means nothing elsewhere.
    public var direction: ReceivedFrame.Direction

    public init(
        interface: InterfaceID? = nil, etherType: EtherType? = nil,
        address: MACAddress = .broadcast, direction: ReceivedFrame.Direction = .host
    ) {
        self.interface = interface
        self.etherType = etherType
        self.address = address
        self.direction = direction
    }
}

/// A frame that a packet endpoint received.
public struct ReceivedFrame: Equatable, Sendable {
    /// Whom it was for. Linux's `sll_pkttype`.
    public enum Direction: UInt8, Sendable {
        /// This host (`PACKET_HOST`).
        case host
        /// Everybody (`PACKET_BROADCAST`).
        case broadcast
        /// A group (`PACKET_MULTICAST`).
        case multicast
        /// Another host, seen in promiscuous mode (`PACKET_OTHERHOST`).
        case otherHost
        /// It was sent by this host (`PACKET_OUTGOING`).
        case outgoing
    }

    public let interface: InterfaceID
    public let direction: Direction
    /// What it carries: on links without frames by the version of IP.
    public let etherType: EtherType
    /// Who sent it; nil on links without frames.
    public let source: MACAddress?
    /// Bytes copied to the caller.
    public let count: Int
    /// Bytes that it had: more than `count` where the rest was cut off.
    public let fullCount: Int
    /// When it came in, or left.
    public let arrival: Instant
}

/// What became of the frames that a packet endpoint wanted (`PACKET_STATISTICS`).
public struct PacketStatistics: Equatable, Sendable {
    /// Frames that were queued for the reader.
    public var received: UInt64 = 0
    /// Frames that found the queue full, or no memory.
    public var dropped: UInt64 = 0

    public init(received: UInt64 = 0, dropped: UInt64 = 0) {
        self.received = received
        self.dropped = dropped
    }
}
