import Memory
import Wire

/// The number of an interface on its host, from 0.
@frozen
public struct InterfaceID: Hashable, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The interface as the zone of a link-local address (RFC 4007 §6).
    public var zone: UInt16 { UInt16(truncatingIfNeeded: rawValue &+ 1) }

    /// The interface that a zone stands for; nil for zone 0.
    public init?(zone: UInt16) {
        guard zone > 0 else { return nil }
        rawValue = Int(zone) - 1
    }
}

/// What an interface is made with.
public struct InterfaceConfiguration: Sendable {
    public enum Link: Equatable, Sendable {
        /// Frames with an Ethernet header, neighbours found by ARP and neighbour discovery.
        case ethernet(MACAddress)
        /// Bare IP packets to whoever is at the other end.
        case ip
        /// The host itself.
        case loopback
    }

    public var name: String
    public var link: Link
    /// The largest IP packet, in bytes: 68 to 65,535. IPv6 needs 1,280 (RFC 8200 §5).
    public var mtu: Int
    /// The host's addresses here, each with the prefix of the network it is on.
    public var addresses: [IPPrefix]
    /// Whether the link completes transport checksums (`virtio_net_hdr`, or memory that cannot
    /// corrupt).
    public var offloadsChecksums: Bool
    /// Whether the link cuts merged TCP packets of up to 64 KB into segments.
    public var segments: Bool
    /// Whether it is asked, before an address of `addresses` is used, if somebody else has it:
    /// by ARP probes (RFC 5227 §2.1) and duplicate address detection (RFC 4862 §5.4).
    public var detectsDuplicates = false
    /// Whether neighbours are told of `addresses` unasked. Addresses that are checked first, or
    /// added later, are told of in any case.
    public var announcesAddresses = false
    /// How the interface comes to IPv6 addresses by itself; nil: it does not.
    public var autoconfiguration: IPv6Autoconfiguration?
    /// What is told to hosts that configure themselves; nil: nothing.
    public var advertising: RouterAdvertising?
    /// Whether loopback addresses (127/8 and `::1`) may cross the link: come from it, and be sent to
    /// through its default gateway by who is bound to it. Linux's `route_localnet`, for IPv6 too.
    public var routesLoopback = false
    /// What becomes of packets that come in for addresses which are not the host's.
    public var transparency = Transparency()

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
    /// Packets that found the output queue full.
    public var drops: UInt64 = 0
}

/// A host's side of a link.
struct Interface: ~Copyable {
    let configuration: InterfaceConfiguration
    /// The largest IP packet now: that of the configuration, or less where a router says so.
    var mtu: Int
    var addresses: [InterfaceAddress] = []
    /// The hop limit that routers told (RFC 4861 §6.3.4); nil for the host's.
    var hopLimit: UInt8?
    var times: NeighbourTimes
    var autoconfiguration = AutoconfigurationState()
    /// When addresses were last defended.
    var defended: [DefendedAddress] = []
    /// Packets for the link, in order.
    var output = Ring<Packet>()
    var counters = InterfaceCounters()

    init(_ configuration: InterfaceConfiguration, _ times: NeighbourTimes) {
        self.configuration = configuration
        self.times = times
        mtu = configuration.mtu
    }

    /// Packets that may wait for the link.
    static var outputLimit: Int { 1024 }

    /// Whether the link carries IPv6 at all (RFC 8200 §5).
    var carriesIPv6: Bool { mtu >= 1280 }

    // Addresses are read in place: a loop over the array would count a reference per packet.

    /// Whether `address` is assigned and known to be nobody else's.
    func owns(_ address: IPAddress) -> Bool {
        for index in addresses.indices
        where addresses[index].prefix.address == address && addresses[index].isUsable {
            return true
        }
        return false
    }

    /// Where `address` stands among the addresses, in whatever state.
    func place(of address: IPAddress) -> Int? {
        for index in addresses.indices where addresses[index].prefix.address == address {
            return index
        }
        return nil
    }

    /// Whether `address` is that of all hosts on one of the interface's networks.
    func isBroadcast(_ address: IPAddress) -> Bool {
        for index in addresses.indices {
            let prefix = addresses[index].prefix
            // Networks of two hosts have no such address (RFC 3021 §2.1).
            if prefix.length < 31, prefix.broadcast == address { return true }
        }
        return false
    }

    /// Whether a neighbour at `address` would be on one of the interface's networks.
    func isOnLink(_ address: IPAddress) -> Bool {
        for index in addresses.indices where addresses[index].prefix.contains(address) {
            return true
        }
        return false
    }
}
