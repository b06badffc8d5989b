import Memory
import Wire

/// The Address Resolution Protocol (RFC 826).
extension NetworkLayer {
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
        let hardware = message.senderHardwareAddress
        // Nobody is everybody, and what we said ourselves comes back on some links.
        guard !hardware.isMulticast, hardware != .zero, hardware != own else {
            counters.count(.arpBadSender)
            return
        }
        let sender = IPAddress(message.senderProtocolAddress)
        let target = IPAddress(message.targetProtocolAddress)
        guard !isARPConflict(message, on: id) else {
            counters.count(.arpConflict)
            noteConflict(sender.isUnspecified ? target : sender, on: id)
            return
        }
        let isForUs = interfaces[id.rawValue].owns(target)
        // A probe comes from nobody yet (RFC 5227 §2.1.1).
        if !sender.isUnspecified { learn(sender, at: hardware, on: id, asked: isForUs) }
        guard message.operation == .request, isForUs || isProxy(for: target, asking: sender, on: id)
        else { return }
        counters.count(.arpRepliesSent)
        sendARP(.reply, from: target, at: own, to: sender, at: hardware, on: id)
    }

    /// Known senders are always updated, which is how a moved address is learned of; new ones are
    /// learned only when they ask for us (RFC 826).
    private mutating func learn(
        _ sender: IPAddress, at hardware: MACAddress, on id: InterfaceID, asked: Bool
    ) {
        guard !sender.isMulticast, !sender.isLoopback, !isBroadcast(sender, on: id) else {
            counters.count(.arpBadSender)
            return
        }
        if let known = neighbour(sender, on: id) {
            guard neighbours.entries[known].state != .permanent else { return }
            setReachable(known, hardware)
        } else if asked, let added = noteNeighbour(sender, at: hardware, on: id) {
            setReachable(added, hardware)
        }
    }

    /// Whether somebody else uses an address of ours, or is about to use one that we are about to
    /// use (RFC 5227 §2.1.1, §2.4).
    private func isARPConflict(_ message: ARPMessage, on id: InterfaceID) -> Bool {
        let sender = IPAddress(message.senderProtocolAddress)
        guard sender.isUnspecified else {
            guard let place = interfaces[id.rawValue].place(of: sender) else {
                return false
            }
            return interfaces[id.rawValue].addresses[place].state != .duplicate
        }
        guard message.operation == .request,
            let place = interfaces[id.rawValue].place(of: IPAddress(message.targetProtocolAddress))
        else { return false }
        return interfaces[id.rawValue].addresses[place].state == .tentative
    }

    // MARK: - Sending

    /// Asks for a neighbour: everybody, or itself at the address that was known.
    mutating func requestARP(
        _ target: IPAddress, at known: MACAddress?, on id: InterfaceID
    ) {
        guard case .ethernet(let own) = interfaces[id.rawValue].configuration.link,
            let source = sourceAddress(for: target, via: target, on: id)
        else { return }
        counters.count(.arpRequestsSent)
        sendARP(.request, from: source, at: own, to: target, at: known, on: id)
    }

    /// Asks whether anybody uses `address`, which is not ours yet (RFC 5227 §2.1.1).
    mutating func probeARP(_ address: IPAddress, on id: InterfaceID) {
        guard case .ethernet(let own) = interfaces[id.rawValue].configuration.link else { return }
        counters.count(.arpProbesSent)
        sendARP(.request, from: .unspecifiedV4, at: own, to: address, at: nil, on: id)
    }

    /// Tells everybody that `address` is ours (RFC 5227 §2.3).
    mutating func announceARP(_ address: IPAddress, on id: InterfaceID) {
        guard case .ethernet(let own) = interfaces[id.rawValue].configuration.link else { return }
        counters.count(.arpAnnouncementsSent)
        sendARP(.request, from: address, at: own, to: address, at: nil, on: id)
    }

    /// - Parameter hardware: Whom the frame goes to; nil for everybody.
    private mutating func sendARP(
        _ operation: ARPOperation, from source: IPAddress, at own: MACAddress,
        to target: IPAddress, at hardware: MACAddress?, on id: InterfaceID
    ) {
        guard let sender = source.v4, let asked = target.v4,
            var packet = pools.control(headroom: Self.headroom)
        else {
            counters.count(.noBuffer)
            return
        }
        packet.extend(ARPMessage.byteCount)
        var head = packet.mutableHead
        ARPMessage(
            operation: operation, senderHardwareAddress: own, senderProtocolAddress: sender,
            targetHardwareAddress: operation == .reply ? hardware ?? .zero : .zero,
            targetProtocolAddress: asked
        ).write(to: &head)
        enqueue(packet, from: own, to: hardware ?? .broadcast, type: .arp, on: id)
    }
}
