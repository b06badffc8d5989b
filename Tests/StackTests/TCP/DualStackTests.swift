import Memory
import Testing
import Wire

@testable import Stack

/// Streams of both families at one endpoint, and links on which the same addresses mean other hosts
/// (RFC 3493, RFC 4007).
@Suite("Dual stack") struct DualStackTests {
    private static let links = [
        ["10.7.0.1/24", "fd07::1/64", "fe80::1/64"], ["10.8.0.1/24", "fd08::1/64", "fe80::1/64"],
    ]

    private func name(_ text: String) -> SocketAddress {
        SocketAddress(text) ?? SocketAddress(address: .unspecifiedV4, port: 0)
    }

    private func segment(
        from source: String, to destination: String, _ flags: TCPFlags, sequence: UInt32 = 0,
        acknowledgment: UInt32 = 0, port: UInt16 = 5000
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: TCPHeader.byteCount)
        var span = bytes.mutableSpan
        TCPHeader(
            sourcePort: port, destinationPort: 80, sequence: SequenceNumber(sequence),
            acknowledgment: SequenceNumber(acknowledgment), flags: flags, window: 1000
        ).write(to: &span)
        var sum = InternetChecksum.pseudoHeader(
            source: IPLinks.address(source), destination: IPLinks.address(destination),
            proto: .tcp, length: UInt32(bytes.count))
        sum.add(bytes.span)
        let value = sum.value
        span = bytes.mutableSpan
        span.write(value, at: TCPHeader.checksumOffset)
        return IPLinks.packet(.tcp, from: source, to: destination, bytes)
    }

    /// The flags and the sequence number of what leaves next.
    private func take(_ wire: IPLinks, on link: Int = 0) -> (flags: TCPFlags, sequence: UInt32)? {
        guard let sent = wire.take(on: link), sent.proto == .tcp else { return nil }
        return (TCPFlags(rawValue: sent.payload[13]), sent.payload.span.uint32(at: 4))
    }

    /// A handshake with the host; nil where it was refused.
    private func accept(
        _ wire: IPLinks, _ listener: EndpointID, from source: String, to destination: String,
        on link: Int = 0
    ) throws -> EndpointID? {
        wire.inject(segment(from: source, to: destination, .syn), on: link)
        guard let answer = take(wire, on: link), answer.flags == [.syn, .ack] else { return nil }
        wire.inject(
            segment(
                from: source, to: destination, .ack, sequence: 1,
                acknowledgment: answer.sequence &+ 1), on: link)
        return try wire.host.accept(listener)
    }

    private func listen(
        _ wire: IPLinks, _ family: AddressFamily, _ address: String, v6Only: Bool = false
    ) throws -> EndpointID {
        let listener = wire.host.open(.stream, family: family)
        var options = try wire.host.options(of: listener)
        options.isV6Only = v6Only
        try wire.host.setOptions(options, of: listener)
        try wire.host.bind(listener, to: name(address))
        try wire.host.listen(listener, backlog: 4)
        return listener
    }

    @Test("A listener at :: takes both families, and names IPv4 peers as what they are")
    func both() throws {
        let wire = IPLinks(Self.links)
        let listener = try listen(wire, .inet6, "[::]:80")
        let first = try #require(
            try accept(wire, listener, from: "10.7.0.2", to: "10.7.0.1"))
        let second = try #require(
            try accept(wire, listener, from: "fd07::2", to: "fd07::1"))
        #expect(try wire.host.remoteAddress(of: first) == name("10.7.0.2:5000"))
        #expect(try wire.host.localAddress(of: second) == name("[fd07::1]:80"))
    }

    @Test("For IPv6 only, IPv4 is refused, and has room for a listener of its own")
    func v6Only() throws {
        let wire = IPLinks(Self.links)
        let listener = try listen(wire, .inet6, "[::]:80", v6Only: true)
        #expect(try accept(wire, listener, from: "10.7.0.2", to: "10.7.0.1") == nil)
        let other = try listen(wire, .inet, "0.0.0.0:80")
        #expect(try accept(wire, other, from: "10.7.0.2", to: "10.7.0.1") != nil)
        #expect(try accept(wire, listener, from: "fd07::2", to: "fd07::1") != nil)
    }

    @Test("The same link-local peer on two links is two peers (RFC 4007 §6)")
    func zones() throws {
        let wire = IPLinks(Self.links)
        let listener = try listen(wire, .inet6, "[::]:80")
        let zones = [wire.interfaces[0].zone, wire.interfaces[1].zone]
        var streams: [EndpointID] = []
        for link in 0..<2 {
            let stream = try #require(
                try accept(wire, listener, from: "fe80::2", to: "fe80::1", on: link))
            #expect(
                try wire.host.remoteAddress(of: stream) == name("[fe80::2%\(zones[link])]:5000"))
            #expect(try wire.host.localAddress(of: stream).zone == zones[link])
            streams.append(stream)
        }
        _ = try wire.host.send(streams[1], [1].span)
        #expect(wire.take(on: 0) == nil)
        #expect(take(wire, on: 1)?.flags == [.ack, .psh])
        wire.inject(segment(from: "fe80::2", to: "fe80::1", .rst, sequence: 1), on: 0)
        #expect(try wire.host.takeError(of: streams[0]) == .connectionReset)
        #expect(try wire.host.takeError(of: streams[1]) == nil)
    }

    @Test("A stream connects over the link that the zone of its peer names")
    func connectByZone() throws {
        for link in 0..<2 {
            let wire = IPLinks(Self.links)
            let stream = wire.host.open(.stream, family: .inet6)
            let peer = name("[fe80::2%\(wire.interfaces[link].zone)]:80")
            #expect(throws: StackError.inProgress) { try wire.host.connect(stream, to: peer) }
            wire.host.advance(to: wire.now)
            #expect(take(wire, on: link)?.flags == .syn)
            #expect(wire.take(on: 1 - link) == nil)
            #expect(try wire.host.localAddress(of: stream).zone == peer.zone)
        }
    }

    @Test("A listener of one interface hears that one only (SO_BINDTODEVICE)")
    func boundListener() throws {
        let wire = IPLinks(Self.links)
        let listener = wire.host.open(.stream)
        var options = try wire.host.options(of: listener)
        options.boundInterface = wire.interfaces[1]
        try wire.host.setOptions(options, of: listener)
        try wire.host.bind(listener, to: name("0.0.0.0:80"))
        try wire.host.listen(listener, backlog: 4)
        #expect(try accept(wire, listener, from: "10.7.0.2", to: "10.7.0.1", on: 0) == nil)
        #expect(try accept(wire, listener, from: "10.8.0.2", to: "10.8.0.1", on: 1) != nil)
    }

    @Test("To nobody in particular means to this host, in both families", arguments: 0..<2)
    func loopback(_ number: Int) throws {
        let wire = IPLinks(Self.links)
        let family: AddressFamily = number == 0 ? .inet : .inet6
        let any = number == 0 ? "0.0.0.0:80" : "[::]:80"
        let listener = try listen(wire, family, any)
        let stream = wire.host.open(.stream, family: family)
        #expect(throws: StackError.inProgress) { try wire.host.connect(stream, to: name(any)) }
        wire.host.advance(to: wire.now)
        let accepted = try wire.host.accept(listener)
        #expect(try wire.host.remoteAddress(of: accepted).address.isLoopback)
        #expect(try wire.host.remoteAddress(of: stream).address.isLoopback)
    }
}
