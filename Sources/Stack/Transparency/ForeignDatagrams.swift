import Memory
import Wire

/// An echo request to somebody whom the host stands in for.
public struct ForeignEcho: Equatable, Sendable {
    public let source: IPAddress
    public let destination: IPAddress
    public let identifier: UInt16
    public let sequence: UInt16
    /// Where it came in, and the hops that it had left.
    public let interface: InterfaceID
    public let timeToLive: UInt8
    /// What stands behind the header of eight bytes.
    public let payload: [UInt8]

    public init(
        source: IPAddress, destination: IPAddress, identifier: UInt16, sequence: UInt16,
        interface: InterfaceID, timeToLive: UInt8, payload: [UInt8]
    ) {
        self.source = source
        self.destination = destination
        self.identifier = identifier
        self.sequence = sequence
        self.interface = interface
        self.timeToLive = timeToLive
        self.payload = payload
    }
}

extension NetworkLayer {
    /// Leaves a datagram to others for the owner.
    mutating func keep(foreign datagram: consuming QueuedDatagram) {
        guard hasMemoryToQueue else {
            counters.count(.noBuffer)
            return
        }
        datagram.packet.removeFirst(UDPHeader.byteCount)
        guard foreign.datagrams.append(datagram, limit: ForeignTraffic.datagramLimit) else {
            counters.count(.udpQueueFull)
            return
        }
        counters.count(.udpDatagramsReceived)
    }

    /// Leaves an echo request to others for the owner.
    mutating func keep(foreignEcho delivery: consuming Delivery) {
        guard foreign.echoes.count < ForeignTraffic.echoLimit, !delivery.isBroadcast else {
            counters.count(.icmpIgnored)
            return
        }
        let head = delivery.packet.head
        let (identifier, sequence) = (head.uint16(at: 4), head.uint16(at: 6))
        var bytes = [UInt8](
            repeating: 0, count: delivery.packet.count &- ICMPHeader.byteCount)
        var span = bytes.mutableSpan
        _ = delivery.packet.copy(from: ICMPHeader.byteCount, into: &span)
        foreign.echoes.append(
            ForeignEcho(
                source: delivery.source, destination: delivery.destination,
                identifier: identifier, sequence: sequence, interface: delivery.interface,
                timeToLive: delivery.timeToLive, payload: bytes))
    }
}

/// Datagrams and echoes in the name of others.
extension Host {
    /// Takes the datagram to others that has waited longest; what does not fit into `buffer` is lost.
    /// nil where none waits.
    public mutating func nextForeignDatagram(
        into buffer: inout MutableSpan<UInt8>
    ) -> Datagram? {
        guard let next = network.foreign.datagrams.popFirst() else { return nil }
        let count = next.packet.copy(from: 0, into: &buffer)
        return Datagram(next, count: count)
    }

    /// Sends a datagram whose sender need not be an address of the host.
    ///
    /// - Parameters:
    ///   - interface: Where to, for loopback addresses that cross a link; nil where the route decides.
    ///   - timeToLive: Hops that it may take; nil for the host's number.
    /// - Throws: `.networkUnreachable`, `.messageTooLong`, `.noBufferSpace`.
    public mutating func sendForeignDatagram(
        _ payload: Span<UInt8>, from source: SocketAddress, to target: SocketAddress,
        on interface: InterfaceID? = nil, timeToLive: UInt8? = nil
    ) throws(StackError) {
        let options = NetworkLayer.SendOptions(
            proto: .udp, timeToLive: timeToLive, dontFragment: false, interface: interface)
        let path = try network.foreignPath(from: source.address, to: target.address, interface)
        let header = NetworkLayer.headerCount(target.address, options)
        guard payload.count <= UDPHeader.largestPayload(over: header) else {
            throw .messageTooLong
        }
        let count = UDPHeader.byteCount &+ payload.count
        var packet = try network.packet(headerCount: UDPHeader.byteCount, payload: payload)
        let pseudo = InternetChecksum.pseudoHeader(
            source: source.address, destination: target.address, proto: .udp,
            length: UInt32(truncatingIfNeeded: count))
        var head = packet.mutableHead
        UDPHeader(
            sourcePort: source.port, destinationPort: target.port,
            length: UInt16(truncatingIfNeeded: count), checksum: pseudo.partial
        ).write(to: &head)
        packet.metadata.checksum = .partial(start: 0, offset: UInt16(UDPHeader.checksumOffset))
        if header &+ count > path.mtu { completeChecksum(of: &packet) }
        network.counters.count(.udpDatagramsSent)
        network.send(packet, along: path, from: source.address, to: target.address, options)
    }

    /// Tells the sender of a datagram to others what became of it.
    ///
    /// - Parameter payload: Of the datagram; as much as an error may quote.
    public mutating func refuseDatagram(
        from source: SocketAddress, to destination: SocketAddress, _ refusal: Refusal,
        by reporter: IPAddress? = nil, on interface: InterfaceID, quoting payload: [UInt8] = []
    ) {
        guard let problem = refusal.problem, network.isValid(interface) else { return }
        let ports = UInt32(source.port) << 16 | UInt32(destination.port)
        let length = UInt32(truncatingIfNeeded: UDPHeader.byteCount &+ payload.count)
        network.refuse(
            problem, .udp, from: source.address, to: destination.address,
            transport: (ports, length << 16), quoting: payload, on: interface, by: reporter)
    }

    /// Takes the echo request to others that has waited longest; nil where none waits.
    public mutating func nextForeignEcho() -> ForeignEcho? { network.foreign.echoes.popFirst() }

    /// Answers an echo request in the name of whom it was sent to.
    ///
    /// - Parameter timeToLive: Hops that the answer shows to have left, and may take.
    /// - Throws: `.networkUnreachable`, `.noBufferSpace`.
    public mutating func answer(
        _ echo: ForeignEcho, with payload: Span<UInt8>, timeToLive: UInt8? = nil
    ) throws(StackError) {
        let isIPv4 = echo.source.isIPv4
        let link = network.crosses(echo.source, echo.interface) ? echo.interface : nil
        let path = try network.foreignPath(from: echo.destination, to: echo.source, link)
        var packet = try network.packet(headerCount: ICMPHeader.byteCount, payload: payload)
        var partial: UInt16 = 0
        if !isIPv4 {
            partial =
                InternetChecksum.pseudoHeader(
                    source: echo.destination, destination: echo.source, proto: .icmpv6,
                    length: UInt32(truncatingIfNeeded: packet.count)
                ).partial
        }
        let type =
            isIPv4 ? ICMPType.echoReply.rawValue : ICMPv6Type.echoReply.rawValue
        var head = packet.mutableHead
        head.write(UInt16(type) << 8, at: 0)
        head.write(partial, at: ICMPHeader.checksumOffset)
        head.write(echo.identifier, at: 4)
        head.write(echo.sequence, at: 6)
        packet.metadata.checksum = .partial(
            start: 0, offset: UInt16(ICMPHeader.checksumOffset))
        completeChecksum(of: &packet)
        network.counters.count(.icmpEchoesAnswered)
        network.send(
            packet, along: path, from: echo.destination, to: echo.source,
            NetworkLayer.SendOptions(
                proto: isIPv4 ? .icmp : .icmpv6, timeToLive: timeToLive, dontFragment: false,
                interface: link))
    }

    /// Tells the sender of an echo request to others what became of it.
    public mutating func refuse(
        _ echo: ForeignEcho, _ refusal: Refusal, by reporter: IPAddress? = nil
    ) {
        guard let problem = refusal.problem else { return }
        let isIPv4 = echo.source.isIPv4
        let type =
            isIPv4 ? ICMPType.echoRequest.rawValue : ICMPv6Type.echoRequest.rawValue
        network.refuse(
            problem, isIPv4 ? .icmp : .icmpv6, from: echo.source, to: echo.destination,
            transport: (UInt32(type) << 24, UInt32(echo.identifier) << 16 | UInt32(echo.sequence)),
            quoting: echo.payload,
            on: echo.interface, by: reporter)
    }
}

extension NetworkLayer {
    /// The way to `target` for a packet of somebody else's.
    fileprivate func foreignPath(
        from source: IPAddress, to target: IPAddress, _ interface: InterfaceID?
    ) throws(StackError) -> Path {
        guard source.isIPv4 == target.isIPv4,
            let path = path(to: target, from: source, on: interface)
        else { throw .networkUnreachable }
        return path
    }
}
