import Memory
import Testing
import Wire

@Suite("IPv6 (RFC 8200)")
struct IPv6Tests {
    /// Traffic class 0xB9, flow label 0xABCDE, four bytes of UDP, two of padding.
    let sample = bytes(
        """
        6b9abcde 0004 11 3d 20010db8000000000000000000000001 20010db8000000000000000000000002
        00010203 ffff
        """)
    let header = IPv6Header(
        trafficClass: 0xB9, flowLabel: 0xABCDE, payloadCount: 4, nextHeader: .udp, hopLimit: 61,
        source: IPv6Address(high: 0x2001_0DB8_0000_0000, low: 1),
        destination: IPv6Address(high: 0x2001_0DB8_0000_0000, low: 2))

    @Test("fields come from their places, padding is left out")
    func fields() throws {
        let packet = try IPv6Packet(sample.span)
        let read = IPv6Header(
            trafficClass: packet.trafficClass, flowLabel: packet.flowLabel,
            payloadCount: UInt16(packet.payloadCount), nextHeader: packet.nextHeader,
            hopLimit: packet.hopLimit, source: packet.source, destination: packet.destination)
        #expect(read == header)
        let (dscp, ecn, total) = (packet.dscp, packet.ecn, packet.totalCount)
        #expect((dscp, ecn, total) == (46, .capable1, 44))
        let payload = copy(packet.payload)
        #expect(payload == [0, 1, 2, 3])
    }

    @Test("every truncation of the header is refused", arguments: 0..<40)
    func truncatedHeader(count: Int) {
        let short = Array(sample.prefix(count))
        #expect(refusal { _ = try IPv6Packet(short.span) } == .truncated)
        #expect(refusal { _ = try IPv6Packet(short.span, beyond: 100) } == .truncated)
        #expect(refusal { _ = try IPv6Packet(quoted: short.span) } == .truncated)
    }

    @Test("every truncation of the payload is refused, but not of a quote", arguments: 40..<44)
    func truncatedPayload(count: Int) throws {
        let short = Array(sample.prefix(count))
        #expect(refusal { _ = try IPv6Packet(short.span) } == .lengthMismatch)
        #expect(refusal { _ = try IPv6Packet(short.span, beyond: 43 - count) } == .lengthMismatch)
        let quoted = try IPv6Packet(quoted: short.span)
        let quotedCounts = (quoted.payload.count, quoted.payloadCount)
        #expect(quotedCounts == (count - 40, 4))
        let packet = try IPv6Packet(short.span, beyond: 44 - count)
        let counts = (packet.payload.count, packet.payloadCount)
        #expect(counts == (count - 40, 4))
    }

    @Test("a payload length past the frame is refused", arguments: [7, 256, 65535] as [UInt16])
    func payloadLength(length: UInt16) {
        let bytes = sample.with(UInt8(length >> 8), UInt8(truncatingIfNeeded: length), at: 4)
        #expect(refusal { _ = try IPv6Packet(bytes.span) } == .lengthMismatch)
    }

    @Test("other versions are refused", arguments: [0, 4, 5, 7, 15] as [UInt8])
    func version(version: UInt8) {
        let bytes = sample.with(version << 4, at: 0)
        #expect(refusal { _ = try IPv6Packet(bytes.span) } == .badVersion)
    }

    @Test("the header is written to its 40 bytes and no others")
    func write() {
        let output = written(41) { header.write(to: &$0) }
        #expect(output == Array(sample.prefix(40)) + [0xEE])
    }

    @Test("a flow label of more than 20 bits does not spill into the traffic class")
    func flowLabel() throws {
        var header = header
        header.flowLabel = .max
        header.trafficClass = 0
        let output = written(40) { header.write(to: &$0) }
        #expect(Array(output.prefix(4)) == bytes("600fffff"))
    }
}
