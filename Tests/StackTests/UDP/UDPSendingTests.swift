import Memory
import Testing
import Wire

@testable import Stack

/// Datagrams on their way out: sizes, addresses, options (RFC 768, RFC 1122 §4.1).
@Suite("Sending datagrams") struct UDPSendingTests {
    private let peer4 = SocketAddress(address: BareLinks.peer4, port: 9)
    private let peer6 = SocketAddress(address: BareLinks.peer6, port: 9)

    private func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    }

    @Test("Every size that fits the link leaves as one packet with the right checksum")
    func sizes() throws {
        let link = BareLinks(mtu: 9000)
        let own4 = SocketAddress(address: BareLinks.own4, port: 7)
        let own6 = SocketAddress(address: BareLinks.own6, port: 7)
        for (own, peer, header) in [(own4, peer4, 20), (own6, peer6, 40)] {
            let endpoint = try link.bound(own)
            for count in [0, 1, 1472, 1951, 1952, 1953, 8950] {
                let payload = bytes(count)
                try link.host.send(endpoint, payload.span, to: peer)
                let sent = try #require(link.take())
                #expect(
                    Array(sent[header...])
                        == BareLinks.datagram(from: own, to: peer, payload))
            }
            try link.host.close(endpoint)
        }
        #expect(link.areBuffersBack)
    }

    @Test("A host talks to itself in datagrams of up to 65,507 bytes over IPv4, 65,527 over IPv6")
    func largest() throws {
        for (name, limit) in [("127.0.0.1:7", 65_507), ("[::1]:7", 65_527)] {
            let link = BareLinks()
            let endpoint = try link.bound(BareLinks.name(name))
            let payload = bytes(limit)
            try link.host.send(endpoint, payload.span, to: BareLinks.name(name))
            link.host.advance(to: link.now)
            #expect(try link.receive(endpoint)?.bytes == payload)
        }
        let link = BareLinks()
        let four = link.host.open(.datagram)
        #expect(throws: StackError.messageTooLong) {
            try link.host.send(four, bytes(65_508).span, to: peer4)
        }
        let six = link.host.open(.datagram, family: .inet6)
        #expect(throws: StackError.messageTooLong) {
            try link.host.send(six, bytes(65_528).span, to: peer6)
        }
    }

    @Test("What is above the path's MTU is refused where it must not be fragmented")
    func mtuDiscovery() throws {
        let link = BareLinks()
        for discovery in [EndpointOptions.MTUDiscovery.required, .probe] {
            let endpoint = link.host.open(.datagram)
            try link.set(endpoint) {
                $0.mtuDiscovery = discovery
                $0.keepsErrors = true
            }
            try link.host.send(endpoint, bytes(1472).span, to: peer4)
            // With "don't fragment".
            #expect(try #require(link.take())[6] == 0x40)
            #expect(throws: StackError.messageTooLong) {
                try link.host.send(endpoint, bytes(1473).span, to: peer4)
            }
            let error = try link.host.nextError(of: endpoint)
            #expect(error?.reason == .messageTooLong && error?.mtu == 1500)
            #expect(error?.reporter == nil)
        }
        let endpoint = link.host.open(.datagram)
        try link.set(endpoint) { $0.mtuDiscovery = .fragment }
        try link.host.send(endpoint, bytes(10).span, to: peer4)
        #expect(try #require(link.take())[6] == 0)
    }

    @Test("Time to live and traffic class come from the options, or from the call")
    func header() throws {
        let link = BareLinks()
        let four = link.host.open(.datagram)
        let six = link.host.open(.datagram, family: .inet6)
        for (endpoint, peer) in [(four, peer4), (six, peer6)] {
            try link.host.send(endpoint, [1].span, to: peer)
            #expect(header(try #require(link.take())) == [64, 0])
            try link.set(endpoint) {
                $0.timeToLive = 3
                $0.trafficClass = 0xB8
            }
            try link.host.send(endpoint, [1].span, to: peer)
            #expect(header(try #require(link.take())) == [3, 0xB8])
            var control = DatagramControl()
            control.timeToLive = 200
            control.trafficClass = 0x20
            try link.host.send(endpoint, [1].span, to: peer, control)
            #expect(header(try #require(link.take())) == [200, 0x20])
            control.timeToLive = 0
            #expect(throws: StackError.invalidArgument) {
                try link.host.send(endpoint, [1].span, to: peer, control)
            }
        }
    }

    /// Hops and traffic class of a packet.
    private func header(_ packet: [UInt8]) -> [UInt8] {
        if packet[0] >> 4 == 4 { return [packet[8], packet[1]] }
        return [packet[7], packet[0] << 4 | packet[1] >> 4]
    }

    @Test("Source and interface may be chosen for one datagram (RFC 3542 §6)")
    func packetInformation() throws {
        let link = BareLinks()
        let endpoint = link.host.open(.datagram)
        var control = DatagramControl()
        control.source = BareLinks.second4
        try link.host.send(endpoint, [1].span, to: peer4, control)
        #expect(try Array(#require(link.take())[12..<16]) == [10, 8, 0, 1])
        control.source = .v4(10, 7, 0, 99)
        #expect(throws: StackError.networkUnreachable) {
            try link.host.send(endpoint, [1].span, to: peer4, control)
        }
        control = DatagramControl()
        control.interface = link.second
        try link.host.send(endpoint, [1].span, to: peer4, control)
        #expect(link.take() == nil && link.take(on: link.second) != nil)
        control.interface = InterfaceID(rawValue: 9)
        #expect(throws: StackError.noDevice) {
            try link.host.send(endpoint, [1].span, to: peer4, control)
        }
        // A bound interface does the same for all of an endpoint's datagrams.
        try link.set(endpoint) { $0.boundInterface = link.second }
        try link.host.send(endpoint, [1].span, to: peer4)
        #expect(link.take() == nil && link.take(on: link.second) != nil)
    }

    @Test("A link-local destination needs a zone, which names the interface (RFC 4007 §6)")
    func zones() throws {
        let link = BareLinks()
        let endpoint = link.host.open(.datagram, family: .inet6)
        var peer = SocketAddress(address: BareLinks.peerLocal, port: 9)
        #expect(throws: StackError.invalidArgument) { try link.host.connect(endpoint, to: peer) }
        #expect(throws: StackError.networkUnreachable) {
            try link.host.send(endpoint, [1].span, to: peer)
        }
        for interface in [link.first, link.second] {
            peer.zone = interface.zone
            try link.host.send(endpoint, [1].span, to: peer)
            #expect(link.take(on: interface) != nil)
        }
        #expect(link.take(on: link.first) == nil && link.take(on: link.second) == nil)
        try link.set(endpoint) { $0.boundInterface = link.first }
        #expect(throws: StackError.invalidArgument) {
            try link.host.send(endpoint, [1].span, to: peer)
        }
        // The same for names: with a zone, an endpoint is bound to the interface too.
        let named = link.host.open(.datagram, family: .inet6)
        var name = SocketAddress(address: BareLinks.ownLocal, port: 7)
        #expect(throws: StackError.invalidArgument) { try link.host.bind(named, to: name) }
        name.zone = link.second.zone
        try link.host.bind(named, to: name)
        #expect(try link.host.options(of: named).boundInterface == link.second)
        peer.zone = 0
        let datagram = link.udp(from: peer, to: name, [4])
        link.inject(datagram)
        link.inject(datagram, on: link.second)
        let received = try #require(try link.receive(named))
        #expect(received.datagram.source.zone == link.second.zone)
        #expect(try link.receive(named) == nil)
    }

    @Test("Everybody's address needs the option (SO_BROADCAST)")
    func broadcast() throws {
        let link = BareLinks()
        let endpoint = link.host.open(.datagram)
        for address in [IPAddress.v4(255, 255, 255, 255), .v4(10, 7, 255, 255)] {
            let all = SocketAddress(address: address, port: 9)
            try link.set(endpoint) { $0.allowsBroadcast = false }
            #expect(throws: StackError.accessDenied) {
                try link.host.send(endpoint, [1].span, to: all)
            }
            #expect(throws: StackError.accessDenied) { try link.host.connect(endpoint, to: all) }
            try link.set(endpoint) { $0.allowsBroadcast = true }
            try link.host.send(endpoint, [1].span, to: all)
            let sent = try #require(link.take())
            #expect(IPAddress(IPv4Address(sent[16], sent[17], sent[18], sent[19])) == address)
        }
    }

    @Test("A group's datagrams have one hop and leave where the options say")
    func multicast() throws {
        let link = BareLinks()
        for (family, group) in [
            (AddressFamily.inet, "239.1.2.3:9"), (.inet6, "[ff0e::77]:9"),
        ] {
            let endpoint = link.host.open(.datagram, family: family)
            try link.set(endpoint) { $0.multicastInterface = link.second }
            try link.host.send(endpoint, [1].span, to: BareLinks.name(group))
            #expect(link.take() == nil)
            #expect(header(try #require(link.take(on: link.second))).first == 1)
            try link.set(endpoint) { $0.multicastTimeToLive = 32 }
            try link.host.send(endpoint, [1].span, to: BareLinks.name(group))
            #expect(header(try #require(link.take(on: link.second))).first == 32)
        }
    }

    @Test("Without a checksum only where it was asked for, and over IPv4 only")
    func noChecksum() throws {
        let link = BareLinks()
        let endpoint = link.host.open(.datagram, family: .inet6)
        try link.set(endpoint) { $0.omitsChecksum = true }
        try link.host.send(endpoint, [1].span, to: peer4)
        #expect(try Array(#require(link.take())[26..<28]) == [0, 0])
        try link.host.send(endpoint, [1].span, to: peer6)
        #expect(try Array(#require(link.take())[46..<48]) != [0, 0])
    }

    @Test("One call with a segment size makes a datagram of each segment (UDP_SEGMENT)")
    func segments() throws {
        let link = BareLinks()
        let endpoint = try link.bound(SocketAddress(address: BareLinks.own4, port: 7))
        let payload = bytes(3500)
        var control = DatagramControl()
        control.segmentSize = 1000
        try link.host.send(endpoint, payload.span, to: peer4, control)
        for range in [0..<1000, 1000..<2000, 2000..<3000, 3000..<3500] {
            let expected = BareLinks.datagram(
                from: SocketAddress(address: BareLinks.own4, port: 7), to: peer4,
                Array(payload[range]))
            #expect(try Array(#require(link.take())[20...]) == expected)
        }
        #expect(link.take() == nil)
        // More than 128, or more than the path carries.
        control.segmentSize = 10
        #expect(throws: StackError.invalidArgument) {
            try link.host.send(endpoint, payload.span, to: peer4, control)
        }
        control.segmentSize = 1473
        #expect(throws: StackError.invalidArgument) {
            try link.host.send(endpoint, payload.span, to: peer4, control)
        }
        // 0 is for one datagram in spite of what the endpoint says, as on Linux.
        control.segmentSize = 0
        try link.host.send(endpoint, payload.span.extracting(first: 20), to: peer4, control)
        #expect(link.take()?.count == 48)
        #expect(link.take() == nil)
    }
}
