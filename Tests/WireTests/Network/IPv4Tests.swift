import Memory
import Testing
import Wire

@Suite("IPv4 (RFC 791)")
struct IPv4Tests {
    /// A fragment of ICMP with a router alert, 16 bytes of payload, two of padding.
    let sample = bytes(
        """
        46 03 0028 abcd 60b9 3d 01 f00f c0000201 c6336402 94040000
        000102030405060708090a0b0c0d0e0f ffff
        """)
    /// A well-known datagram without options: the checksum is not ours.
    let plain = bytes("4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7")

    @Test("fields come from their places")
    func fields() throws {
        let packet = try IPv4Packet(sample.span)
        let counts = (packet.headerCount, packet.totalCount, packet.payloadCount)
        #expect(counts == (24, 40, 16))
        let (trafficClass, dscp, ecn) = (packet.trafficClass, packet.dscp, packet.ecn)
        #expect((trafficClass, dscp, ecn) == (3, 0, .congestionExperienced))
        let (identification, offset) = (packet.identification, packet.fragmentOffset)
        #expect((identification, offset) == (0xABCD, 1480))
        let flags = (packet.dontFragment, packet.moreFragments, packet.isFragment)
        #expect(flags == (true, true, true))
        let (timeToLive, proto, checksum) = (packet.timeToLive, packet.proto, packet.headerChecksum)
        #expect((timeToLive, proto, checksum) == (61, .icmp, 0xF00F))
        let (source, destination) = (packet.source, packet.destination)
        #expect(source == IPv4Address(192, 0, 2, 1))
        #expect(destination == IPv4Address(198, 51, 100, 2))
        let (options, payload) = (copy(packet.options), copy(packet.payload))
        #expect(options == bytes("94040000"))
        #expect(payload == Array(0..<16))
    }

    @Test("traffic class splits into DSCP and ECN (RFC 2474 §3, RFC 3168 §5)")
    func trafficClass() throws {
        let bytes = plain.with(0xB9, at: 1)
        let packet = try IPv4Packet(quoted: bytes.span)
        let (dscp, ecn) = (packet.dscp, packet.ecn)
        #expect((dscp, ecn) == (46, .capable1))
        let codepoints = (0...4).map { ECN(trafficClass: $0) }
        #expect(
            codepoints == [.notCapable, .capable1, .capable0, .congestionExperienced, .notCapable])
        #expect(ECN.allCases.allSatisfy { ECN(trafficClass: $0.rawValue) == $0 })
    }

    @Test(
        "only an offset or more to come makes a fragment",
        arguments: [
            (0x0000, false), (0x4000, false), (0x8000, false), (0x2000, true), (0x0001, true),
            (0x1FFF, true), (0x0100, true),
        ] as [(UInt16, Bool)])
    func fragments(field: UInt16, expected: Bool) throws {
        let bytes = plain.with(UInt8(field >> 8), UInt8(truncatingIfNeeded: field), at: 6)
        let packet = try IPv4Packet(quoted: bytes.span)
        let (isFragment, offset) = (packet.isFragment, packet.fragmentOffset)
        #expect(isFragment == expected)
        #expect(offset == Int(field & 0x1FFF) * 8)
    }

    @Test("every truncation of the header is refused, options included", arguments: 0..<24)
    func truncatedHeader(count: Int) {
        let short = Array(sample.prefix(count))
        #expect(refusal { _ = try IPv4Packet(short.span) } == .truncated)
        #expect(refusal { _ = try IPv4Packet(short.span, beyond: 100) } == .truncated)
        #expect(refusal { _ = try IPv4Packet(quoted: short.span) } == .truncated)
    }

    @Test("every truncation of the payload is refused", arguments: 24..<40)
    func truncatedPayload(count: Int) {
        let short = Array(sample.prefix(count))
        #expect(refusal { _ = try IPv4Packet(short.span) } == .lengthMismatch)
        #expect(refusal { _ = try IPv4Packet(short.span, beyond: 39 - count) } == .lengthMismatch)
    }

    @Test("a payload may lie elsewhere", arguments: 24...40)
    func beyond(count: Int) throws {
        let head = Array(sample.prefix(count))
        let packet = try IPv4Packet(head.span, beyond: 40 - count)
        let (inside, all) = (packet.payload.count, packet.payloadCount)
        #expect((inside, all) == (count - 24, 16))
    }

    @Test("other versions are refused", arguments: [0, 1, 3, 5, 6, 15] as [UInt8])
    func version(version: UInt8) {
        let bytes = sample.with(version << 4 | 6, at: 0)
        #expect(refusal { _ = try IPv4Packet(bytes.span) } == .badVersion)
    }

    @Test("a header length below 5 words is refused", arguments: 0..<5 as Range<UInt8>)
    func headerTooShort(words: UInt8) {
        let bytes = sample.with(0x40 | words, at: 0)
        #expect(refusal { _ = try IPv4Packet(bytes.span) } == .badHeaderLength)
    }

    @Test("a header length past the frame is refused", arguments: 11...15 as ClosedRange<UInt8>)
    func headerTooLong(words: UInt8) {
        let bytes = sample.with(0x40 | words, at: 0)
        #expect(refusal { _ = try IPv4Packet(bytes.span) } == .truncated)
    }

    @Test(
        "a total length below the header's or past the frame is refused",
        arguments: [0, 1, 19, 20, 23, 43, 256, 65535] as [UInt16])
    func totalLength(length: UInt16) {
        let bytes = sample.with(UInt8(length >> 8), UInt8(truncatingIfNeeded: length), at: 2)
        #expect(refusal { _ = try IPv4Packet(bytes.span) } == .lengthMismatch)
    }

    @Test("a packet may be all header")
    func headerOnly() throws {
        let bytes = sample.with(0, 24, at: 2)
        let packet = try IPv4Packet(bytes.span)
        let (payload, count) = (copy(packet.payload), packet.payloadCount)
        #expect(payload.isEmpty)
        #expect(count == 0)
    }

    @Test("a quoted packet may end early (RFC 1812 §4.3.2.3)", arguments: 24...40)
    func quoted(count: Int) throws {
        let quote = Array(sample.prefix(count))
        let packet = try IPv4Packet(quoted: quote.span)
        let (inside, all) = (packet.payload.count, packet.payloadCount)
        #expect((inside, all) == (count - 24, 16))
    }

    @Test("a right checksum is recognised")
    func checksum() throws {
        let plainIsValid = try IPv4Packet(quoted: plain.span).checksumIsValid
        #expect(plainIsValid)
        let sampleIsValid = try IPv4Packet(sample.span).checksumIsValid
        #expect(sampleIsValid)
    }

    @Test("any one wrong byte of the header breaks the checksum", arguments: 1..<24)
    func badChecksum(offset: Int) throws {
        let bytes = sample.with(sample[offset] ^ 0x04, at: offset)
        // The packet's extent may change with the length field, but the header does not.
        let isValid = try IPv4Packet(quoted: bytes.span).checksumIsValid
        #expect(!isValid)
    }

    @Test("the header is written with its checksum, to its 20 bytes and no others")
    func write() {
        let header = IPv4Header(
            totalCount: 0x73, dontFragment: true, timeToLive: 64, proto: .udp,
            source: IPv4Address(192, 168, 0, 1), destination: IPv4Address(192, 168, 0, 199))
        let output = written(21) { header.write(to: &$0) }
        #expect(output == plain + [0xEE])
    }

    @Test("options are written between header and payload, padded, under the checksum")
    func writeOptions() throws {
        let packet = try IPv4Packet(sample.span)
        let header = IPv4Header(packet)
        let output = written(25) { header.write(to: &$0, options: bytes("94040000").span) }
        #expect(output == Array(sample.prefix(24)) + [0xEE])
        let padded = written(29) { header.write(to: &$0, options: bytes("9404000001").span) }
        #expect(Array(padded[20...]) == bytes("9404000001 000000 ee"))
        #expect(referenceChecksum(Array(padded.prefix(28))) == 0)
        #expect(padded[0] == 0x47)
        let counts = [0, 1, 4, 5, 40].map { IPv4Header.byteCount(optionsCount: $0) }
        #expect(counts == [20, 24, 24, 28, 60])
    }

    @Test("what is written is read back", arguments: 0..<32)
    func roundTrip(seed: UInt64) throws {
        var random = TestRandom(seed: seed)
        let header = IPv4Header(
            trafficClass: .random(in: 0...255, using: &random), totalCount: 28,
            identification: .random(in: 0...65535, using: &random),
            dontFragment: .random(using: &random), moreFragments: .random(using: &random),
            fragmentOffset: .random(in: 0...8191, using: &random) * 8,
            timeToLive: .random(in: 0...255, using: &random),
            proto: IPProtocol(rawValue: .random(in: 0...255, using: &random)),
            source: IPv4Address(.random(in: 0 ... .max, using: &random)),
            destination: IPv4Address(.random(in: 0 ... .max, using: &random)))
        let output = written(28) { header.write(to: &$0) }
        let packet = try IPv4Packet(output.span)
        let (read, isValid) = (IPv4Header(packet), packet.checksumIsValid)
        #expect(read == header)
        #expect(isValid)
        #expect(referenceChecksum(Array(output.prefix(20))) == 0)
    }

    @Test("protocols have their numbers (IANA)")
    func protocols() {
        let numbers = [IPProtocol.icmp, .igmp, .tcp, .udp, .dccp, .icmpv6, .sctp, .raw]
            .map(\.rawValue)
        #expect(numbers == [1, 2, 6, 17, 33, 58, 132, 255])
    }
}
