import Memory
import Wire

/// The number of an interface on its host, from 0.
@frozen
public struct InterfaceID: Hashable, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
}

/// What an interface is made with.
public struct InterfaceConfiguration: Sendable {
    public enum Link: Equatable, Sendable {
        /// Frames with an Ethernet header, neighbours found by ARP.
        case ethernet(MACAddress)
        /// Bare IP packets to whoever is at the other end.
        case ip
        /// The host itself.
        case loopback
    }

    public var name: String
    public var link: Link
    /// The largest IP packet, in bytes: 68 to 65,535.
    public var mtu: Int
    /// The host's addresses here, each with the prefix of the network it is on.
    public var addresses: [IPPrefix]
    /// Whether the link completes transport checksums (`virtio_net_hdr`, or memory that cannot
    /// corrupt).
    public var offloadsChecksums: Bool
    /// Whether the link cuts merged TCP packets of up to 64 KB into segments.
    public var segments: Bool

    public init(
        name: String, link: Link, mtu: Int = 1500, addresses: [IPPrefix] = [],
        offloadsChecksums: Bool = false, segments: Bool = false
    ) {
        precondition(mtu >= 68 && mtu <= 65535, "an MTU is 68 to 65,535 bytes")
        self.name = name
        self.link = link
        self.mtu = mtu
        self.addresses = addresses
        self.offloadsChecksums = offloadsChecksums
        self.segments = segments
    }
}

/// What passed through an interface.
public struct InterfaceCounters: Equatable, Sendable {
    public var receivedPackets: UInt64 = 0
    public var receivedBytes: UInt64 = 0
    public var sentPackets: UInt64 = 0
    public var sentBytes: UInt64 = 0
    public var drops: UInt64 = 0
}

/// An attachment of the host to a link: addresses, and the queue of what is to leave.
struct Interface: ~Copyable {
    let configuration: InterfaceConfiguration
    var output = Ring<Packet>()
    var counters = InterfaceCounters()

    init(_ configuration: InterfaceConfiguration) { self.configuration = configuration }

    /// Packets that may wait for the link.
    static var outputLimit: Int { 1024 }

    // Addresses are read in place: a loop over the array would count a reference per packet.

    func owns(_ address: IPAddress) -> Bool {
        for index in configuration.addresses.indices
        where configuration.addresses[index].address == address { return true }
        return false
    }

    /// Whether `address` is that of all hosts on one of the interface's networks.
    func isBroadcast(_ address: IPAddress) -> Bool {
        for index in configuration.addresses.indices {
            let prefix = configuration.addresses[index]
            // Networks of two hosts have no such address (RFC 3021 §2.1).
            if prefix.length < 31, prefix.broadcast == address { return true }
        }
        return false
    }

    /// The address to speak from to a neighbour: one on its network, else the first of its family.
    func address(facing neighbour: IPAddress) -> IPAddress? {
        var first: IPAddress?
        for index in configuration.addresses.indices {
            let prefix = configuration.addresses[index]
            if prefix.contains(neighbour) { return prefix.address }
            if first == nil, prefix.address.isIPv4 == neighbour.isIPv4 { first = prefix.address }
        }
        return first
    }
}
