import Memory
import Wire

/// A frame that waits for its reader.
struct QueuedFrame: ~Copyable {
    /// As its endpoint gets it: with the link's header or without.
    let packet: Packet
    let interface: InterfaceID
    let tag: FrameTag
    let arrival: Instant

    var occupied: Int { BufferPools.frameCount &+ packet.countBehindHead }
}

/// What the header of a frame says.
struct FrameTag {
    var direction: ReceivedFrame.Direction
    let etherType: EtherType
    let source: MACAddress?
    /// Bytes of the link's header.
    let headerCount: Int
}

/// A packet endpoint's side of the stack.
struct PacketSocket: ~Copyable {
    let endpoint: SlabIndex
    let form: EndpointKind.PacketForm
    /// What it listens to; nil before `bind`: nothing.
    var bound: PacketAddress?
    /// The interfaces that it keeps in promiscuous mode, as often as it asked for it.
    var promiscuous: [InterfaceID] = []
    var queue = Ring<QueuedFrame>()
    var occupied = 0
    var byteCount = 0
    var receiveBuffer: UInt32
    var statistics = PacketStatistics()
    /// Which frames it hears at all, and how much of them (`SO_ATTACH_FILTER`).
    var filter: PacketFilter?

    init(endpoint: SlabIndex, form: EndpointKind.PacketForm, receiveBuffer: UInt32) {
        self.endpoint = endpoint
        self.form = form
        self.receiveBuffer = receiveBuffer
    }

    /// Whether it is to see a frame. As on Linux, those that leave are seen by who wants all types
    /// only.
    func wants(_ tag: FrameTag, on interface: InterfaceID) -> Bool {
        guard let bound else { return false }
        if let own = bound.interface, own != interface { return false }
        guard let type = bound.etherType else { return true }
        return type == tag.etherType && tag.direction != .outgoing
    }

    mutating func append(_ frame: consuming QueuedFrame) -> Bool {
        let cost = frame.occupied
        guard queue.isEmpty || occupied &+ cost <= Int(receiveBuffer) else { return false }
        occupied &+= cost
        byteCount &+= frame.packet.count
        queue.append(frame)
        return true
    }

    mutating func popFirst() -> QueuedFrame? {
        guard let frame = queue.popFirst() else { return nil }
        occupied &-= frame.occupied
        byteCount &-= frame.packet.count
        return frame
    }
}

/// Packet endpoints: who listens to the links themselves. Where a host has none, a frame costs it
/// one comparison.
struct PacketLayer: ~Copyable {
    var sockets = Slab<PacketSocket>()
    var raised = Ring<RaisedEvent>()
    /// The one that is sending, which does not hear itself.
    var sender: SlabIndex?

    var isInUse: Bool { sockets.count > 0 }

    mutating func add(
        _ endpoint: SlabIndex, _ form: EndpointKind.PacketForm, receiveBuffer: UInt32
    ) -> SlabIndex {
        sockets.insert(
            PacketSocket(endpoint: endpoint, form: form, receiveBuffer: receiveBuffer))
    }

    /// Whether somebody wants an interface to take frames for others.
    func isPromiscuous(_ interface: InterfaceID) -> Bool {
        guard isInUse else { return false }
        for place in 0..<sockets.placeCount {
            guard let id = sockets.index(at: place) else { continue }
            for index in sockets[id].promiscuous.indices
            where sockets[id].promiscuous[index] == interface {
                return true
            }
        }
        return false
    }
}

extension NetworkLayer {
    /// Shows a frame, or a packet on a link without frames, to the packet endpoints that want it.
    mutating func show(
        _ packet: borrowing Packet, on id: InterfaceID, isOutgoing: Bool
    ) {
        guard var tag = frameTag(of: packet, on: id) else { return }
        if isOutgoing {
            tag.direction = .outgoing
        } else if tag.direction == .otherHost, !taps.isPromiscuous(id) {
            return
        }
        for place in 0..<taps.sockets.placeCount {
            guard let key = taps.sockets.index(at: place), key != taps.sender,
                taps.sockets[key].wants(tag, on: id)
            else { continue }
            show(packet, tag, on: id, to: key)
        }
    }

    private mutating func show(
        _ packet: borrowing Packet, _ tag: FrameTag, on id: InterfaceID, to key: SlabIndex
    ) {
        guard hasMemoryToQueue, var copy = pools.copy(packet) else {
            taps.sockets[key].statistics.dropped &+= 1
            counters.count(.noBuffer)
            return
        }
        completeChecksum(of: &copy)
        let isPayload = taps.sockets[key].form == .payload
        if isPayload { copy.removeFirst(tag.headerCount) }
        copy.metadata = PacketMetadata()
        if let filter = taps.sockets[key].filter {
            let subject = FilterSubject(
                etherType: tag.etherType, direction: tag.direction, interface: id,
                linkOffset: isPayload ? -tag.headerCount : 0,
                networkOffset: isPayload ? 0 : tag.headerCount)
            let kept = filter.run(on: copy, subject)
            guard kept > 0 else { return }
            copy.truncate(to: Int(kept))
        }
        guard
            taps.sockets[key].append(
                QueuedFrame(packet: copy, interface: id, tag: tag, arrival: now))
        else {
            taps.sockets[key].statistics.dropped &+= 1
            counters.count(.packetQueueFull)
            return
        }
        taps.sockets[key].statistics.received &+= 1
        taps.raised.append(
            RaisedEvent(endpoint: taps.sockets[key].endpoint, events: .readable))
    }

    /// Nil for what is too short for the link's header.
    private func frameTag(of packet: borrowing Packet, on id: InterfaceID) -> FrameTag? {
        let head = packet.head
        guard case .ethernet(let own) = interfaces[id.rawValue].configuration.link else {
            guard head.count > 0 else { return nil }
            return FrameTag(
                direction: .host, etherType: head[0] >> 4 == 6 ? .ipv6 : .ipv4, source: nil,
                headerCount: 0)
        }
        do throws(WireError) {
            let frame = try EthernetFrame(head, beyond: packet.countBehindHead)
            let destination = frame.destination
            let direction: ReceivedFrame.Direction =
                destination == own
                ? .host
                : destination.isBroadcast
                    ? .broadcast : destination.isMulticast ? .multicast : .otherHost
            return FrameTag(
                direction: direction, etherType: frame.etherType, source: frame.source,
                headerCount: EthernetHeader.byteCount)
        } catch {
            return nil
        }
    }
}
