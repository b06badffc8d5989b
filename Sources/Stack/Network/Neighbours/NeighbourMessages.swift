import Memory
import Wire

/// Messages of neighbour discovery on their way out (RFC 4861 §7.2).
extension NetworkLayer {
    /// Sends an ICMPv6 message with a hop limit of 255 on its link.
    ///
    /// Speaking of neighbours is no use of them: whoever only asks is not asked in return.
    ///
    /// - Parameters:
    ///   - packet: The message, its checksum in place.
    ///   - hardware: Where the neighbour that it is for just said that it is.
    mutating func sendNeighbourMessage(
        _ packet: consuming Packet, from source: IPv6Address, to destination: IPv6Address,
        at hardware: MACAddress? = nil, on id: InterfaceID
    ) {
        packet.prepend(IPv6Header.byteCount)
        var head = packet.mutableHead
        IPv6Header(
            payloadCount: UInt16(truncatingIfNeeded: head.count &- IPv6Header.byteCount),
            nextHeader: .icmpv6, hopLimit: 255, source: source, destination: destination
        ).write(to: &head)
        guard case .ethernet(let own) = interfaces[id.rawValue].configuration.link,
            let target = hardware ?? knownLinkAddress(of: IPAddress(destination), on: id)
        else {
            transmit(packet, on: id, to: IPAddress(destination))
            return
        }
        enqueue(packet, from: own, to: target, type: .ipv6, on: id)
    }

    /// The link address of a neighbour, if one is known.
    private func knownLinkAddress(of address: IPAddress, on id: InterfaceID) -> MACAddress? {
        guard let known = neighbour(address, on: id),
            neighbours.entries[known].state != .incomplete
        else { return nil }
        return neighbours.entries[known].linkAddress
    }

    /// A packet for a message of `count` bytes.
    mutating func neighbourPacket(_ count: Int) -> Packet? {
        let room = 256 &- Self.headroom
        guard
            var packet = count <= room
                ? pools.control(headroom: Self.headroom) : pools.frame(headroom: Self.headroom),
            packet.tailroom >= count
        else {
            counters.count(.noBuffer)
            return nil
        }
        packet.extend(count)
        return packet
    }

    /// Asks for a neighbour: the group it is asked after in, or itself at the link address that
    /// was known (RFC 4861 §7.2.2, §7.3.3).
    mutating func solicitNeighbour(
        _ target: IPv6Address, at known: MACAddress?, on id: InterfaceID
    ) {
        guard let source = linkSource(facing: target, on: id) else { return }
        counters.count(.neighbourSolicitationsSent)
        let destination = known == nil ? target.solicitedNode : target
        sendSolicitation(of: target, from: source, to: destination, nonce: nil, on: id)
    }

    /// Asks whether anybody has `target`, which is not ours yet (RFC 4862 §5.4.2, RFC 7527 §4.1).
    mutating func probeNeighbour(_ target: IPv6Address, nonce: UInt64, on id: InterfaceID) {
        counters.count(.neighbourSolicitationsSent)
        sendSolicitation(
            of: target, from: .unspecified, to: target.solicitedNode, nonce: nonce, on: id)
    }

    private mutating func sendSolicitation(
        of target: IPv6Address, from source: IPv6Address, to destination: IPv6Address,
        nonce: UInt64?, on id: InterfaceID
    ) {
        let option: NeighbourDiscoveryOption
        if let nonce {
            option = .nonce(nonce)
        } else if case .ethernet(let own) = interfaces[id.rawValue].configuration.link {
            option = .sourceLinkAddress(own)
        } else {
            return
        }
        let fixed = NeighbourSolicitation.byteCount
        guard var packet = neighbourPacket(fixed &+ NeighbourDiscoveryOption.byteCount)
        else { return }
        var head = packet.mutableHead
        option.write(to: &head, at: fixed)
        NeighbourSolicitation(target: target).write(
            toMessage: &head, source: source, destination: destination)
        sendNeighbourMessage(packet, from: source, to: destination, on: id)
    }

    /// Tells where `target`, which is ours or which we answer for, is found (RFC 4861 §7.2.4).
    mutating func advertise(
        _ target: IPv6Address, to destination: IPv6Address, isSolicited: Bool, overrides: Bool,
        at hardware: MACAddress? = nil, on id: InterfaceID
    ) {
        guard case .ethernet(let own) = interfaces[id.rawValue].configuration.link,
            let source = interfaces[id.rawValue].owns(IPAddress(target))
                ? target : linkSource(facing: destination, on: id)
        else { return }
        let fixed = NeighbourAdvertisement.byteCount
        guard var packet = neighbourPacket(fixed &+ NeighbourDiscoveryOption.byteCount)
        else { return }
        var head = packet.mutableHead
        NeighbourDiscoveryOption.targetLinkAddress(own).write(to: &head, at: fixed)
        NeighbourAdvertisement(
            target: target, isRouter: forwards, isSolicited: isSolicited, overrides: overrides
        ).write(toMessage: &head, source: source, destination: destination)
        sendNeighbourMessage(packet, from: source, to: destination, at: hardware, on: id)
    }

    /// Tells switches that listen to reports of groups where an address is asked after
    /// (RFC 4861 §7.2.1, RFC 4541 §3): on links where addresses come and go by themselves or are
    /// checked. What is sent to the group is received in any case.
    mutating func joinSolicitedNode(of address: IPAddress, on id: InterfaceID) {
        guard !address.isIPv4, reportsSolicitedNodes(on: id) else { return }
        join(IPAddress(address.v6.solicitedNode), on: id)
    }

    mutating func leaveSolicitedNode(of address: IPAddress, on id: InterfaceID) {
        guard !address.isIPv4, reportsSolicitedNodes(on: id) else { return }
        leave(IPAddress(address.v6.solicitedNode), on: id)
    }

    private func reportsSolicitedNodes(on id: InterfaceID) -> Bool {
        let configuration = interfaces[id.rawValue].configuration
        guard case .ethernet = configuration.link else { return false }
        return configuration.detectsDuplicates || configuration.autoconfiguration != nil
            || configuration.advertising != nil
    }

    /// Whether `group` is one in which addresses of this interface are asked after, or one of
    /// routers while the host is one (RFC 4861 §7.2.1, RFC 4291 §2.8).
    func isAskedAfter(in group: IPv6Address, on id: InterfaceID) -> Bool {
        if group == .allRouters { return forwards }
        guard group.isSolicitedNode else { return false }
        for index in interfaces[id.rawValue].addresses.indices {
            let address = interfaces[id.rawValue].addresses[index].prefix.address
            if !address.isIPv4, address.v6.solicitedNode == group { return true }
        }
        return proxies.isAskedAfter(in: group, on: id)
    }

    /// An address of the interface to speak to a neighbour from; nil where it has none.
    func linkSource(facing neighbour: IPv6Address, on id: InterfaceID) -> IPv6Address? {
        let destination = IPAddress(neighbour)
        guard let source = sourceAddress(for: destination, via: destination, on: id),
            interfaces[id.rawValue].owns(source)
        else { return linkLocalAddress(of: id) }
        return source.v6
    }

    /// The link-local address of an interface, once it is known to be nobody else's.
    func linkLocalAddress(of id: InterfaceID) -> IPv6Address? {
        for index in interfaces[id.rawValue].addresses.indices {
            let address = interfaces[id.rawValue].addresses[index]
            if address.isUsable, address.prefix.address.v6.isLinkLocal {
                return address.prefix.address.v6
            }
        }
        return nil
    }
}
