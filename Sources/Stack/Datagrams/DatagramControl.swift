import Memory
import Wire

/// What is said with one datagram and goes before the options of its endpoint: the control
/// messages of POSIX `sendmsg`.
public struct DatagramControl: Equatable, Sendable {
    /// One of the host's addresses to speak from (`IP_PKTINFO`, `IPV6_PKTINFO`).
    public var source: IPAddress?
    /// The interface to leave through (`IP_PKTINFO`, `IPV6_PKTINFO`).
    public var interface: InterfaceID?
    /// 1 to 255 hops, 0 too for groups (`IP_TTL`, `IPV6_HOPLIMIT`).
    public var timeToLive: UInt8?
    /// DSCP and ECN (`IP_TOS`, `IPV6_TCLASS`).
    public var trafficClass: UInt8?
    /// Bytes after which the payload is cut into a datagram each, 128 at most; nil for one
    /// datagram (`UDP_SEGMENT`).
    public var segmentSize: UInt16?
    /// Options of IPv4 that stand in the packet instead of the endpoint's, up to 40 bytes
    /// (`IP_RETOPTS`).
    public var ipv4Options: [UInt8]?
    /// Whether what is above the path's MTU is refused over IPv6 (`IPV6_DONTFRAG`).
    public var neverFragments: Bool?
    /// Past no router (`MSG_DONTROUTE`).
    public var isForNeighbour = false
    /// The neighbour is known to be alive (`MSG_CONFIRM`).
    public var confirms = false
    /// The rest of the datagram follows (`MSG_MORE`); of UDP only.
    public var hasMore = false

    public init() {}
}

/// How a datagram leaves.
struct DatagramRoute {
    let path: NetworkLayer.Path
    let target: SocketAddress
    var options: NetworkLayer.SendOptions
    let mtuDiscovery: EndpointOptions.MTUDiscovery
    /// The MTU of the interface, whatever is known of the path.
    let interfaceMTU: Int
    /// Whether what is above the path's MTU is refused over IPv6.
    let neverFragments: Bool

    /// Settles whether an IP packet of `count` bytes may be fragmented.
    ///
    /// - Throws: `.messageTooLong` where it would have to be and must not.
    mutating func admit(_ count: Int) throws(StackError) {
        switch mtuDiscovery {
        case .fragment, .omitted: options.dontFragment = false
        case .wanted:
            if neverFragments, count > path.mtu { throw .messageTooLong }
            options.dontFragment = count <= path.mtu
        case .required, .probe:
            guard count <= path.mtu else { throw .messageTooLong }
            options.dontFragment = true
        case .interface:
            guard count <= path.mtu else { throw .messageTooLong }
            options.dontFragment = false
        }
    }

    /// Bytes of the IP header.
    var headerCount: Int { NetworkLayer.headerCount(target.address, options) }
}

extension NetworkLayer {
    /// Finds the way for a datagram of `socket` to `target`.
    ///
    /// - Throws: `.networkUnreachable`; `.noDevice` for an interface that the host has not;
    ///   `.invalidArgument` for a source of IPv6 that it has not, for zones that contradict, or a
    ///   link-local address without one; `.accessDenied` for everybody's address unless that is allowed (`SO_BROADCAST`).
    func route(
        for socket: borrowing DatagramSocket, to target: SocketAddress, _ control: DatagramControl
    ) throws(StackError) -> DatagramRoute {
        var target = target
        let isOwn = !socket.local.address.isUnspecified && !socket.local.address.isMulticast
        if target.address.isUnspecified {
            target.address = target.address.itself(of: isOwn ? socket.local.address : nil)
        }
        // Of an address that means the same on all links, Linux forgets the zone.
        if !target.address.isMulticast, !target.address.needsZone { target.zone = 0 }
        let options = socket.options
        let isIPv4 = target.address.isIPv4
        let internet = options.internet(toIPv4: isIPv4, of: socket.family)
        let isMulticast = target.address.isMulticast
        var control = control
        if options.hasRare, !isIPv4 {
            control.source = control.source ?? options.rare.v6Source
            control.interface = control.interface ?? options.rare.v6Interface
        }
        let interface = try interface(
            for: target, options.boundInterface, internet.multicastInterface, control)
        if let source = control.source {
            guard self.interface(owning: source) != nil else {
                throw source.isIPv4 ? .networkUnreachable : .invalidArgument
            }
        }
        var source = control.source ?? (isOwn ? socket.local.address : nil)
        if source == nil, isMulticast, isIPv4, options.hasRare {
            source = options.rare.multicastSource
        }
        if let own = source, own.isIPv4 != isIPv4 {
            // What only a peer decided does not hold for one of the other family.
            if own.isIPv4 { throw .addressFamilyNotSupported }
            guard control.source == nil, socket.bound.address.isUnspecified else {
                throw .networkUnreachable
            }
            source = nil
        }
        if target.address == .loopbackBroadcast {
            guard options.allowsBroadcast else { throw .accessDenied }
            source = source ?? .v4(127, 0, 0, 1)
        }
        if !isMulticast, target.address.needsZone, let interface {
            guard hasLinkLocal(interface) else { throw .networkUnreachable }
        }
        guard var path = path(to: target.address, from: source, on: interface) else {
            throw .networkUnreachable
        }
        guard mayLeave(path, to: target.address) else { throw .invalidArgument }
        if !options.sendsAnywhere || control.isForNeighbour {
            guard path.nextHop == target.address else { throw .networkUnreachable }
        }
        let interfaceMTU = interfaces[path.interface.rawValue].mtu
        // Whoever probes does not believe what is known of the path.
        switch internet.mtuDiscovery {
        case .probe, .interface, .omitted: path.mtu = interfaceMTU
        case .fragment, .wanted, .required: break
        }
        let ipv4Options = isIPv4 ? ipv4Options(options, control) : nil
        if options.hasRare, !isIPv4, let limit = options.rare.fragmentLimit {
            path.mtu = min(path.mtu, Int(limit))
        }
        guard options.allowsBroadcast || !isBroadcast(target.address, on: path.interface) else {
            throw .accessDenied
        }
        if let hops = control.timeToLive, hops == 0, !isMulticast { throw .invalidArgument }
        let hops =
            control.timeToLive
            ?? (isMulticast ? internet.multicastTimeToLive : internet.timeToLive)
        return DatagramRoute(
            path: path, target: target,
            options: SendOptions(
                proto: socket.proto, timeToLive: hops,
                trafficClass: control.trafficClass ?? internet.trafficClass,
                interface: interface, loops: !isMulticast || internet.loopsMulticast,
                ipv4Options: ipv4Options),
            mtuDiscovery: internet.mtuDiscovery, interfaceMTU: interfaceMTU,
            neverFragments: !isIPv4 && (control.neverFragments ?? options.neverFragments))
    }

    /// The options of IPv4 for a datagram: its own or the endpoint's.
    private func ipv4Options(
        _ options: EndpointOptions, _ control: DatagramControl
    ) -> IPv4OptionList? {
        if let own = control.ipv4Options { return own.isEmpty ? nil : IPv4OptionList(own.span) }
        guard options.hasRare else { return nil }
        let list = options.rare.ipv4Options
        return list.isEmpty ? nil : IPv4OptionList(list.span)
    }

    /// The interface that a datagram must leave through, nil when any will do.
    private func interface(
        for target: SocketAddress, _ bound: InterfaceID?, _ forGroups: InterfaceID?,
        _ control: DatagramControl
    ) throws(StackError) -> InterfaceID? {
        let isLinkLocal = target.address.isLinkLocal && !target.address.isIPv4
        var interface = control.interface ?? bound
        if let zone = InterfaceID(zone: target.zone) {
            if let interface, interface != zone { throw .invalidArgument }
            interface = zone
        }
        if interface == nil, target.address.isMulticast { interface = forGroups }
        if let interface, !isValid(interface) { throw .noDevice }
        // Which link is meant cannot be known (RFC 4007 §6).
        if interface == nil, isLinkLocal, self.interface(owning: target.address) == nil {
            throw .networkUnreachable
        }
        return interface
    }

    /// Whether memory is left for datagrams that wait for readers: the last quarter is kept for
    /// packets that pass.
    var hasMemoryToQueue: Bool {
        let (free, all) = (pools.available, pools.capacity)
        return free.frames > all.frames / 4 && free.chunks > all.chunks / 8
    }

    /// A packet of `headerCount` undefined bytes and a copy of `payload`: in the head as far as it
    /// goes, then in chunks.
    mutating func packet(
        headerCount: Int, payload: Span<UInt8>
    ) throws(StackError) -> Packet {
        guard var packet = pools.frame(headroom: Self.headroom) else {
            counters.count(.noBuffer)
            throw .noBufferSpace
        }
        packet.extend(headerCount)
        let inHead = min(payload.count, packet.tailroom)
        packet.append(payload.extracting(first: inHead))
        let rest = payload.extracting(droppingFirst: inHead)
        guard !rest.isEmpty else { return packet }
        var queue = pools.queue()
        guard hasMemoryToSend, queue.append(rest) == rest.count,
            queue.attach(to: &packet, from: 0, count: rest.count) == rest.count
        else {
            counters.count(.noBuffer)
            throw .noBufferSpace
        }
        return packet
    }
}

extension IPAddress {
    /// 127.255.255.255, everybody on the host.
    fileprivate static var loopbackBroadcast: IPAddress { .v4(127, 255, 255, 255) }
}
