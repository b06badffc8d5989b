import Testing
import Wire

@testable import Stack

/// IPv6 packets and ICMPv6 of a host.
@Suite("IPv6") struct IPv6Tests {
    private let own = "2001:db8::1"
    private let peer = "2001:db8::9"

    private func wire() -> IPLinks { IPLinks([["2001:db8::1/64", "fe80::1/64"]]) }

    @Test("An echo of every size is answered (RFC 4443 §4.2)")
    func echo() throws {
        let wire = wire()
        for size in [0, 1, 2, 3, 56, 1000, 1451, 1452] {
            let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            wire.inject(
                IPLinks.packet(
                    .icmpv6, from: peer, to: own,
                    IPLinks.icmp(type: 128, from: peer, to: own, payload)))
            let answer = try #require(wire.take())
            #expect(answer.source.description == own)
            #expect(answer.destination.description == peer)
            #expect(answer.payload == IPLinks.icmp(type: 129, from: own, to: peer, payload))
        }
        #expect(wire.isClean)
    }

    @Test("An echo to all nodes is answered from the host's own address (RFC 4443 §4.2)")
    func echoToGroup() throws {
        let wire = wire()
        wire.inject(
            IPLinks.packet(
                .icmpv6, from: "fe80::9", to: "ff02::1",
                IPLinks.icmp(type: 128, from: "fe80::9", to: "ff02::1", [1, 2, 3])))
        let answer = try #require(wire.take())
        #expect(answer.source.description == "fe80::1")
        #expect(
            answer.payload
                == IPLinks.icmp(type: 129, from: "fe80::1", to: "fe80::9", [1, 2, 3]))
    }

    @Test("A wrong checksum is counted and dropped; IPv6 has no other")
    func badChecksum() {
        let wire = wire()
        var message = IPLinks.icmp(type: 128, from: peer, to: own, [1, 2, 3])
        message[9] ^= 1
        wire.inject(IPLinks.packet(.icmpv6, from: peer, to: own, message))
        #expect(wire.take() == nil)
        #expect(wire.host.counters[.icmpBadChecksum] == 1)
    }

    @Test(
        "Sources that cannot be (RFC 4291 §2.5.2, §2.5.3, §2.7)",
        arguments: ["ff02::9", "::1", "::ffff:10.0.0.1", "::", "2001:db8::1"])
    func badSource(source: String) {
        let wire = wire()
        var packet = IPLinks.packet(.icmpv6, from: peer, to: own, [128, 0, 0, 0, 0, 0, 0, 0])
        let v6 = IPLinks.address(source).v6
        var span = packet.mutableSpan
        span.write(v6, at: 8)
        wire.inject(packet)
        #expect(wire.take() == nil)
        #expect(wire.host.counters[.ipBadSource] == 1)
    }

    @Test("::1 does not come from a link (RFC 4291 §2.5.3)")
    func loopbackFromOutside() {
        let wire = wire()
        wire.inject(IPLinks.packet(.icmpv6, from: peer, to: "::1", [128, 0, 0, 0, 0, 0, 0, 0]))
        #expect(wire.take() == nil)
        #expect(wire.host.counters[.ipNotForUs] == 1)
    }

    @Test("A protocol that nobody takes: parameter problem at the next header field (RFC 8200 §4)")
    func unknownProtocol() throws {
        let wire = wire()
        let packet = IPLinks.packet(
            IPProtocol(rawValue: 253), from: peer, to: own, [1, 2, 3, 4])
        wire.inject(packet)
        let error = try #require(wire.take())
        #expect(error.payload[0] == 4)
        #expect(error.payload[1] == 1)
        #expect(Array(error.payload[4..<8]) == [0, 0, 0, 6])
        #expect(Array(error.payload[8...]) == packet)
    }

    @Test("Nobody on the port: port unreachable (RFC 4443 §3.1)")
    func portUnreachable() throws {
        let wire = wire()
        wire.inject(
            IPLinks.packet(
                .udp, from: peer, to: own, IPLinks.udp(from: peer, 5, to: own, 7, [1, 2])))
        let error = try #require(wire.take())
        #expect(error.payload[0] == 1)
        #expect(error.payload[1] == 4)
    }

    @Test("Nothing is received on an address that is being checked (RFC 4862 §5.4)")
    func tentative() {
        let wire = wire()
        wire.host.network.interfaces[1].addresses[0].state = .tentative
        wire.inject(
            IPLinks.packet(
                .icmpv6, from: peer, to: own,
                IPLinks.icmp(type: 128, from: peer, to: own, [])))
        #expect(wire.take() == nil)
        #expect(wire.host.counters[.ipTentative] == 1)
    }

    @Test("A length that is false (RFC 8200 §3)")
    func falseLength() {
        let wire = wire()
        var packet = IPLinks.packet(.icmpv6, from: peer, to: own, [128, 0, 0, 0, 0, 0, 0, 0])
        packet[5] = 9
        wire.inject(packet)
        #expect(wire.host.counters[.ipMalformed] == 1)
        #expect(wire.isClean)
    }
}
