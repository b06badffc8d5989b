import Memory
import Wire

/// Packets on their way out: the link's header, the queue of the interface.
extension NetworkLayer {
    /// Hands an IP packet to the link, with the neighbour's address in front where it needs one.
    mutating func transmit(
        _ packet: consuming Packet, on id: InterfaceID, to nextHop: IPAddress
    ) {
        switch interfaces[id.rawValue].configuration.link {
        case .loopback:
            loop(packet, on: id)
        case .ip:
            enqueue(packet, on: id)
        case .ethernet(let own):
            let type: EtherType = nextHop.isIPv4 ? .ipv4 : .ipv6
            if nextHop.isMulticast {
                enqueue(
                    packet, from: own, to: MACAddress(multicast: nextHop), type: type, on: id)
            } else if isBroadcast(nextHop, on: id) {
                enqueue(packet, from: own, to: .broadcast, type: type, on: id)
            } else {
                resolve(nextHop, on: id, for: packet)
            }
        }
    }

    /// Gives an IP packet back to the host itself, as heard on `id`.
    mutating func loop(_ packet: consuming Packet, on id: InterfaceID) {
        guard loopback.count < Interface.outputLimit else {
            counters.count(.outputQueueFull)
            return
        }
        if taps.isInUse, id == Self.loopbackID { show(packet, on: id, isOutgoing: true) }
        loopback.append(LoopedPacket(packet: packet, interface: id))
    }

    /// Puts an Ethernet header in front of `packet` and queues it.
    mutating func enqueue(
        _ packet: consuming Packet, from source: MACAddress, to destination: MACAddress,
        type: EtherType, on id: InterfaceID
    ) {
        guard packet.headroom >= EthernetHeader.byteCount else {
            counters.count(.noBuffer)
            return
        }
        packet.prepend(EthernetHeader.byteCount)
        setBackChecksum(of: &packet, by: EthernetHeader.byteCount)
        var head = packet.mutableHead
        EthernetHeader(destination: destination, source: source, etherType: type).write(to: &head)
        enqueue(packet, on: id)
    }

    /// A header of `count` bytes comes in front: what a partial checksum covers begins so much later.
    func setBackChecksum(of packet: inout Packet, by count: Int) {
        guard case .partial(let start, let offset) = packet.metadata.checksum else { return }
        packet.metadata.checksum = .partial(
            start: start &+ UInt16(truncatingIfNeeded: count), offset: offset)
    }

    /// Queues a packet for the link, cut and summed as far as the link does not do it itself.
    mutating func enqueue(_ packet: consuming Packet, on id: InterfaceID) {
        let isCut = interfaces[id.rawValue].configuration.segments
        guard packet.metadata.segmentSize != 0, !isCut else {
            append(packet, on: id)
            return
        }
        let isEthernet = interfaces[id.rawValue].configuration.link != .ip
        var segmenter = Segmenter(
            packet, networkOffset: isEthernet ? EthernetHeader.byteCount : 0)
        while let segment = segmenter.next(from: pools) { append(segment, on: id) }
    }

    private mutating func append(_ packet: consuming Packet, on id: InterfaceID) {
        guard interfaces[id.rawValue].output.count < Interface.outputLimit else {
            interfaces[id.rawValue].counters.drops &+= 1
            counters.count(.outputQueueFull)
            return
        }
        if !interfaces[id.rawValue].configuration.offloadsChecksums {
            completeChecksum(of: &packet)
        }
        if taps.isInUse { show(packet, on: id, isOutgoing: true) }
        counters.count(.packetsSent)
        interfaces[id.rawValue].counters.sentPackets &+= 1
        interfaces[id.rawValue].counters.sentBytes &+= UInt64(packet.count)
        interfaces[id.rawValue].output.append(packet)
    }
}
