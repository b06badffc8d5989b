import Memory
import Wire

/// The calls on packet endpoints. Linux's packet(7).
extension Host {
    /// Has the endpoint listen to an interface or to all, for one type of frame or for all. Called
    /// again it listens to something else. POSIX `bind`.
    ///
    /// - Throws: `.invalidArgument` when the host has no such interface, `.notSupported` for other
    ///   kinds of endpoints.
    public mutating func bind(
        _ id: EndpointID, to address: PacketAddress
    ) throws(StackError) {
        let key = try packetSocket(id)
        if let interface = address.interface {
            guard network.isValid(interface) else { throw .invalidArgument }
        }
        network.taps.sockets[key].bound = address
    }

    /// Where the endpoint listens. POSIX `getsockname`; nil before `bind`.
    public func packetAddress(of id: EndpointID) throws(StackError) -> PacketAddress? {
        let key = try packetSocket(id)
        return network.taps.sockets[key].bound
    }

    /// Sends a frame: as it is, or for an endpoint of payloads behind a header that the host makes.
    /// On links without frames it is an IP packet either way. POSIX `sendto`.
    ///
    /// - Parameter address: Where to; of a whole frame only the interface matters. nil for what the
    ///   endpoint is bound to.
    /// - Throws: `.destinationRequired` when no interface is named, `.invalidArgument` for one that
    ///   the host has not or a frame without a whole header, `.messageTooLong`, `.noBufferSpace`.
    public mutating func sendFrame(
        _ id: EndpointID, _ frame: Span<UInt8>, to address: PacketAddress?
    ) throws(StackError) {
        let key = try packetSocket(id)
        let bound = network.taps.sockets[key].bound
        guard let interface = address?.interface ?? bound?.interface else {
            throw .destinationRequired
        }
        guard network.isValid(interface) else { throw .invalidArgument }
        let form = network.taps.sockets[key].form
        let type = address?.etherType ?? bound?.etherType
        network.taps.sender = key
        defer { network.taps.sender = nil }
        switch (network.interfaces[interface.rawValue].configuration.link, form) {
        case (.ethernet, .frame):
            guard frame.count >= EthernetHeader.byteCount else { throw .invalidArgument }
            try check(frame.count, EthernetHeader.byteCount, interface)
            let packet = try network.packet(headerCount: 0, payload: frame)
            network.enqueue(packet, on: interface)
        case (.ethernet(let own), .payload):
            guard let address, let type else { throw .destinationRequired }
            try check(frame.count, 0, interface)
            let packet = try network.packet(headerCount: 0, payload: frame)
            network.enqueue(packet, from: own, to: address.address, type: type, on: interface)
        case (.ip, _):
            try check(frame.count, 0, interface)
            let packet = try network.packet(headerCount: 0, payload: frame)
            network.enqueue(packet, on: interface)
        case (.loopback, _):
            try check(frame.count, 0, interface)
            let packet = try network.packet(headerCount: 0, payload: frame)
            network.loop(packet, on: interface)
        }
    }

    private func check(
        _ count: Int, _ headerCount: Int, _ interface: InterfaceID
    ) throws(StackError) {
        guard count > 0 else { throw .invalidArgument }
        let mtu = network.interfaces[interface.rawValue].configuration.mtu
        guard count <= mtu &+ headerCount else { throw .messageTooLong }
    }

    /// Takes the next frame; what does not fit into `buffer` is lost. POSIX `recvfrom`.
    ///
    /// - Throws: `.wouldBlock` when none waits.
    public mutating func receiveFrame(
        _ id: EndpointID, into buffer: inout MutableSpan<UInt8>
    ) throws(StackError) -> ReceivedFrame {
        let key = try packetSocket(id)
        guard let next = network.taps.sockets[key].popFirst() else { throw .wouldBlock }
        let count = next.packet.copy(from: 0, into: &buffer)
        return ReceivedFrame(next, count: count)
    }

    /// Copies the next frame and leaves it where it is. POSIX `recvfrom` with `MSG_PEEK`.
    ///
    /// - Throws: `.wouldBlock` when none waits.
    public func peekFrame(
        _ id: EndpointID, into buffer: inout MutableSpan<UInt8>
    ) throws(StackError) -> ReceivedFrame {
        let key = try packetSocket(id)
        guard !network.taps.sockets[key].queue.isEmpty else { throw .wouldBlock }
        let count = network.taps.sockets[key].queue[0].packet.copy(from: 0, into: &buffer)
        return ReceivedFrame(network.taps.sockets[key].queue[0], count: count)
    }

    /// Has the interface show frames for others to packet endpoints, or ends that; it ends when
    /// nobody wants it any more. `PACKET_ADD_MEMBERSHIP` with `PACKET_MR_PROMISC`.
    ///
    /// - Throws: `.invalidArgument` when the host has no such interface, `.addressNotAvailable`
    ///   when the endpoint has not asked for it before.
    public mutating func setPromiscuous(
        _ id: EndpointID, _ isOn: Bool, on interface: InterfaceID
    ) throws(StackError) {
        let key = try packetSocket(id)
        guard network.isValid(interface) else { throw .invalidArgument }
        if isOn {
            guard network.taps.sockets[key].promiscuous.count < 64 else { throw .noBufferSpace }
            network.taps.sockets[key].promiscuous.append(interface)
            return
        }
        let place = network.taps.sockets[key].promiscuous.firstIndex(of: interface)
        guard let place else { throw .addressNotAvailable }
        network.taps.sockets[key].promiscuous.remove(at: place)
    }

    /// Whether frames for others are wanted of an interface: whoever drives its device may then
    /// have to ask for them.
    public func isPromiscuous(_ interface: InterfaceID) -> Bool {
        network.taps.isPromiscuous(interface)
    }

    /// What became of the frames since the last call. `PACKET_STATISTICS`.
    public mutating func takePacketStatistics(
        of id: EndpointID
    ) throws(StackError) -> PacketStatistics {
        let key = try packetSocket(id)
        let statistics = network.taps.sockets[key].statistics
        network.taps.sockets[key].statistics = PacketStatistics()
        return statistics
    }

    private func packetSocket(_ id: EndpointID) throws(StackError) -> SlabIndex {
        try check(id)
        guard case .packet(let key) = endpoints[id.index].role else { throw .notSupported }
        return key
    }
}

extension ReceivedFrame {
    fileprivate init(_ queued: borrowing QueuedFrame, count: Int) {
        interface = queued.interface
        direction = queued.tag.direction
        etherType = queued.tag.etherType
        source = queued.tag.source
        self.count = count
        fullCount = queued.packet.count
        arrival = queued.arrival
    }
}
