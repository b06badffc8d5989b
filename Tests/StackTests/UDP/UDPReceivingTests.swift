import Memory
import Testing
import Wire

@testable import Stack

/// What waits for the reader, and what the reader is told (RFC 1122 §4.1.3.2, §4.1.3.5).
@Suite("Receiving datagrams") struct UDPReceivingTests {
    private let own = SocketAddress(address: BareLinks.own4, port: 7)
    private let peer = SocketAddress(address: BareLinks.peer4, port: 1000)

    @Test("The destination, the interface, the time to live and the traffic class are told")
    func information() throws {
        let link = BareLinks()
        let endpoint = try link.bound(BareLinks.name("[::]:7"), family: .inet6)
        link.inject(link.udp(from: peer, to: own, [1], hops: 17, trafficClass: 0xB9))
        let four = try #require(try link.receive(endpoint)).datagram
        #expect(four.source == peer && four.destination == own)
        #expect(four.interface == link.first && four.timeToLive == 17)
        #expect(four.trafficClass == 0xB9)
        let from = SocketAddress(address: BareLinks.peer6, port: 1000)
        let to = SocketAddress(address: BareLinks.second6, port: 7)
        link.inject(link.udp(from: from, to: to, [1], hops: 9, trafficClass: 3), on: link.second)
        let six = try #require(try link.receive(endpoint)).datagram
        #expect(six.source == from && six.destination == to)
        #expect(six.interface == link.second && six.timeToLive == 9 && six.trafficClass == 3)
    }

    @Test("The receive buffer is a bound in bytes: what is above it is dropped and counted")
    func buffer() throws {
        let link = BareLinks()
        let endpoint = try link.bound(own) { $0.receiveBuffer = 20_000 }
        for _ in 0..<30 { link.inject(link.udp(from: peer, to: own, [1])) }
        #expect(try link.marks(endpoint).count == 9)
        #expect(link.host.counters[.udpQueueFull] == 21)
        // Room comes back, and one datagram finds room whatever its size.
        try link.set(endpoint) { $0.receiveBuffer = 0 }
        let large = [UInt8](repeating: 5, count: 10_000)
        link.inject(link.udp(from: peer, to: own, large))
        #expect(try link.receive(endpoint)?.bytes == large)
        #expect(link.areBuffersBack)
    }

    @Test("What does not fit the reader's buffer is lost, and its length told")
    func cutOff() throws {
        let link = BareLinks()
        let endpoint = try link.bound(own)
        link.inject(link.udp(from: peer, to: own, [1, 2, 3]))
        link.inject(link.udp(from: peer, to: own, [4]))
        let first = try #require(try link.receive(endpoint, upTo: 2))
        #expect(first.bytes == [1, 2] && first.datagram.fullCount == 3)
        #expect(try link.receive(endpoint)?.bytes == [4])
    }

    @Test("Looking at a datagram leaves it where it is (MSG_PEEK)")
    func peek() throws {
        let link = BareLinks()
        let endpoint = try link.bound(own)
        link.inject(link.udp(from: peer, to: own, [1, 2, 3]))
        var buffer = [UInt8](repeating: 0, count: 2)
        for _ in 0..<2 {
            var span = buffer.mutableSpan
            let datagram = try link.host.peekDatagram(endpoint, into: &span)
            #expect(datagram.count == 2 && datagram.fullCount == 3)
        }
        #expect(buffer == [1, 2])
        #expect(try link.marks(endpoint) == [1])
        var span = buffer.mutableSpan
        #expect(throws: StackError.wouldBlock) {
            try link.host.peekDatagram(endpoint, into: &span)
        }
    }

    @Test("A connected socket hears its peer only, and everybody again once that is dissolved")
    func connecting() throws {
        let link = BareLinks()
        let endpoint = try link.bound(BareLinks.name("0.0.0.0:7"))
        let other = SocketAddress(address: .v4(10, 7, 0, 3), port: 1000)
        try link.host.connect(endpoint, to: peer)
        #expect(try link.host.localAddress(of: endpoint) == own)
        #expect(try link.host.remoteAddress(of: endpoint) == peer)
        link.inject(link.udp(from: peer, to: own, [1]))
        link.inject(link.udp(from: other, to: own, [2]))
        // From the peer's address but another port, or to another of ours.
        link.inject(
            link.udp(from: SocketAddress(address: peer.address, port: 1001), to: own, [3]))
        link.inject(
            link.udp(from: peer, to: SocketAddress(address: BareLinks.second4, port: 7), [4]))
        #expect(try link.marks(endpoint) == [1])
        // Another peer instead.
        try link.host.connect(endpoint, to: other)
        link.inject(link.udp(from: other, to: own, [5]))
        #expect(try link.marks(endpoint) == [5])
        try link.host.disconnect(endpoint)
        #expect(throws: StackError.notConnected) { try link.host.remoteAddress(of: endpoint) }
        #expect(try link.host.localAddress(of: endpoint) == BareLinks.name("0.0.0.0:7"))
        link.inject(link.udp(from: peer, to: own, [6]))
        #expect(try link.marks(endpoint) == [6])
        #expect(throws: StackError.destinationRequired) {
            try link.host.send(endpoint, [1].span, to: nil)
        }
    }

    @Test("To nobody in particular means to this host")
    func unspecified() throws {
        let link = BareLinks()
        for (any, name) in [("0.0.0.0:7", "0.0.0.0:7"), ("[::]:7", "[::]:7")] {
            let server = try link.bound(BareLinks.name(any))
            let client = link.host.open(
                .datagram, family: AddressFamily(of: BareLinks.name(any).address))
            try link.host.send(client, [1].span, to: BareLinks.name(name))
            link.host.advance(to: link.now)
            #expect(try link.marks(server) == [1])
            try link.host.close(server)
        }
    }
}
