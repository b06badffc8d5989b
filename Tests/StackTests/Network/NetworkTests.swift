import Memory
import Testing
import Wire

@testable import Stack

/// ARP, IPv4, ICMP and UDP of a host, on an Ethernet link that the test plays.
@Suite("Network") struct NetworkTests {
    // MARK: - Echo

    @Test("An echo of every size to 1,472 bytes is answered (RFC 1122 §3.2.2.6)")
    func echo() {
        let wire = Ethernet()
        wire.meet()
        for size in [0, 1, 2, 3, 55, 56, 57, 1000, 1471, 1472] {
            let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            wire.injectIP(.icmp, wire.icmp(.echoRequest, rest: 0x0001_0002, payload))
            let answer = wire.takeIP()
            #expect(answer?.proto == .icmp)
            #expect(answer?.payload == wire.icmp(.echoReply, rest: 0x0001_0002, payload))
        }
        #expect(wire.host.counters[.icmpEchoesAnswered] == 10)
    }

    @Test("An echo to everyone is not answered")
    func broadcastEcho() {
        let wire = Ethernet()
        wire.meet()
        wire.injectIP(
            .icmp, wire.icmp(.echoRequest, rest: 1, []), to: .v4(10, 7, 255, 255))
        #expect(wire.takeIP() == nil)
        #expect(wire.host.counters[.icmpIgnored] == 1)
    }

    // MARK: - ARP

    @Test("A request for our address is answered, one for another's is not (RFC 826)")
    func arpReply() throws {
        let wire = Ethernet()
        wire.injectARP(.request, target: Ethernet.hostAddress)
        let reply = try #require(wire.takeARP())
        #expect(reply.operation == .reply)
        #expect(reply.senderProtocolAddress == Ethernet.hostAddress)
        #expect(reply.targetHardwareAddress == Ethernet.peerMAC)
        wire.injectARP(.request, target: IPv4Address(10, 7, 0, 99))
        #expect(wire.takeARP() == nil)
    }

    @Test(
        "Packets wait for the answer to a request, the latest sixteen of them (RFC 1122 §2.3.2.2)")
    func arpQueue() throws {
        let wire = Ethernet()
        let endpoint = wire.host.open(.datagram)
        for number in 0..<20 as Range<UInt8> {
            let bytes = [number]
            try wire.host.send(
                endpoint, bytes.span, to: SocketAddress(address: Ethernet.peer, port: 9))
        }
        wire.collect()
        #expect(wire.takeARP()?.operation == .request)
        #expect(wire.takeARP() == nil)
        #expect(wire.takeIP() == nil)
        #expect(wire.host.counters[.neighbourQueueFull] == 4)
        wire.injectARP(.reply, target: Ethernet.hostAddress)
        for number in 4..<20 as Range<UInt8> { #expect(wire.takeIP()?.payload.last == number) }
        #expect(wire.takeIP() == nil)
    }

    @Test("A neighbour that does not answer three requests is unreachable, and TCP learns of it")
    func arpFailure() throws {
        let wire = Ethernet()
        let endpoint = wire.host.open(.stream)
        #expect(throws: StackError.inProgress) {
            try wire.host.connect(endpoint, to: SocketAddress(address: Ethernet.peer, port: 80))
        }
        wire.wait(.seconds(5))
        var requests = 0
        while wire.takeARP() != nil { requests += 1 }
        #expect(requests == 3)
        #expect(try wire.host.takeError(of: endpoint) == .hostUnreachable)
        try wire.host.close(endpoint)
        wire.collect()
        #expect(wire.isClean)
    }

    @Test("Who claims our own address, or everyone's hardware address, is not believed")
    func arpImpostors() {
        let wire = Ethernet()
        wire.injectARP(.reply, sender: Ethernet.hostAddress, target: Ethernet.hostAddress)
        wire.injectARP(.reply, hardware: .broadcast, target: Ethernet.hostAddress)
        wire.injectARP(.reply, sender: IPv4Address(0, 0, 0, 0), target: Ethernet.hostAddress)
        #expect(wire.neighbourCount == 0)
    }

    @Test("A flood of senders does not grow the table, nor push out the one in use")
    func arpFlood() {
        let wire = Ethernet()
        for number in 0..<3000 as Range<UInt32> {
            if number % 100 == 0 { wire.meet() }
            wire.wait(.microseconds(1))
            wire.injectARP(
                .request, sender: IPv4Address(0x0A07_0100 + number),
                target: Ethernet.hostAddress)
            while wire.takeARP() != nil {}
        }
        #expect(wire.neighbourCount == 1024)
        wire.injectIP(.icmp, wire.icmp(.echoRequest, rest: 1, []))
        #expect(wire.takeIP() != nil)
    }

    @Test("A neighbour not heard of for long is used, and asked five seconds later")
    func arpRefresh() {
        let wire = Ethernet()
        wire.meet()
        wire.wait(.seconds(60))
        wire.injectIP(.icmp, wire.icmp(.echoRequest, rest: 1, []))
        #expect(wire.takeIP() != nil)
        #expect(wire.takeARP() == nil)
        wire.wait(.seconds(5))
        let request = wire.takeARP()
        #expect(request?.operation == .request)
        #expect(request?.targetProtocolAddress == Ethernet.peerAddress)
    }

    // MARK: - What is dropped, by reason

    @Test("Frames that are too short, for others or of an unknown type")
    func frames() {
        let wire = Ethernet()
        wire.inject([1, 2, 3])
        wire.inject([])
        wire.inject(wire.frame(to: MACAddress(2, 0, 0, 0, 0, 9), .ipv4, [1, 2, 3]))
        wire.inject(wire.frame(EtherType(rawValue: 0x88CC), [1, 2, 3]))
        wire.inject(wire.frame(.arp, [0, 1, 8, 0]))
        wire.inject(wire.frame(.ipv4, [0x45]))
        #expect(wire.host.counters[.frameTruncated] == 2)
        #expect(wire.host.counters[.frameForOthers] == 1)
        #expect(wire.host.counters[.unknownEtherType] == 1)
        #expect(wire.host.counters[.arpMalformed] == 1)
        #expect(wire.host.counters[.ipMalformed] == 1)
        #expect(wire.host.counters.dropped == 6)
    }

    @Test(
        "Sources that nobody has (RFC 1122 §3.2.1.3)",
        arguments: [
            IPAddress.v4(0, 0, 0, 0), .v4(0, 1, 2, 3), .v4(127, 0, 0, 1), .v4(224, 0, 0, 1),
            .v4(255, 255, 255, 255), .v4(10, 7, 255, 255), .v4(10, 7, 0, 1), .v4(240, 0, 0, 1),
        ])
    func sources(_ source: IPAddress) {
        let wire = Ethernet()
        wire.injectIP(.icmp, wire.icmp(.echoRequest, rest: 1, []), from: source)
        #expect(wire.host.counters[.ipBadSource] == 1)
        #expect(wire.takeIP() == nil && wire.takeARP() == nil)
    }

    @Test("A header of fewer than five words, lengths that lie, a wrong version, a bad checksum")
    func headers() {
        let wire = Ethernet()
        let good = wire.ip(.icmp, wire.icmp(.echoRequest, rest: 1, [1, 2, 3, 4]))
        wire.inject(wire.frame(.ipv4, good) { $0[14] = 0x44 })
        wire.inject(wire.frame(.ipv4, good) { $0[14] = 0x4F })
        wire.inject(wire.frame(.ipv4, good) { $0[14] = 0x65 })
        wire.inject(wire.frame(.ipv4, good) { $0[17] = 19 })
        wire.inject(wire.frame(.ipv4, good) { $0[17] = 200 })
        #expect(wire.host.counters[.ipMalformed] == 5)
        wire.inject(wire.frame(.ipv4, good) { $0[25] ^= 1 })
        #expect(wire.host.counters[.ipBadChecksum] == 1)
        wire.inject(wire.frame(.ipv4, wire.ip(.icmp, [8, 0, 0, 0, 0, 0, 0, 0])))
        #expect(wire.host.counters[.icmpBadChecksum] == 1)
        wire.inject(wire.frame(.ipv4, wire.ip(.icmp, [8, 0, 0])))
        #expect(wire.host.counters[.icmpMalformed] == 1)
        #expect(wire.takeIP() == nil)
    }

    @Test("Packets for others")
    func notForUs() {
        let wire = Ethernet()
        wire.injectIP(.icmp, wire.icmp(.echoRequest, rest: 1, []), to: .v4(10, 7, 0, 77))
        #expect(wire.host.counters[.ipNotForUs] == 1)
        wire.injectIP(.icmp, wire.icmp(.echoRequest, rest: 1, []), to: .v4(127, 0, 0, 1))
        #expect(wire.host.counters[.ipNotForUs] == 2)
    }

    @Test("Padding behind an IP packet is not part of it")
    func padding() {
        let wire = Ethernet()
        wire.meet()
        let request = wire.icmp(.echoRequest, rest: 1, [1, 2, 3])
        wire.inject(wire.frame(.ipv4, wire.ip(.icmp, request) + [9, 9, 9, 9, 9, 9]))
        #expect(wire.takeIP()?.payload == wire.icmp(.echoReply, rest: 1, [1, 2, 3]))
    }

    // MARK: - ICMP errors

    @Test("A datagram for a port that nobody has is answered: port unreachable (RFC 1122 §4.1.3.1)")
    func portUnreachable() throws {
        let wire = Ethernet()
        wire.meet()
        let packet = wire.ip(.udp, wire.udp(from: 1000, to: 2000, [1, 2, 3]))
        wire.inject(wire.frame(.ipv4, packet))
        let answer = try #require(wire.takeIP())
        #expect(answer.proto == .icmp)
        #expect(answer.payload[0] == 3 && answer.payload[1] == 3)
        #expect(Array(answer.payload[8...]) == packet)
        #expect(wire.host.counters[.udpNoPort] == 1)
    }

    @Test("A protocol that nobody speaks is answered: protocol unreachable (RFC 1122 §3.2.2.1)")
    func protocolUnreachable() throws {
        let wire = Ethernet()
        wire.meet()
        wire.injectIP(IPProtocol(rawValue: 99), [1, 2, 3, 4, 5, 6, 7, 8])
        let answer = try #require(wire.takeIP())
        #expect(answer.payload[0] == 3 && answer.payload[1] == 2)
    }

    @Test(
        "Errors are not answered by errors, and neither are packets to everyone (RFC 1122 §3.2.2)")
    func noErrors() {
        let wire = Ethernet()
        wire.meet()
        wire.injectIP(.udp, wire.udp(from: 1, to: 2, [1]), to: .v4(10, 7, 255, 255))
        wire.injectIP(.icmp, wire.icmp(.destinationUnreachable, rest: 0, [1, 2, 3]))
        #expect(wire.takeIP() == nil)
    }

    @Test("A flood of datagrams to closed ports is answered a thousand times a second at most")
    func errorLimit() {
        let wire = Ethernet()
        wire.meet()
        for _ in 0..<500 { wire.injectIP(.udp, wire.udp(from: 1, to: 2, [1])) }
        var answers = 0
        while wire.takeIP() != nil { answers += 1 }
        #expect(answers == 50)
        #expect(wire.host.counters[.icmpRateLimited] == 450)
        wire.wait(.milliseconds(10))
        for _ in 0..<500 { wire.injectIP(.udp, wire.udp(from: 1, to: 2, [1])) }
        while wire.takeIP() != nil { answers += 1 }
        #expect(answers == 60)
    }

    @Test("An error that quotes a packet of ours truncated at any length does no harm")
    func truncatedQuotes() {
        let wire = Ethernet()
        let quoted = wire.ip(.udp, wire.udp(from: 1, to: 2, [1, 2, 3]))
        for count in 0...quoted.count {
            for type: ICMPType in [.destinationUnreachable, .timeExceeded, .parameterProblem] {
                wire.injectIP(.icmp, wire.icmp(type, rest: 0, Array(quoted[..<count])))
            }
        }
        #expect(wire.takeIP() == nil)
        let received = wire.host.counters[.icmpErrorsReceived]
        #expect(received == UInt64(3 * (quoted.count + 1)))
    }

    // MARK: - UDP

    @Test("Datagrams are echoed, bound and unbound, and readiness tells of them")
    func udpEcho() throws {
        let wire = Ethernet()
        wire.meet()
        let endpoint = wire.host.open(.datagram)
        try wire.host.bind(endpoint, to: SocketAddress(address: .unspecifiedV4, port: 7))
        wire.injectIP(.udp, wire.udp(from: 1000, to: 7, [1, 2, 3]))
        let ready = wire.host.nextReady()
        #expect(ready?.endpoint == endpoint && ready?.events == .readable)
        var buffer = [UInt8](repeating: 0, count: 2)
        var span = buffer.mutableSpan
        let datagram = try wire.host.receiveDatagram(endpoint, into: &span)
        #expect(buffer == [1, 2])
        #expect(datagram.count == 2 && datagram.fullCount == 3)
        #expect(datagram.source == SocketAddress(address: Ethernet.peer, port: 1000))
        try wire.host.send(endpoint, buffer.span, to: datagram.source)
        wire.collect()
        #expect(wire.takeIP()?.payload == wire.udp(from: 7, to: 1000, [1, 2], isFromHost: true))
    }

    @Test("A length below eight or past the packet, and a bad checksum, are dropped")
    func udpMalformed() throws {
        let wire = Ethernet()
        let endpoint = wire.host.open(.datagram)
        try wire.host.bind(endpoint, to: SocketAddress(address: .unspecifiedV4, port: 7))
        for length: UInt8 in [0, 7, 200] {
            var bytes = wire.udp(from: 1, to: 7, [1, 2, 3])
            bytes[5] = length
            wire.injectIP(.udp, bytes)
        }
        #expect(wire.host.counters[.udpMalformed] == 3)
        var bytes = wire.udp(from: 1, to: 7, [1, 2, 3])
        bytes[8] ^= 1
        wire.injectIP(.udp, bytes)
        #expect(wire.host.counters[.udpBadChecksum] == 1)
        // None at all is legal over IPv4 (RFC 768).
        bytes[6] = 0
        bytes[7] = 0
        wire.injectIP(.udp, bytes)
        #expect(try wire.host.readiness(of: endpoint).contains(.readable))
    }

    @Test("A reader that does not read costs its receive buffer, no more")
    func udpQueue() throws {
        let wire = Ethernet()
        let endpoint = wire.host.open(.datagram)
        try wire.host.bind(endpoint, to: SocketAddress(address: .unspecifiedV4, port: 7))
        for _ in 0..<200 { wire.injectIP(.udp, wire.udp(from: 1, to: 7, [1, 2, 3])) }
        #expect(wire.host.counters[.udpQueueFull] == 96)
        try wire.host.close(endpoint)
        #expect(wire.isClean)
    }

    @Test("A connected socket learns that its port is unreachable, another one does not")
    func udpRefused() throws {
        let wire = Ethernet()
        wire.meet()
        let connected = wire.host.open(.datagram)
        try wire.host.connect(connected, to: SocketAddress(address: Ethernet.peer, port: 9))
        let port = try wire.host.localAddress(of: connected).port
        try wire.host.send(connected, [1, 2].span, to: nil)
        wire.collect()
        let sent = try #require(wire.takeIP())
        let quoted = wire.ip(.udp, sent.payload, from: Ethernet.own, to: Ethernet.peer)
        wire.injectIP(.icmp, wire.icmp(.destinationUnreachable, code: 3, rest: 0, quoted))
        #expect(port >= 49152)
        #expect(try wire.host.takeError(of: connected) == .connectionRefused)
        #expect(try wire.host.takeError(of: connected) == nil)
    }
}
