import Memory
import Wire

/// What raw endpoints and those for echoes send.
extension RawLayer {
    /// Sends `payload` as one IP packet, which it is as a whole where the endpoint includes headers.
    mutating func send(
        _ payload: Span<UInt8>, from id: SlabIndex, to target: SocketAddress,
        _ control: DatagramControl, _ network: inout NetworkLayer
    ) throws(StackError) {
        var route = try network.route(for: sockets[id], to: target, control)
        try sockets[id].checkMaySend()
        if sockets[id].isEcho {
            try sendEcho(payload, from: id, along: &route, &network)
        } else if sockets[id].options.includesHeader {
            try sendWhole(payload, along: route, &network)
        } else {
            try sendPayload(payload, from: id, along: &route, &network)
        }
    }

    private mutating func sendPayload(
        _ payload: Span<UInt8>, from id: SlabIndex, along route: inout DatagramRoute,
        _ network: inout NetworkLayer
    ) throws(StackError) {
        try admit(payload.count, &route)
        var packet = try network.packet(headerCount: 0, payload: payload)
        if sockets[id].family == .inet6, let offset = sockets[id].checksumOffset {
            guard Int(offset) &+ 2 <= packet.head.count else { throw .invalidArgument }
            let pseudo = InternetChecksum.pseudoHeader(
                source: route.path.source, destination: route.target.address,
                proto: sockets[id].proto, length: UInt32(truncatingIfNeeded: packet.count))
            var head = packet.mutableHead
            head.write(pseudo.partial, at: Int(offset))
            packet.metadata.checksum = .partial(start: 0, offset: offset)
            completeChecksum(of: &packet)
        }
        network.counters.count(.rawPacketsSent)
        network.send(
            packet, along: route.path, from: route.path.source, to: route.target.address,
            route.options)
    }

    /// An echo request with the identifier and the checksum filled in.
    private mutating func sendEcho(
        _ message: Span<UInt8>, from id: SlabIndex, along route: inout DatagramRoute,
        _ network: inout NetworkLayer
    ) throws(StackError) {
        let isIPv4 = sockets[id].family == .inet
        let request =
            isIPv4 ? ICMPType.echoRequest.rawValue : ICMPv6Type.echoRequest.rawValue
        guard message.count >= ICMPHeader.byteCount, message[0] == request, message[1] == 0 else {
            throw .invalidArgument
        }
        try admit(message.count, &route)
        var packet = try network.packet(headerCount: 0, payload: message)
        var partial: UInt16 = 0
        if !isIPv4 {
            partial =
                InternetChecksum.pseudoHeader(
                    source: route.path.source, destination: route.target.address, proto: .icmpv6,
                    length: UInt32(truncatingIfNeeded: packet.count)
                ).partial
        }
        var head = packet.mutableHead
        head.write(partial, at: ICMPHeader.checksumOffset)
        head.write(sockets[id].local.port, at: 4)
        packet.metadata.checksum = .partial(
            start: 0, offset: UInt16(ICMPHeader.checksumOffset))
        completeChecksum(of: &packet)
        network.counters.count(.rawPacketsSent)
        network.send(
            packet, along: route.path, from: route.path.source, to: route.target.address,
            route.options)
    }

    private func admit(
        _ count: Int, _ route: inout DatagramRoute
    ) throws(StackError) {
        let largest = UDPHeader.largestPayload(over: route.headerCount) &+ UDPHeader.byteCount
        guard count <= largest else { throw .messageTooLong }
        try route.admit(route.headerCount &+ count)
    }

    /// A packet that begins with its IP header (`IP_HDRINCL`). Of IPv4 the host fills in the total
    /// length and the checksum, and the source and the identification where they are zero, as
    /// raw(7) says; of IPv6 nothing. It is not fragmented.
    private mutating func sendWhole(
        _ bytes: Span<UInt8>, along route: DatagramRoute, _ network: inout NetworkLayer
    ) throws(StackError) {
        guard bytes.count <= route.interfaceMTU else { throw .messageTooLong }
        let isIPv4 = route.target.address.isIPv4
        let smallest = isIPv4 ? IPv4Header.byteCount : IPv6Header.byteCount
        guard bytes.count >= smallest, bytes[0] >> 4 == (isIPv4 ? 4 : 6) else {
            throw .invalidArgument
        }
        let headerCount = isIPv4 ? Int(bytes[0] & 15) &* 4 : smallest
        guard headerCount >= smallest, headerCount <= bytes.count else { throw .invalidArgument }
        var packet = try network.packet(headerCount: 0, payload: bytes)
        if isIPv4 {
            network.fillIn(&packet, headerCount: headerCount, from: route.path.source)
        }
        network.counters.count(.rawPacketsSent)
        guard
            network.mayLeave(
                packet, to: route.target.address, on: route.path.interface, route.options)
        else { return }
        network.transmit(packet, on: route.path.interface, to: route.path.nextHop)
    }
}

extension NetworkLayer {
    /// Completes an IPv4 header that an application wrote.
    fileprivate mutating func fillIn(
        _ packet: inout Packet, headerCount: Int, from source: IPAddress
    ) {
        typealias Field = TCPPacketLayout.IPField
        let total = UInt16(truncatingIfNeeded: packet.count)
        let hasIdentification = packet.head.uint16(at: Field.ipv4Identification) != 0
        let hasSource = packet.head.uint32(at: Field.ipv4Source) != 0
        let target = IPAddress(packet.head.ipv4Address(at: Field.ipv4Source &+ 4))
        let proto = IPProtocol(rawValue: packet.head[Field.ipv4Identification &+ 5])
        let identification = UInt16(
            truncatingIfNeeded: identifications.next(from: source, to: target, proto))
        var head = packet.mutableHead
        head.write(total, at: Field.ipv4TotalCount)
        if !hasIdentification { head.write(identification, at: Field.ipv4Identification) }
        if !hasSource, let v4 = source.v4 { head.write(v4.rawValue, at: Field.ipv4Source) }
        head.write(0 as UInt16, at: Field.ipv4Checksum)
        var sum = InternetChecksum()
        sum.add(packet.head.extracting(first: headerCount))
        head = packet.mutableHead
        head.write(sum.value, at: Field.ipv4Checksum)
    }
}
