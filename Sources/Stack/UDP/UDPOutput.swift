import Memory
import Wire

/// Datagrams on their way out.
extension UDPLayer {
    /// The most segments that one call makes (Linux's `UDP_MAX_SEGMENTS`).
    static var segmentLimit: Int { 128 }

    /// Sends `payload` as one datagram, or cut into several as `control` says.
    mutating func send(
        _ payload: Span<UInt8>, from id: SlabIndex, to target: SocketAddress,
        _ control: DatagramControl, _ network: inout NetworkLayer
    ) throws(StackError) {
        guard sockets[id].corked.isEmpty, !control.hasMore, !sockets[id].options.isCorked else {
            try collect(payload, from: id, to: target, control, &network)
            return
        }
        try sendNow(payload, from: id, to: target, control, &network)
    }

    /// Collects the parts of a datagram, which leaves with the last of them. Where it goes, and how,
    /// is what the first said.
    private mutating func collect(
        _ payload: Span<UInt8>, from id: SlabIndex, to target: SocketAddress,
        _ control: DatagramControl, _ network: inout NetworkLayer
    ) throws(StackError) {
        if sockets[id].corked.isEmpty {
            _ = try network.route(for: sockets[id], to: target, control)
            var first = control
            first.hasMore = false
            sockets[id].corked = [CorkedDatagram(payload: [], target: target, control: first)]
        }
        guard sockets[id].corked[0].payload.count &+ payload.count <= 65_507 else {
            sockets[id].corked = []
            throw .messageTooLong
        }
        sockets[id].corked[0].payload.reserveCapacity(payload.count)
        for index in payload.indices { sockets[id].corked[0].payload.append(payload[index]) }
        guard !control.hasMore, !sockets[id].options.isCorked else { return }
        try flush(id, &network)
    }

    /// Sends what was collected; nothing where nothing was.
    mutating func flush(_ id: SlabIndex, _ network: inout NetworkLayer) throws(StackError) {
        guard let whole = sockets[id].corked.popLast() else { return }
        try sendNow(whole.payload.span, from: id, to: whole.target, whole.control, &network)
    }

    private mutating func sendNow(
        _ payload: Span<UInt8>, from id: SlabIndex, to target: SocketAddress,
        _ control: DatagramControl, _ network: inout NetworkLayer
    ) throws(StackError) {
        var route = try network.route(for: sockets[id], to: target, control)
        if control.confirms {
            network.confirmReachability(of: target.address, on: route.options.interface)
        }
        let largest = UDPHeader.largestPayload(over: route.headerCount)
        guard payload.count <= largest else { throw .messageTooLong }
        let options = sockets[id].options
        let chosen = control.segmentSize ?? (options.hasRare ? options.rare.segmentSize : nil)
        guard let segmentSize = chosen, segmentSize > 0, payload.count > Int(segmentSize) else {
            do throws(StackError) {
                try route.admit(route.headerCount &+ UDPHeader.byteCount &+ payload.count)
            } catch {
                noteTooLong(id, route, network.now)
                throw error
            }
            try sockets[id].checkMaySend()
            try send(payload, from: id, along: route, &network)
            return
        }
        // Segments are never fragmented: whoever names their size knows the path.
        let size = Int(segmentSize)
        guard size > 0, payload.count <= size &* Self.segmentLimit,
            route.headerCount &+ UDPHeader.byteCount &+ size <= route.path.mtu
        else { throw .invalidArgument }
        try sockets[id].checkMaySend()
        route.options.dontFragment = true
        var sent = 0
        while sent < payload.count {
            let segment = payload.extracting(sent..<min(sent &+ size, payload.count))
            try send(segment, from: id, along: route, &network)
            sent &+= size
        }
    }

    private mutating func send(
        _ payload: Span<UInt8>, from id: SlabIndex, along route: DatagramRoute,
        _ network: inout NetworkLayer
    ) throws(StackError) {
        let source = route.path.source
        let count = UDPHeader.byteCount &+ payload.count
        var packet = try network.packet(headerCount: UDPHeader.byteCount, payload: payload)
        let hasChecksum = !sockets[id].omitsChecksum(isIPv4: source.isIPv4)
        let pseudo = InternetChecksum.pseudoHeader(
            source: source, destination: route.target.address, proto: .udp,
            length: UInt32(truncatingIfNeeded: count))
        var head = packet.mutableHead
        UDPHeader(
            sourcePort: sockets[id].local.port, destinationPort: route.target.port,
            length: UInt16(truncatingIfNeeded: count),
            checksum: hasChecksum ? pseudo.partial : 0
        ).write(to: &head)
        if hasChecksum {
            packet.metadata.checksum = .partial(
                start: 0, offset: UInt16(UDPHeader.checksumOffset))
            // A fragment holds too little to be summed by the link.
            if route.headerCount &+ count > route.path.mtu { completeChecksum(of: &packet) }
        }
        network.counters.count(.udpDatagramsSent)
        network.send(
            packet, along: route.path, from: source, to: route.target.address, route.options)
    }

    /// A datagram that this host itself found too long for its path is an error like those from
    /// outside, for who keeps them (`IP_RECVERR`).
    private mutating func noteTooLong(
        _ id: SlabIndex, _ route: DatagramRoute, _ now: Instant
    ) {
        let isIPv4 = route.target.address.isIPv4
        guard sockets[id].options.internet(toIPv4: isIPv4, of: sockets[id].family).keepsErrors
        else { return }
        // As on Linux only a connected endpoint is told the port.
        var target = route.target
        target.port = sockets[id].remote?.port ?? 0
        sockets[id].inbox.keep(
            ReportedError(
                reason: .messageTooLong, destination: target, reporter: nil, type: 0,
                code: 0, mtu: route.path.mtu, sequence: 0, payload: [], arrival: now))
    }
}

extension UDPHeader {
    /// The longest payload in one datagram behind an IP header of `headerCount` bytes: 65,507 over
    /// IPv4, whose length field counts the header, 65,527 over IPv6.
    static func largestPayload(over headerCount: Int) -> Int {
        let room = headerCount < IPv6Header.byteCount ? 65_535 &- headerCount : 65_535
        return room &- byteCount
    }
}
