import Memory
import Wire

/// The Address Resolution Protocol (RFC 826), with a queue while an answer is awaited
/// (RFC 1122 §2.3.2).
extension NetworkLayer {
    private func place(_ address: IPAddress, on id: InterfaceID) -> UInt64 {
        hash.place(address.high, address.low, UInt64(id.rawValue), 0, 0)
    }

    /// Sends `packet` to the neighbour at `address` as soon as its link address is known.
    mutating func resolve(
        _ address: IPAddress, on id: InterfaceID, for packet: consuming Packet
    ) {
        guard case .ethernet(let own) = interfaces[id.rawValue].configuration.link,
            address.isIPv4
        else {
            counters.count(.neighbourUnresolved)
            return
        }
        let place = place(address, on: id)
        if let known = neighbours.find(address, on: id, place) {
            if neighbours.entries[known].state == .incomplete {
                wait(packet, for: known)
                return
            }
            refreshIfOld(known)
            let target = neighbours.entries[known].linkAddress
            enqueue(packet, from: own, to: target, type: .ipv4, on: id)
            return
        }
        guard makeRoom() else { return }
        let added = neighbours.insert(Neighbour(interface: id, address: address), place)
        wait(packet, for: added)
        ask(added)
    }

    private mutating func wait(_ packet: consuming Packet, for id: SlabIndex) {
        if neighbours.entries[id].waiting.count >= NeighbourTable.waitingLimit {
            _ = neighbours.entries[id].waiting.popFirst()
            counters.count(.neighbourQueueFull)
        }
        neighbours.entries[id].waiting.append(packet)
    }

    private mutating func makeRoom() -> Bool {
        guard neighbours.entries.count >= NeighbourTable.limit else { return true }
        guard let spare = neighbours.leastUseful() else {
            counters.count(.neighbourTableFull)
            return false
        }
        forget(spare)
        return true
    }

    private mutating func forget(_ id: SlabIndex) {
        let place = place(neighbours.entries[id].address, on: neighbours.entries[id].interface)
        var gone = neighbours.remove(id, place)
        if let timer = gone.timer { timers.cancel(timer) }
        while let packet = gone.waiting.popFirst() { reportUnreachable(packet) }
    }

    private mutating func refreshIfOld(_ id: SlabIndex) {
        guard neighbours.entries[id].state == .reachable,
            now - neighbours.entries[id].confirmed > NeighbourTable.reachableTime
        else { return }
        neighbours.entries[id].state = .stale
        neighbours.entries[id].requests = 0
        ask(id)
    }

    /// Asks for a neighbour's link address and sets the timer for the next attempt.
    private mutating func ask(_ id: SlabIndex) {
        let interface = neighbours.entries[id].interface
        let target = neighbours.entries[id].address
        neighbours.entries[id].requests &+= 1
        neighbours.entries[id].timer = timers.schedule(
            TimerOwner(kind: .neighbour, index: id), at: now + NeighbourTable.requestInterval)
        guard let path = path(to: target), path.interface == interface else { return }
        // A stale neighbour is asked directly (RFC 1122 §2.3.2.1, unicast poll).
        let to = neighbours.entries[id].state == .stale ? neighbours.entries[id].linkAddress : nil
        counters.count(.arpRequestsSent)
        sendARP(.request, about: target, from: path.source, to: to, on: interface)
    }

    /// An answer did not come in time.
    mutating func neighbourTimer(_ id: SlabIndex) {
        guard neighbours.entries.contains(id) else { return }
        neighbours.entries[id].timer = nil
        guard neighbours.entries[id].state != .reachable else { return }
        if neighbours.entries[id].requests < NeighbourTable.requestLimit {
            ask(id)
        } else {
            forget(id)
        }
    }

    mutating func acceptARP(
        _ packet: consuming Packet, on id: InterfaceID, own: MACAddress
    ) {
        let message: ARPMessage
        do throws(WireError) {
            message = ARPMessage(try ARPPacket(packet.head))
        } catch {
            counters.count(.arpMalformed)
            return
        }
        let sender = IPAddress(message.senderProtocolAddress)
        let isForUs = interfaces[id.rawValue].owns(IPAddress(message.targetProtocolAddress))
        // Nobody else is who we are, and nobody is everyone (RFC 5227 §2.4 comes with conflict
        // detection).
        guard !message.senderHardwareAddress.isMulticast, interface(owning: sender) == nil else {
            counters.count(.ipBadSource)
            return
        }
        // RFC 826: known senders are always updated, new ones learned only when they ask for us.
        let place = place(sender, on: id)
        if let known = neighbours.find(sender, on: id, place) {
            confirm(known, message.senderHardwareAddress, own: own)
        } else if isForUs, !message.senderProtocolAddress.isUnspecified, makeRoom() {
            let added = neighbours.insert(Neighbour(interface: id, address: sender), place)
            confirm(added, message.senderHardwareAddress, own: own)
        }
        guard isForUs, message.operation == .request else { return }
        counters.count(.arpRepliesSent)
        sendARP(
            .reply, about: sender, from: IPAddress(message.targetProtocolAddress),
            to: message.senderHardwareAddress, on: id)
    }

    private mutating func confirm(_ id: SlabIndex, _ address: MACAddress, own: MACAddress) {
        if let timer = neighbours.entries[id].timer { timers.cancel(timer) }
        neighbours.entries[id].timer = nil
        neighbours.entries[id].state = .reachable
        neighbours.entries[id].linkAddress = address
        neighbours.entries[id].confirmed = now
        let interface = neighbours.entries[id].interface
        while let packet = neighbours.entries[id].waiting.popFirst() {
            enqueue(packet, from: own, to: address, type: .ipv4, on: interface)
        }
    }

    private mutating func sendARP(
        _ operation: ARPOperation, about target: IPAddress, from source: IPAddress,
        to hardware: MACAddress?, on id: InterfaceID
    ) {
        guard case .ethernet(let own) = interfaces[id.rawValue].configuration.link,
            let sender = source.v4, let asked = target.v4,
            var packet = pools.control(headroom: Self.headroom)
        else {
            counters.count(.noBuffer)
            return
        }
        packet.extend(ARPMessage.byteCount)
        var head = packet.mutableHead
        ARPMessage(
            operation: operation, senderHardwareAddress: own, senderProtocolAddress: sender,
            targetHardwareAddress: operation == .reply ? hardware ?? MACAddress(0) : MACAddress(0),
            targetProtocolAddress: asked
        ).write(to: &head)
        enqueue(packet, from: own, to: hardware ?? .broadcast, type: .arp, on: id)
    }
}
