import Memory
import Testing
import Wire

@testable import Stack

/// Endpoints of the link itself: frames as they come and go (packet(7)).
@Suite("Packet endpoints") struct PacketTests {
    private func receive(
        _ host: inout Host, _ endpoint: EndpointID
    ) throws -> (frame: ReceivedFrame, bytes: [UInt8])? {
        var buffer = [UInt8](repeating: 0, count: 10_000)
        var span = buffer.mutableSpan
        do throws(StackError) {
            let frame = try host.receiveFrame(endpoint, into: &span)
            return (frame, Array(buffer[..<frame.count]))
        } catch {
            guard error == .wouldBlock else { throw error }
            return nil
        }
    }

    private func isPromiscuous(_ wire: Ethernet) -> Bool {
        wire.host.isPromiscuous(wire.interface)
    }

    @Test("All frames of an interface are seen, coming and going, as they are on the link")
    func frames() throws {
        let wire = Ethernet()
        let endpoint = wire.host.open(.packet(.frame))
        try wire.host.bind(endpoint, to: PacketAddress(interface: wire.interface))
        let request = wire.frame(.ipv4, wire.ip(.icmp, wire.icmp(.echoRequest, rest: 1, [7])))
        wire.meet()
        #expect(try receive(&wire.host, endpoint)?.frame.etherType == .arp)
        let reply = try #require(try receive(&wire.host, endpoint))
        #expect(reply.frame.direction == .outgoing && reply.frame.source == Ethernet.hostMAC)
        wire.inject(request)
        let incoming = try #require(try receive(&wire.host, endpoint))
        #expect(incoming.bytes == request)
        #expect(incoming.frame.direction == .host && incoming.frame.etherType == .ipv4)
        #expect(incoming.frame.source == Ethernet.peerMAC)
        #expect(incoming.frame.interface == wire.interface)
        let outgoing = try #require(try receive(&wire.host, endpoint))
        #expect(outgoing.frame.direction == .outgoing)
        #expect(Array(outgoing.bytes[14...].dropFirst(20)) == wire.icmp(.echoReply, rest: 1, [7]))
        // The stack did its part all the same.
        #expect(wire.takeIP() != nil)
        try wire.host.close(endpoint)
        #expect(wire.isClean)
    }

    @Test("Checksums that are left to the link are complete in what an endpoint sees")
    func checksums() throws {
        let setting = Simulation.Setting(link: .ethernet, offloadsChecksums: true)
        let simulation = Simulation(setting)
        let endpoint = simulation.client.open(.packet(.payload))
        try simulation.client.bind(endpoint, to: PacketAddress())
        let sender = simulation.client.open(.datagram)
        try simulation.client.send(
            sender, [1, 2, 3].span,
            to: SocketAddress(address: simulation.serverAddress, port: 9))
        simulation.run(for: .milliseconds(10))
        var isSeen = false
        while let (frame, bytes) = try receive(&simulation.client, endpoint) {
            guard frame.etherType == .ipv4, bytes[9] == 17 else { continue }
            isSeen = true
            var sum = InternetChecksum.pseudoHeader(
                source: simulation.clientAddress, destination: simulation.serverAddress,
                proto: .udp, length: UInt32(bytes.count - 20))
            sum.add(bytes.span.extracting(droppingFirst: 20))
            #expect(sum.value == 0)
        }
        #expect(isSeen)
    }

    @Test("An endpoint of payloads sees no header of the link, and has one made")
    func payloads() throws {
        let wire = Ethernet()
        let endpoint = wire.host.open(.packet(.payload))
        let type = EtherType(rawValue: 0x88B5)
        try wire.host.bind(
            endpoint, to: PacketAddress(interface: wire.interface, etherType: type))
        wire.inject(wire.frame(to: .broadcast, type, [1, 2, 3]))
        wire.inject(wire.frame(.ipv4, wire.ip(.icmp, [])))
        let received = try #require(try receive(&wire.host, endpoint))
        #expect(received.bytes == [1, 2, 3] && received.frame.direction == .broadcast)
        #expect(try receive(&wire.host, endpoint) == nil)
        var address = PacketAddress(interface: wire.interface, etherType: type)
        address.address = MACAddress(2, 0, 0, 0, 0, 9)
        try wire.host.sendFrame(endpoint, [4, 5].span, to: address)
        wire.collect()
        let sent = try #require(wire.takeFrame())
        #expect(sent == [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, 0x88, 0xB5, 4, 5])
        #expect(throws: StackError.destinationRequired) {
            try wire.host.sendFrame(endpoint, [4, 5].span, to: nil)
        }
    }

    @Test("Whole frames are sent as they are, seen by other endpoints and not by the sender")
    func sending() throws {
        let wire = Ethernet()
        let one = wire.host.open(.packet(.frame))
        let two = wire.host.open(.packet(.frame))
        try wire.host.bind(one, to: PacketAddress(interface: wire.interface))
        try wire.host.bind(two, to: PacketAddress(interface: wire.interface))
        let frame = wire.frame(to: .broadcast, EtherType(rawValue: 0x88B5), [1, 2, 3])
        try wire.host.sendFrame(one, frame.span, to: nil)
        wire.collect()
        #expect(wire.takeFrame() == frame)
        #expect(try receive(&wire.host, two)?.frame.direction == .outgoing)
        #expect(try receive(&wire.host, one) == nil)
        #expect(throws: StackError.invalidArgument) {
            try wire.host.sendFrame(one, frame.span.extracting(first: 13), to: nil)
        }
        let long = [UInt8](repeating: 0, count: 1515)
        #expect(throws: StackError.messageTooLong) {
            try wire.host.sendFrame(one, long.span, to: nil)
        }
        #expect(throws: StackError.invalidArgument) {
            try wire.host.sendFrame(
                one, frame.span, to: PacketAddress(interface: InterfaceID(rawValue: 8)))
        }
        let unbound = wire.host.open(.packet(.frame))
        #expect(throws: StackError.destinationRequired) {
            try wire.host.sendFrame(unbound, frame.span, to: nil)
        }
    }

    @Test("Before bind nothing is seen; a type is seen coming only, all types both ways")
    func binding() throws {
        let wire = Ethernet()
        let unbound = wire.host.open(.packet(.frame))
        let arp = wire.host.open(.packet(.frame))
        try wire.host.bind(arp, to: PacketAddress(etherType: .arp))
        #expect(try wire.host.packetAddress(of: unbound) == nil)
        wire.meet()
        #expect(try receive(&wire.host, unbound) == nil)
        #expect(try receive(&wire.host, arp)?.frame.direction == .host)
        #expect(try receive(&wire.host, arp) == nil)
        #expect(throws: StackError.invalidArgument) {
            try wire.host.bind(arp, to: PacketAddress(interface: InterfaceID(rawValue: 8)))
        }
        let datagrams = wire.host.open(.datagram)
        #expect(throws: StackError.notSupported) {
            try wire.host.bind(datagrams, to: PacketAddress())
        }
        #expect(throws: StackError.addressFamilyNotSupported) {
            try wire.host.bind(arp, to: SocketAddress(address: Ethernet.own, port: 1))
        }
    }

    @Test("Frames for others are seen while somebody wants them, and by packet endpoints only")
    func promiscuous() throws {
        let wire = Ethernet()
        let one = wire.host.open(.packet(.frame))
        let two = wire.host.open(.packet(.frame))
        try wire.host.bind(one, to: PacketAddress(interface: wire.interface))
        let other = wire.frame(
            to: MACAddress(2, 0, 0, 0, 0, 9), .ipv4,
            wire.ip(.icmp, wire.icmp(.echoRequest, rest: 1, [])))
        wire.inject(other)
        #expect(try receive(&wire.host, one) == nil)
        // Two ask for it: it lasts until both have had enough.
        try wire.host.setPromiscuous(one, true, on: wire.interface)
        try wire.host.setPromiscuous(two, true, on: wire.interface)
        #expect(isPromiscuous(wire))
        wire.inject(other)
        let received = try #require(try receive(&wire.host, one))
        #expect(received.frame.direction == .otherHost && received.bytes == other)
        #expect(wire.host.counters[.frameForOthers] == 2)
        #expect(wire.host.counters[.icmpEchoesAnswered] == 0)
        try wire.host.setPromiscuous(one, false, on: wire.interface)
        #expect(throws: StackError.addressNotAvailable) {
            try wire.host.setPromiscuous(one, false, on: wire.interface)
        }
        #expect(isPromiscuous(wire))
        try wire.host.close(two)
        #expect(!isPromiscuous(wire))
        wire.inject(other)
        #expect(try receive(&wire.host, one) == nil)
    }

    @Test("A reader that does not read costs its buffer; what it missed is counted")
    func bounded() throws {
        let wire = Ethernet()
        let endpoint = wire.host.open(.packet(.frame))
        try wire.host.bind(endpoint, to: PacketAddress(interface: wire.interface))
        let frame = wire.frame(EtherType(rawValue: 0x88B5), [1])
        for _ in 0..<200 { wire.inject(frame) }
        #expect(wire.host.counters[.packetQueueFull] == 96)
        let statistics = try wire.host.takePacketStatistics(of: endpoint)
        #expect(statistics.received == 104 && statistics.dropped == 96)
        #expect(try wire.host.takePacketStatistics(of: endpoint) == PacketStatistics())
        try wire.host.close(endpoint)
        #expect(wire.isClean)
    }

    @Test("On links without frames packets are seen as they are, on loopback going and coming")
    func bare() throws {
        let link = BareLinks()
        let endpoint = link.host.open(.packet(.frame))
        try link.host.bind(endpoint, to: PacketAddress())
        let packet = link.icmp(8, rest: 1, [], from: BareLinks.peer4, to: BareLinks.own4)
        link.inject(packet)
        let received = try #require(try receive(&link.host, endpoint))
        #expect(received.bytes == packet && received.frame.source == nil)
        #expect(received.frame.etherType == .ipv4)
        #expect(try receive(&link.host, endpoint)?.frame.direction == .outgoing)
        try link.host.sendFrame(endpoint, packet.span, to: PacketAddress(interface: link.second))
        #expect(link.take(on: link.second) == packet)
        let datagrams = link.host.open(.datagram, family: .inet6)
        try link.host.send(datagrams, [1].span, to: BareLinks.name("[::1]:9"))
        link.wait(.milliseconds(1))
        let directions = [
            try receive(&link.host, endpoint)?.frame, try receive(&link.host, endpoint)?.frame,
        ]
        #expect(directions.map { $0?.direction } == [.outgoing, .host])
        #expect(directions.map { $0?.etherType } == [.ipv6, .ipv6])
        #expect(
            directions.map { $0?.interface } == [NetworkLayer.loopbackID, NetworkLayer.loopbackID])
    }

    @Test("A runt is not shown, and its loss is counted once")
    func runt() throws {
        let wire = Ethernet()
        let endpoint = wire.host.open(.packet(.frame))
        try wire.host.bind(endpoint, to: PacketAddress())
        for count in 0..<14 { wire.inject([UInt8](repeating: 0xFF, count: count)) }
        #expect(try receive(&wire.host, endpoint) == nil)
        #expect(wire.host.counters[.frameTruncated] == 14)
    }
}
