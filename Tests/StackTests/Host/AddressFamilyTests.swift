import Memory
import Testing
import Wire

@testable import Stack

/// Whose addresses an endpoint speaks, and which of the host's it answers to (RFC 3493).
@Suite("Address families") struct AddressFamilyTests {
    private func name(_ text: String) -> SocketAddress {
        SocketAddress(text) ?? SocketAddress(address: .unspecifiedV4, port: 0)
    }

    @Test("An IPv4 endpoint refuses IPv6 addresses in every call")
    func inet() throws {
        let wire = Ethernet()
        for kind in [EndpointKind.stream, .datagram] {
            let endpoint = wire.host.open(kind)
            #expect(throws: StackError.addressFamilyNotSupported) {
                try wire.host.bind(endpoint, to: name("[::]:80"))
            }
            #expect(throws: StackError.addressFamilyNotSupported) {
                try wire.host.connect(endpoint, to: name("[2001:db8::1]:80"))
            }
            #expect(try wire.host.localAddress(of: endpoint) == name("0.0.0.0:0"))
        }
        let datagrams = wire.host.open(.datagram)
        #expect(throws: StackError.addressFamilyNotSupported) {
            try wire.host.send(datagrams, [1].span, to: name("[2001:db8::1]:80"))
        }
    }

    @Test("An endpoint for IPv6 only refuses IPv4, another one speaks it (RFC 3493 §5.3)")
    func v6Only() throws {
        let wire = Ethernet()
        let endpoint = wire.host.open(.datagram, family: .inet6)
        #expect(try wire.host.localAddress(of: endpoint) == name("[::]:0"))
        var options = try wire.host.options(of: endpoint)
        options.isV6Only = true
        try wire.host.setOptions(options, of: endpoint)
        #expect(throws: StackError.networkUnreachable) {
            try wire.host.send(endpoint, [1].span, to: name("10.7.0.2:80"))
        }
        #expect(throws: StackError.invalidArgument) {
            try wire.host.bind(endpoint, to: name("0.0.0.0:80"))
        }
        let dual = wire.host.open(.datagram, family: .inet6)
        try wire.host.send(dual, [1].span, to: name("10.7.0.2:80"))
        wire.collect()
        #expect(wire.takeARP()?.targetProtocolAddress == Ethernet.peerAddress)
        // Once it has a name it is too late.
        options = try wire.host.options(of: dual)
        options.isV6Only = true
        #expect(throws: StackError.invalidArgument) { try wire.host.setOptions(options, of: dual) }
    }

    @Test(
        "A name of IPv6 takes that of IPv4 too, unless it is for IPv6 only",
        arguments: [EndpointKind.stream, .datagram])
    func names(_ kind: EndpointKind) throws {
        let wire = Ethernet()
        let dual = wire.host.open(kind, family: .inet6)
        try wire.host.bind(dual, to: name("[::]:80"))
        if kind == .stream { try wire.host.listen(dual, backlog: 1) }
        let four = wire.host.open(kind)
        #expect(throws: StackError.addressInUse) {
            try wire.host.bind(four, to: name("0.0.0.0:80"))
        }
        #expect(throws: StackError.addressInUse) {
            try wire.host.bind(four, to: name("10.7.0.1:80"))
        }
        try wire.host.close(dual)
        let six = wire.host.open(kind, family: .inet6)
        var options = try wire.host.options(of: six)
        options.isV6Only = true
        try wire.host.setOptions(options, of: six)
        try wire.host.bind(six, to: name("[::]:80"))
        try wire.host.bind(four, to: name("0.0.0.0:80"))
    }

    @Test("A datagram over IPv4 reaches an endpoint of IPv6 that is bound to all addresses")
    func dualDatagram() throws {
        let wire = Ethernet()
        wire.meet()
        let dual = wire.host.open(.datagram, family: .inet6)
        try wire.host.bind(dual, to: name("[::]:7"))
        wire.injectIP(.udp, wire.udp(from: 1000, to: 7, [1, 2, 3]))
        var buffer = [UInt8](repeating: 0, count: 3)
        var span = buffer.mutableSpan
        let datagram = try wire.host.receiveDatagram(dual, into: &span)
        #expect(datagram.source == SocketAddress(address: Ethernet.peer, port: 1000))
        #expect(buffer == [1, 2, 3])
    }

    @Test("Options out of range are refused, receive buffers brought into it")
    func ranges() throws {
        let wire = Ethernet()
        let endpoint = wire.host.open(.datagram)
        let good = try wire.host.options(of: endpoint)
        var options = good
        options.timeToLive = 0
        #expect(throws: StackError.invalidArgument) {
            try wire.host.setOptions(options, of: endpoint)
        }
        options = good
        options.boundInterface = InterfaceID(rawValue: 7)
        #expect(throws: StackError.invalidArgument) {
            try wire.host.setOptions(options, of: endpoint)
        }
        options = good
        options.checksumOffset = 3
        #expect(throws: StackError.invalidArgument) {
            try wire.host.setOptions(options, of: endpoint)
        }
        #expect(try wire.host.options(of: endpoint) == good)
        options = good
        options.receiveBuffer = 1
        options.timeToLive = 9
        try wire.host.setOptions(options, of: endpoint)
        #expect(try wire.host.options(of: endpoint).receiveBuffer == 2304)
        try wire.host.close(endpoint)
        #expect(throws: StackError.badDescriptor) { try wire.host.options(of: endpoint) }
    }
}
