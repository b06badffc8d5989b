import Memory
import Wire

/// Packets on their way out: the IP header.
extension NetworkLayer {
    /// How an IP packet is sent, besides where to.
    struct SendOptions {
        var proto: IPProtocol
        /// nil for the host's own, or 1 for groups.
        var timeToLive: UInt8?
        var trafficClass: UInt8 = 0
        /// Of IPv6, 20 bits (RFC 6437).
        var flowLabel: UInt32 = 0
        var dontFragment = true
        /// The link to use, where it is settled.
        var interface: InterfaceID?
        /// Whether routers are to look at the packet (RFC 2113, RFC 2711).
        var routerAlert = false
        /// Whether this host's own listeners hear what goes to a group or to everybody.
        var loops = false
        /// Further options of IPv4.
        var ipv4Options: IPv4OptionList?
    }

    /// Sends `packet`, whose head begins with the transport header, as one IP packet.
    mutating func send(
        _ packet: consuming Packet, from source: IPAddress, to destination: IPAddress,
        _ options: SendOptions
    ) {
        guard let path = path(to: destination, from: source, on: options.interface) else {
            counters.count(.ipNoRoute)
            return
        }
        send(packet, along: path, from: source, to: destination, options)
    }

    mutating func send(
        _ packet: consuming Packet, along path: Path, from source: IPAddress,
        to destination: IPAddress, _ options: SendOptions
    ) {
        guard source.isIPv4 == destination.isIPv4 else {
            counters.count(.ipNoRoute)
            return
        }
        // What counts against the MTU is the segment, not the merged packet (RFC 9293 §3.7.1).
        let isMerged = packet.metadata.segmentSize != 0
        let headerCount = Self.headerCount(destination, options)
        let fits = isMerged || packet.count &+ headerCount <= path.mtu
        guard packet.count &+ headerCount <= Self.largestPacket(destination),
            fits || !options.dontFragment
        else {
            counters.count(.packetTooBig)
            return
        }
        setBackChecksum(of: &packet, by: headerCount)
        if let source = source.v4, let target = destination.v4 {
            var options = options
            if path.needsCutting || !fits { options.dontFragment = false }
            writeIPv4Header(on: &packet, from: source, to: target, options)
        } else {
            var options = options
            if options.timeToLive == nil, !destination.isMulticast {
                options.timeToLive = interfaces[path.interface.rawValue].hopLimit
            }
            writeIPv6Header(on: &packet, from: source.v6, to: destination.v6, options)
        }
        guard mayLeave(packet, to: destination, on: path.interface, options) else { return }
        guard fits else {
            sendFragments(of: packet, mtu: path.mtu, on: path.interface, to: path.nextHop)
            return
        }
        transmit(packet, on: path.interface, to: path.nextHop)
    }

    /// What the length field of the header can say: of IPv4 with the header, of IPv6 without.
    static func largestPacket(_ destination: IPAddress) -> Int {
        destination.isIPv4 ? 65535 : 65535 &+ IPv6Header.byteCount
    }

    /// Bytes of the IP header that `options` call for.
    static func headerCount(_ destination: IPAddress, _ options: SendOptions) -> Int {
        let fixed = destination.isIPv4 ? IPv4Header.byteCount : IPv6Header.byteCount
        if destination.isIPv4, let list = options.ipv4Options {
            return IPv4Header.byteCount(optionsCount: list.count)
        }
        guard options.routerAlert else { return fixed }
        return fixed &+ (destination.isIPv4 ? 4 : 8)
    }

    /// The number of hops that a packet may take: groups are of the link unless somebody says
    /// otherwise (RFC 1112 §6.1).
    private func hops(_ isMulticast: Bool, _ options: SendOptions) -> UInt8 {
        options.timeToLive ?? (isMulticast ? 1 : timeToLive)
    }

    private mutating func writeIPv4Header(
        on packet: inout Packet, from source: IPv4Address, to destination: IPv4Address,
        _ options: SendOptions
    ) {
        // The link numbers the segments of a merged packet from here on.
        let size = Int(packet.metadata.segmentSize)
        let identification = identifications.next(
            from: IPAddress(source), to: IPAddress(destination), options.proto,
            count: size == 0 ? 1 : packet.count / size &+ 1)
        packet.prepend(Self.headerCount(IPAddress(destination), options))
        let header = IPv4Header(
            trafficClass: options.trafficClass,
            totalCount: UInt16(truncatingIfNeeded: packet.count),
            identification: UInt16(truncatingIfNeeded: identification),
            dontFragment: options.dontFragment,
            timeToLive: hops(destination.isMulticast, options),
            proto: options.proto, source: source, destination: destination)
        var head = packet.mutableHead
        if let list = options.ipv4Options {
            header.write(to: &head, options: list.span)
        } else if options.routerAlert {
            var list = IPv4OptionList()
            list.appendRouterAlert()
            header.write(to: &head, options: list.span)
        } else {
            header.write(to: &head)
        }
    }

    private func writeIPv6Header(
        on packet: inout Packet, from source: IPv6Address, to destination: IPv6Address,
        _ options: SendOptions
    ) {
        if options.routerAlert {
            packet.prepend(IPv6RouterAlertHeader.byteCount)
            var head = packet.mutableHead
            IPv6RouterAlertHeader(nextHeader: options.proto).write(to: &head)
        }
        packet.prepend(IPv6Header.byteCount)
        let header = IPv6Header(
            trafficClass: options.trafficClass, flowLabel: options.flowLabel,
            payloadCount: UInt16(truncatingIfNeeded: packet.count &- IPv6Header.byteCount),
            nextHeader: options.routerAlert ? .hopByHopOptions : options.proto,
            hopLimit: hops(destination.isMulticast, options), source: source,
            destination: destination)
        var head = packet.mutableHead
        header.write(to: &head)
    }
}
