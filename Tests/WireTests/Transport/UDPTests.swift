import Memory
import Testing
import Wire

@Suite("UDP (RFC 768)")
struct UDPTests {
    /// Ports 53 → 1024, length 11, payload "hi!", two bytes of padding; the checksum is that of
    /// the addresses below.
    let sample = bytes("0035 0400 000b 8602 686921 ffff")
    let v4 = (IPAddress.v4(192, 0, 2, 1), IPAddress.v4(198, 51, 100, 2))
    let v6 = (
        IPAddress(high: 0x2001_0DB8_0000_0000, low: 1),
        IPAddress(high: 0x2001_0DB8_0000_0000, low: 2)
    )

    @Test("fields come from their places, padding is left out")
    func fields() throws {
        let datagram = try UDPDatagram(sample.span)
        let ports = (datagram.sourcePort, datagram.destinationPort)
        #expect(ports == (53, 1024))
        let (length, checksum, count) = (datagram.length, datagram.checksum, datagram.payloadCount)
        #expect((length, checksum, count) == (11, 0x8602, 3))
        let payload = copy(datagram.payload)
        #expect(payload == Array("hi!".utf8))
    }

    @Test("every truncation of the header is refused", arguments: 0..<8)
    func truncatedHeader(count: Int) {
        let short = Array(sample.prefix(count))
        #expect(refusal { _ = try UDPDatagram(short.span) } == .truncated)
        #expect(refusal { _ = try UDPDatagram(short.span, beyond: 100) } == .truncated)
    }

    @Test("every truncation of the payload is refused unless it lies elsewhere", arguments: 8..<11)
    func truncatedPayload(count: Int) throws {
        let short = Array(sample.prefix(count))
        #expect(refusal { _ = try UDPDatagram(short.span) } == .lengthMismatch)
        let datagram = try UDPDatagram(short.span, beyond: 11 - count)
        let counts = (datagram.payload.count, datagram.payloadCount)
        #expect(counts == (count - 8, 3))
    }

    @Test(
        "a length below the header or past the end is refused",
        arguments: [0, 1, 7, 14, 256, 65535] as [UInt16])
    func lies(length: UInt16) {
        let bytes = sample.with(UInt8(length >> 8), UInt8(truncatingIfNeeded: length), at: 4)
        #expect(refusal { _ = try UDPDatagram(bytes.span) } == .lengthMismatch)
    }

    @Test("an empty datagram and port 0 are read")
    func empty() throws {
        let datagram = try UDPDatagram(bytes("0000 0000 0008 0000").span)
        let (ports, count) = (
            (datagram.sourcePort, datagram.destinationPort), datagram.payload.count
        )
        #expect(ports == (0, 0))
        #expect(count == 0)
    }

    @Test("a right checksum is recognised over both families")
    func checksums() throws {
        let overV4 = try UDPDatagram(sample.span).checksumIsValid(source: v4.0, destination: v4.1)
        #expect(overV4)
        let other = sample.with(0x16, 0xC5, at: 6)
        let overV6 = try UDPDatagram(other.span).checksumIsValid(source: v6.0, destination: v6.1)
        #expect(overV6)
        let crossed = try UDPDatagram(other.span).checksumIsValid(source: v4.0, destination: v4.1)
        #expect(!crossed)
    }

    @Test("any one wrong byte breaks the checksum", arguments: [0, 1, 2, 3, 6, 7, 8, 9, 10])
    func badChecksum(offset: Int) throws {
        let bytes = sample.with(sample[offset] ^ 1, at: offset)
        let isValid = try UDPDatagram(bytes.span).checksumIsValid(
            source: v4.0, destination: v4.1)
        #expect(!isValid)
    }

    @Test("no checksum is right over IPv4 and wrong over IPv6 (RFC 8200 §8.1)")
    func noChecksum() throws {
        let bytes = sample.with(0, 0, at: 6)
        let overV4 = try UDPDatagram(bytes.span).checksumIsValid(source: v4.0, destination: v4.1)
        #expect(overV4)
        let overV6 = try UDPDatagram(bytes.span).checksumIsValid(source: v6.0, destination: v6.1)
        #expect(!overV6)
    }

    @Test("a sum of zero that was sent as 0xFFFF is right")
    func allOnes() throws {
        // The payload's first word is changed by what the checksum lacks to 0xFFFF.
        let missing = 0xFFFF - 0x8602
        let word = 0x6869 - missing
        let folded = UInt16(word < 0 ? word + 0xFFFF : word)
        let bytes = sample.with(UInt8(folded >> 8), UInt8(truncatingIfNeeded: folded), at: 8)
            .with(0xFF, 0xFF, at: 6)
        let isValid = try UDPDatagram(bytes.span).checksumIsValid(
            source: v4.0, destination: v4.1)
        #expect(isValid)
    }

    @Test("the sum goes on over bytes that lie elsewhere", arguments: 8...11)
    func beyond(count: Int) throws {
        let (head, tail) = (Array(sample[..<count]), Array(sample[count..<11]))
        var sum = try UDPDatagram(head.span, beyond: tail.count)
            .sum(source: v4.0, destination: v4.1)
        sum.add(tail.span)
        #expect(sum.value == 0)
    }

    @Test("the header is written to its 8 bytes and no others")
    func write() {
        let header = UDPHeader(
            sourcePort: 53, destinationPort: 1024, length: 11, checksum: 0x8602)
        let output = written(9) { header.write(to: &$0) }
        #expect(output == Array(sample.prefix(8)) + [0xEE])
        #expect(output[UDPHeader.checksumOffset] == 0x86)
    }
}
