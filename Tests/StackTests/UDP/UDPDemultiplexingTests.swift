import Memory
import Testing
import Wire

@testable import Stack

/// Which socket a datagram is for: protocol, both addresses, both ports, interface and family, each
/// deciding alone (RFC 1122 §4.1.3.5, RFC 768).
@Suite("UDP demultiplexing") struct UDPDemultiplexingTests {
    private let own = SocketAddress(address: BareLinks.own4, port: 7)
    private let peer = SocketAddress(address: BareLinks.peer4, port: 1000)

    private func with(_ address: SocketAddress, port: UInt16) -> SocketAddress {
        SocketAddress(address: address.address, port: port)
    }

    @Test("Two sockets that differ in the local port")
    func localPort() throws {
        let link = BareLinks()
        let seven = try link.bound(own)
        let eight = try link.bound(with(own, port: 8))
        link.inject(link.udp(from: peer, to: own, [1]))
        link.inject(link.udp(from: peer, to: with(own, port: 8), [2]))
        #expect(try link.marks(seven) == [1])
        #expect(try link.marks(eight) == [2])
    }

    @Test("Two sockets that differ in the local address")
    func localAddress() throws {
        let link = BareLinks()
        let other = SocketAddress(address: BareLinks.second4, port: 7)
        let one = try link.bound(own)
        let two = try link.bound(other)
        link.inject(link.udp(from: peer, to: own, [1]))
        link.inject(link.udp(from: peer, to: other, [2]))
        #expect(try link.marks(one) == [1])
        #expect(try link.marks(two) == [2])
    }

    @Test("Two sockets that differ in the remote port, and one for all the others")
    func remotePort() throws {
        let link = BareLinks()
        let (one, two) = try connectedPair(link, peer, with(peer, port: 1001))
        let rest = try link.bound(own) { $0.sharesAddress = true }
        link.inject(link.udp(from: peer, to: own, [1]))
        link.inject(link.udp(from: with(peer, port: 1001), to: own, [2]))
        link.inject(link.udp(from: with(peer, port: 1002), to: own, [3]))
        #expect(try link.marks(one) == [1])
        #expect(try link.marks(two) == [2])
        #expect(try link.marks(rest) == [3])
    }

    @Test("Two sockets that differ in the remote address")
    func remoteAddress() throws {
        let link = BareLinks()
        let other = SocketAddress(address: .v4(10, 7, 0, 3), port: 1000)
        let (one, two) = try connectedPair(link, peer, other)
        link.inject(link.udp(from: peer, to: own, [1]))
        link.inject(link.udp(from: other, to: own, [2]))
        #expect(try link.marks(one) == [1])
        #expect(try link.marks(two) == [2])
    }

    @Test("Two sockets that differ in the interface (SO_BINDTODEVICE)")
    func interface() throws {
        let link = BareLinks()
        let any = SocketAddress(address: .unspecifiedV4, port: 7)
        let one = try link.bound(any) { $0.boundInterface = link.first }
        let two = try link.bound(any) { $0.boundInterface = link.second }
        link.inject(link.udp(from: peer, to: own, [1]))
        link.inject(link.udp(from: peer, to: own, [2]), on: link.second)
        #expect(try link.marks(one) == [1])
        #expect(try link.marks(two) == [2])
    }

    @Test("Two sockets that differ in the family")
    func family() throws {
        let link = BareLinks()
        let four = try link.bound(BareLinks.name("0.0.0.0:7"))
        let six = try link.bound(BareLinks.name("[::]:7")) { $0.isV6Only = true }
        let peer6 = SocketAddress(address: BareLinks.peer6, port: 1000)
        link.inject(link.udp(from: peer, to: own, [1]))
        link.inject(
            link.udp(from: peer6, to: SocketAddress(address: BareLinks.own6, port: 7), [2]))
        #expect(try link.marks(four) == [1])
        #expect(try link.marks(six) == [2])
    }

    @Test("UDP and TCP have ports of their own: the same name stands for a socket of each")
    func proto() throws {
        let link = BareLinks()
        let datagrams = try link.bound(own)
        let listener = link.host.open(.stream)
        try link.host.bind(listener, to: own)
        try link.host.listen(listener, backlog: 1)
        link.inject(link.udp(from: peer, to: own, [1]))
        #expect(try link.marks(datagrams) == [1])
        #expect(try link.host.readiness(of: listener) == [])
    }

    @Test("The closest description gets it: peer before address before all addresses")
    func closest() throws {
        let link = BareLinks()
        let all = try link.bound(BareLinks.name("0.0.0.0:7")) { $0.sharesAddress = true }
        let dual = try link.bound(BareLinks.name("[::]:7")) { $0.sharesAddress = true }
        let address = try link.bound(own) { $0.sharesAddress = true }
        let connected = try link.bound(own) { $0.sharesAddress = true }
        try link.host.connect(connected, to: peer)
        var taken: [[UInt8]] = []
        for endpoint in [connected, address, all, dual] {
            link.inject(link.udp(from: peer, to: own, [9]))
            taken.append(try link.marks(endpoint))
            try link.host.close(endpoint)
        }
        #expect(taken == [[9], [9], [9], [9]])
    }

    @Test("Of two that share a name the latest gets what is for one host")
    func latest() throws {
        let link = BareLinks()
        let first = try link.bound(own) { $0.sharesAddress = true }
        let second = try link.bound(own) { $0.sharesAddress = true }
        link.inject(link.udp(from: peer, to: own, [1]))
        #expect(try link.marks(first) == [])
        #expect(try link.marks(second) == [1])
        // Whoever does not share gets no name that another has.
        let third = link.host.open(.datagram)
        #expect(throws: StackError.addressInUse) { try link.host.bind(third, to: own) }
    }

    @Test("A datagram to everybody reaches all sockets of its port, whatever else they say of it")
    func broadcast() throws {
        let link = BareLinks()
        let all = BareLinks.name("0.0.0.0:7")
        let one = try link.bound(all) { $0.sharesAddress = true }
        let two = try link.bound(all) { $0.sharesAddress = true }
        let single = try link.bound(own) { $0.sharesAddress = true }
        let elsewhere = try link.bound(BareLinks.name("0.0.0.0:8"))
        for address in [IPAddress.v4(255, 255, 255, 255), .v4(10, 7, 255, 255)] {
            link.inject(link.udp(from: peer, to: SocketAddress(address: address, port: 7), [1]))
        }
        #expect(try link.marks(one) == [1, 1])
        #expect(try link.marks(two) == [1, 1])
        #expect(try link.marks(single) == [])
        #expect(try link.marks(elsewhere) == [])
    }

    private func connectedPair(
        _ link: BareLinks, _ one: SocketAddress, _ two: SocketAddress
    ) throws -> (EndpointID, EndpointID) {
        let first = try link.bound(own) { $0.sharesAddress = true }
        let second = try link.bound(own) { $0.sharesAddress = true }
        try link.host.connect(first, to: one)
        try link.host.connect(second, to: two)
        return (first, second)
    }
}
