import Memory
import Wire

/// Datagrams on their way in.
extension UDPLayer {
    /// Takes in what IP delivered; gives it back when nobody waits on its port.
    mutating func receive(
        _ delivery: consuming Delivery, _ network: inout NetworkLayer
    ) -> Delivery? {
        let (source, destination): (SocketAddress, SocketAddress)
        let (payloadCount, hasChecksum): (Int, Bool)
        do throws(WireError) {
            let view = try UDPDatagram(
                delivery.packet.head, beyond: delivery.packet.countBehindHead)
            source = SocketAddress(
                address: delivery.source, port: view.sourcePort, zone: delivery.zone)
            destination = SocketAddress(
                address: delivery.destination, port: view.destinationPort)
            payloadCount = view.payloadCount
            hasChecksum = view.checksum != 0
        } catch {
            network.counters.count(.udpMalformed)
            return nil
        }
        delivery.packet.truncate(to: payloadCount &+ UDPHeader.byteCount)
        if hasChecksum, !delivery.checksumIsValid {
            network.counters.count(.udpBadChecksum)
            return nil
        }
        if delivery.cast != .unicast {
            deliverToAll(
                delivery, from: source, to: destination, hasChecksum: hasChecksum, &network)
            return nil
        }
        let found = find(
            local: destination, remote: source, on: delivery.interface, network.hash)
        if network.intercepts(destination.address, on: delivery.interface),
            found.map({ sockets[$0].local.address }) != destination.address
        {
            network.keep(
                foreign: QueuedDatagram(
                    packet: delivery.packet, source: source, destination: destination,
                    interface: delivery.interface, timeToLive: delivery.timeToLive,
                    trafficClass: delivery.trafficClass, arrival: network.now))
            return nil
        }
        guard let id = found else {
            guard hasChecksum || delivery.source.isIPv4 else {
                network.counters.count(.udpBadChecksum)
                return nil
            }
            network.counters.count(.udpNoPort)
            return delivery
        }
        let (interface, hops, trafficClass) = (
            delivery.interface, delivery.timeToLive, delivery.trafficClass
        )
        // No checksum is legal over IPv4, over IPv6 for who says so (RFC 768; RFC 8200 §8.1).
        guard hasChecksum || delivery.source.isIPv4 || sockets[id].acceptsNoV6Checksum else {
            network.counters.count(.udpBadChecksum)
            return nil
        }
        let networkOffset = -delivery.networkHeaderCount
        let ipOptions = sockets[id].ipOptions(of: &delivery)
        let datagram = QueuedDatagram(
            packet: delivery.packet, source: source, destination: destination,
            interface: interface, timeToLive: hops, trafficClass: trafficClass,
            arrival: network.now, ipOptions: ipOptions)
        deliver(datagram, to: id, networkOffset, &network)
        return nil
    }

    /// A datagram to a group or to everybody reaches every socket that it fits (RFC 1112 §7.2).
    private mutating func deliverToAll(
        _ delivery: consuming Delivery, from source: SocketAddress, to destination: SocketAddress,
        hasChecksum: Bool, _ network: inout NetworkLayer
    ) {
        let (interface, hops, trafficClass) = (
            delivery.interface, delivery.timeToLive, delivery.trafficClass
        )
        var walk = walk(destination.port, network.hash)
        let isGroup = delivery.cast == .multicast
        var isWanted = false
        while let id = next(&walk, local: destination, remote: source, on: interface) {
            guard hasChecksum || source.address.isIPv4 || sockets[id].acceptsNoV6Checksum
            else { continue }
            // Each endpoint says whom it listens to in a group (RFC 3678).
            let endpoint = sockets[id].endpoint
            guard
                !isGroup
                    || network.listens(
                        endpoint, to: source.address, in: destination.address, on: interface,
                        hearsAll: sockets[id].hearsAllGroups(isIPv4: source.address.isIPv4))
            else { continue }
            isWanted = true
            guard let packet = network.pools.copy(delivery.packet) else {
                network.counters.count(.noBuffer)
                continue
            }
            let datagram = QueuedDatagram(
                packet: packet, source: source, destination: destination, interface: interface,
                timeToLive: hops, trafficClass: trafficClass, arrival: network.now,
                ipOptions: sockets[id].ipOptions(of: &delivery))
            deliver(datagram, to: id, -delivery.networkHeaderCount, &network)
        }
        if !isWanted { network.counters.count(.udpNoPort) }
    }

    /// - Parameters:
    ///   - datagram: With its header of UDP, which filters see and readers do not.
    ///   - networkOffset: Where the IP header begins, counted from that of UDP.
    private mutating func deliver(
        _ datagram: consuming QueuedDatagram, to id: SlabIndex, _ networkOffset: Int,
        _ network: inout NetworkLayer
    ) {
        let kept = sockets[id].admittedCount(
            of: datagram.packet, networkOffset: networkOffset, on: datagram.interface)
        guard kept > 0 else {
            network.counters.count(.filteredByEndpoint)
            return
        }
        datagram.packet.truncate(to: max(kept, UDPHeader.byteCount))
        datagram.packet.removeFirst(UDPHeader.byteCount)
        guard sockets[id].deliver(datagram, counting: .udpQueueFull, &network) else { return }
        network.counters.count(.udpDatagramsReceived)
        raised.append(RaisedEvent(endpoint: sockets[id].endpoint, events: .readable))
    }
}
