import Memory
import Wire

/// Messages of neighbour discovery on their way in (RFC 4861 §6.1, §7.1, §8.1).
extension NetworkLayer {
    /// What a message of neighbour discovery came with, besides its bytes.
    struct NeighbourMessage {
        let source: IPv6Address
        let destination: IPv6Address
        let interface: InterfaceID
    }

    /// - Parameter delivery: An ICMPv6 message of such a type, its checksum verified.
    mutating func acceptNeighbourDiscovery(_ delivery: consuming Delivery) {
        // A hop limit of 255 is proof that no router passed it on: it is from this link.
        guard delivery.timeToLive == 255 else {
            counters.count(.ndNotFromLink)
            return
        }
        // None is fragmented (RFC 6980 §5).
        guard !delivery.wasFragmented else {
            counters.count(.ndFragment)
            return
        }
        let head = delivery.packet.head
        guard delivery.packet.sliceCount == 0, head.count >= ICMPv6Header.byteCount, head[1] == 0
        else {
            counters.count(.ndMalformed)
            return
        }
        guard case .ethernet = interfaces[delivery.interface.rawValue].configuration.link else {
            counters.count(.ndIgnored)
            return
        }
        let message = NeighbourMessage(
            source: delivery.source.v6, destination: delivery.destination.v6,
            interface: delivery.interface)
        let type = ICMPv6Type(rawValue: head[0])
        do throws(WireError) {
            switch type {
            case .routerSolicitation:
                acceptSolicitation(try RouterSolicitationPacket(head), message)
            case .routerAdvertisement:
                acceptAdvertisement(try RouterAdvertisementPacket(head), message)
            case .neighbourSolicitation:
                acceptSolicitation(try NeighbourSolicitationPacket(head), message)
            case .neighbourAdvertisement:
                acceptAdvertisement(try NeighbourAdvertisementPacket(head), message)
            default: acceptRedirect(try RedirectPacket(head), message)
            }
        } catch {
            counters.count(.ndMalformed)
        }
    }

    // MARK: - Neighbour solicitations

    /// RFC 4861 §7.1.1, §7.2.3; RFC 4862 §5.4.3.
    private mutating func acceptSolicitation(
        _ packet: borrowing NeighbourSolicitationPacket, _ message: NeighbourMessage
    ) {
        let id = message.interface
        let (target, sender) = (packet.target, packet.options.sourceLinkAddress)
        let isDetecting = message.source.isUnspecified
        guard !target.isMulticast,
            !isDetecting || message.destination.isSolicitedNode && sender == nil,
            sender.map({ !$0.isMulticast && $0 != .zero }) ?? true
        else {
            counters.count(.ndMalformed)
            return
        }
        let address = IPAddress(target)
        let place = interfaces[id.rawValue].place(of: address)
        if let place, !interfaces[id.rawValue].addresses[place].isUsable {
            solicitedTentative(address, isDetecting: isDetecting, nonce: packet.options.nonce, id)
            return
        }
        let isProxy = self.isProxy(for: address, asking: IPAddress(message.source), on: id)
        guard place != nil || isProxy else {
            counters.count(.ndIgnored)
            return
        }
        counters.count(.neighbourAdvertisementsSent)
        guard !isDetecting else {
            advertise(target, to: .allNodes, isSolicited: false, overrides: !isProxy, on: id)
            return
        }
        let asker = IPAddress(message.source)
        if let sender { noteNeighbour(asker, at: sender, on: id) }
        // A static entry is believed above what was said.
        let isStatic = neighbour(asker, on: id).map { neighbours.entries[$0].state == .permanent }
        advertise(
            target, to: message.source, isSolicited: true, overrides: !isProxy,
            at: isStatic == true ? nil : sender, on: id)
    }

    /// Somebody asks for an address that we are not sure of: another one who checks it, or one
    /// that resolves it and gets no answer (RFC 4862 §5.4.3).
    private mutating func solicitedTentative(
        _ address: IPAddress, isDetecting: Bool, nonce: UInt64?, _ id: InterfaceID
    ) {
        // Our own solicitation, come back by a loop of the link, carries our number
        // (RFC 7527 §4.2).
        guard isDetecting, nonce == nil || nonce != probeNonce(of: address, on: id) else {
            counters.count(.ndIgnored)
            return
        }
        counters.count(.ndConflict)
        noteConflict(address, on: id)
    }

    // MARK: - Neighbour advertisements

    /// RFC 4861 §7.1.2, §7.2.5; RFC 4862 §5.4.4.
    private mutating func acceptAdvertisement(
        _ packet: borrowing NeighbourAdvertisementPacket, _ message: NeighbourMessage
    ) {
        let id = message.interface
        let address = IPAddress(packet.target)
        guard !packet.target.isMulticast,
            !packet.isSolicited || !message.destination.isMulticast
        else {
            counters.count(.ndMalformed)
            return
        }
        guard interfaces[id.rawValue].place(of: address) == nil else {
            counters.count(.ndConflict)
            noteConflict(address, on: id)
            return
        }
        guard let known = neighbour(address, on: id),
            neighbours.entries[known].state != .permanent
        else {
            counters.count(.ndIgnored)
            return
        }
        let told = packet.options.targetLinkAddress
        if let told, told.isMulticast || told == .zero {
            counters.count(.ndMalformed)
            return
        }
        if neighbours.entries[known].state == .incomplete {
            guard let told else {
                counters.count(.ndIgnored)
                return
            }
            neighbours.entries[known].isRouter = packet.isRouter
            packet.isSolicited ? setReachable(known, told) : setStale(known, told)
            return
        }
        update(known, told, packet)
    }

    /// What an advertisement changes about a neighbour whose link address is known: the five cases
    /// of RFC 4861 §7.2.5.
    private mutating func update(
        _ known: SlabIndex, _ told: MACAddress?, _ packet: borrowing NeighbourAdvertisementPacket
    ) {
        let old = neighbours.entries[known].linkAddress
        let differs = told != nil && told != old
        if differs, !packet.overrides {
            // Somebody is not sure who has it: it is asked at the next use.
            if neighbours.entries[known].state == .reachable { setStale(known, old) }
            return
        }
        let wasRouter = neighbours.entries[known].isRouter
        neighbours.entries[known].isRouter = packet.isRouter
        if packet.isSolicited {
            setReachable(known, told ?? old)
        } else if let told, differs {
            setStale(known, told)
        }
        if wasRouter, !packet.isRouter {
            // A router that is none any more (§7.2.5, §6.2.8).
            removeRouter(IPAddress(packet.target), on: neighbours.entries[known].interface)
        }
    }
}
