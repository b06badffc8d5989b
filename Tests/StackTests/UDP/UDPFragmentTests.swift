import Equipment
import Memory
import Testing
import Wire

@testable import Stack

/// Datagrams larger than the links between two hosts (RFC 791 §3.2, RFC 8200 §4.5).
@Suite("Large datagrams") struct UDPFragmentTests {
    @Test(
        "Datagrams of every size up to the largest arrive whole over links of 1,500 and 1,280 bytes",
        arguments: [AddressFamily.inet, .inet6], [1500, 1280])
    func sizes(_ family: AddressFamily, _ mtu: Int) throws {
        let simulation = Simulation(
            Simulation.Setting(family: family, clientMTU: mtu, serverMTU: mtu))
        let (sender, receiver) = try pair(simulation)
        let largest = family == .inet ? 65_507 : 65_527
        for count in [mtu - 48, mtu - 47, mtu - 28, mtu - 27, 4000, 20_000, largest] {
            let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 13) }
            try simulation.client.send(
                sender, payload.span,
                to: SocketAddress(address: simulation.serverAddress, port: 7))
            simulation.run(for: .milliseconds(10))
            var buffer = [UInt8](repeating: 0, count: 65_536)
            var span = buffer.mutableSpan
            let datagram = try simulation.server.receiveDatagram(receiver, into: &span)
            #expect(datagram.count == count && Array(buffer[..<datagram.count]) == payload)
        }
        #expect(simulation.server.counters[.udpBadChecksum] == 0)
    }

    @Test(
        "A path that was told to be narrow is believed: what is larger is cut, not lost (RFC 1191)",
        arguments: [AddressFamily.inet, .inet6])
    func narrow(_ family: AddressFamily) throws {
        let link = BareLinks()
        let own = family == .inet ? BareLinks.own4 : BareLinks.own6
        let peer = SocketAddress(
            address: family == .inet ? BareLinks.peer4 : BareLinks.peer6, port: 9)
        let endpoint = link.host.open(.datagram, family: family)
        let payload = [UInt8](repeating: 7, count: 1400)
        try link.host.send(endpoint, payload.span, to: peer)
        let whole = try #require(link.take())
        let isIPv4 = family == .inet
        link.inject(
            link.icmp(
                isIPv4 ? 3 : 2, code: isIPv4 ? 4 : 0, rest: 1300, Array(whole[..<100]),
                from: peer.address, to: own))
        try link.host.send(endpoint, payload.span, to: peer)
        let pieces = [try #require(link.take()), try #require(link.take())]
        #expect(pieces.allSatisfy { $0.count <= 1300 } && link.take() == nil)
        try link.set(endpoint) { $0.mtuDiscovery = .required }
        #expect(throws: StackError.messageTooLong) {
            try link.host.send(endpoint, payload.span, to: peer)
        }
        // Whoever probes asks the path itself.
        try link.set(endpoint) { $0.mtuDiscovery = .probe }
        try link.host.send(endpoint, payload.span, to: peer)
        #expect(link.take()?.count == whole.count)
    }

    @Test(
        "Raw packets and echoes of many fragments arrive whole",
        arguments: [
            AddressFamily.inet, .inet6,
        ])
    func raw(_ family: AddressFamily) throws {
        let simulation = Simulation(Simulation.Setting(family: family))
        let isIPv4 = family == .inet
        let proto = IPProtocol(rawValue: 253)
        let sender = simulation.client.open(.raw(proto), family: family)
        let receiver = simulation.server.open(.raw(proto), family: family)
        let payload = (0..<30_000).map { UInt8(truncatingIfNeeded: $0 &* 11) }
        let server = SocketAddress(address: simulation.serverAddress, port: 0)
        try simulation.client.send(sender, payload.span, to: server)
        let echo = simulation.client.open(.icmp, family: family)
        let request = [isIPv4 ? 8 : 128, 0, 0, 0, 0, 0, 0, 1] + payload
        try simulation.client.send(echo, request.span, to: server)
        simulation.run(for: .milliseconds(10))
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var span = buffer.mutableSpan
        let packet = try simulation.server.receiveDatagram(receiver, into: &span)
        #expect(Array(buffer[(isIPv4 ? 20 : 0)..<packet.count]) == payload)
        span = buffer.mutableSpan
        let reply = try simulation.client.receiveDatagram(echo, into: &span)
        #expect(Array(buffer[8..<reply.count]) == payload)
    }

    private func pair(
        _ simulation: Simulation
    ) throws -> (sender: EndpointID, receiver: EndpointID) {
        let family = simulation.family
        let receiver = simulation.server.open(.datagram, family: family)
        try simulation.server.bind(
            receiver, to: SocketAddress(address: family.unspecified, port: 7))
        return (simulation.client.open(.datagram, family: family), receiver)
    }
}
