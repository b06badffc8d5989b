import Memory
import Testing
import Wire

@Suite("TCP segments (RFC 9293 §3.1)")
struct TCPTests {
    /// A SYN with ECE and CWR, 20 bytes of options and 5 of payload; the checksum is that of the
    /// addresses below.
    let sample = bytes(
        """
        9c40 0050 89abcdef 01234567 a0 c2 faf0 cf41 1234
        020405b4 0402080a 0000000a 0000000b 01030307 68656c6c6f
        """)
    let v4 = (IPAddress.v4(192, 0, 2, 1), IPAddress.v4(198, 51, 100, 2))
    let v6 = (
        IPAddress(high: 0x2001_0DB8_0000_0000, low: 1),
        IPAddress(high: 0x2001_0DB8_0000_0000, low: 2)
    )
    let header = TCPHeader(
        sourcePort: 40_000, destinationPort: 80, sequence: SequenceNumber(0x89AB_CDEF),
        acknowledgment: SequenceNumber(0x0123_4567), headerCount: 40, flags: [.syn, .ece, .cwr],
        window: 64_240, checksum: 0xCF41, urgentPointer: 0x1234)

    @Test("fields come from their places")
    func fields() throws {
        let segment = try TCPSegment(sample.span)
        let read = TCPHeader(
            sourcePort: segment.sourcePort, destinationPort: segment.destinationPort,
            sequence: segment.sequence, acknowledgment: segment.acknowledgment,
            headerCount: segment.headerCount, flags: segment.flags, window: segment.window,
            checksum: segment.checksum, urgentPointer: segment.urgentPointer)
        #expect(read == header)
        let (options, payload) = (copy(segment.options), copy(segment.payload))
        #expect(options == Array(sample[20..<40]))
        #expect(payload == Array("hello".utf8))
        let counts = (segment.payloadCount, segment.sequenceCount)
        #expect(counts == (5, 6))
    }

    @Test("every truncation of the header is refused, options included", arguments: 0..<40)
    func truncated(count: Int) {
        let short = Array(sample.prefix(count))
        #expect(refusal { _ = try TCPSegment(short.span) } == .truncated)
        #expect(refusal { _ = try TCPSegment(short.span, beyond: 100) } == .truncated)
    }

    @Test("a data offset below 5 is refused", arguments: 0..<5 as Range<UInt8>)
    func offsetTooShort(words: UInt8) {
        let bytes = sample.with(words << 4, at: 12)
        #expect(refusal { _ = try TCPSegment(bytes.span) } == .badHeaderLength)
    }

    @Test("a data offset past the segment is refused", arguments: 12...15 as ClosedRange<UInt8>)
    func offsetTooLong(words: UInt8) {
        let bytes = sample.with(words << 4, at: 12)
        #expect(refusal { _ = try TCPSegment(bytes.span) } == .truncated)
        #expect(refusal { _ = try TCPSegment(bytes.span, beyond: 100) } == .truncated)
    }

    @Test("a data offset that takes in part of the payload is believed")
    func offsetWithin() throws {
        let bytes = sample.with(0xB0, at: 12)
        let segment = try TCPSegment(bytes.span)
        let counts = (segment.headerCount, segment.options.count, segment.payloadCount)
        #expect(counts == (44, 24, 1))
    }

    @Test("reserved bits are not looked at")
    func reserved() throws {
        let bytes = sample.with(0xAF, at: 12)
        let segment = try TCPSegment(bytes.span)
        let (count, flags) = (segment.headerCount, segment.flags)
        #expect(count == 40)
        #expect(flags == header.flags)
    }

    @Test("every combination of flags is read, null and Christmas tree included")
    func flags() throws {
        for raw in UInt8.min...UInt8.max {
            let bytes = sample.with(raw, at: 13)
            let segment = try TCPSegment(bytes.span)
            let (flags, count) = (segment.flags, segment.sequenceCount)
            #expect(flags == TCPFlags(rawValue: raw))
            #expect(count == 5 + Int(raw & 1) + Int(raw >> 1 & 1))
        }
    }

    @Test("flags have their bits (RFC 9293 §3.1)")
    func bits() {
        let bits = [TCPFlags.fin, .syn, .rst, .psh, .ack, .urg, .ece, .cwr].map(\.rawValue)
        #expect(bits == [1, 2, 4, 8, 16, 32, 64, 128])
    }

    @Test("a payload may lie elsewhere", arguments: 40...45)
    func beyond(count: Int) throws {
        let (head, tail) = (Array(sample.prefix(count)), Array(sample.dropFirst(count)))
        let segment = try TCPSegment(head.span, beyond: tail.count)
        let counts = (segment.payload.count, segment.payloadCount, segment.sequenceCount)
        #expect(counts == (count - 40, 5, 6))
        var sum = segment.sum(source: v4.0, destination: v4.1)
        sum.add(tail.span)
        #expect(sum.value == 0)
    }

    @Test("a right checksum is recognised over both families")
    func checksums() throws {
        let overV4 = try TCPSegment(sample.span).checksumIsValid(source: v4.0, destination: v4.1)
        #expect(overV4)
        let other = sample.with(0x60, 0x04, at: 16)
        let overV6 = try TCPSegment(other.span).checksumIsValid(source: v6.0, destination: v6.1)
        #expect(overV6)
        let crossed = try TCPSegment(other.span).checksumIsValid(source: v4.0, destination: v4.1)
        #expect(!crossed)
    }

    @Test("any one wrong byte breaks the checksum", arguments: (0..<45).filter { $0 != 12 })
    func badChecksum(offset: Int) throws {
        let bytes = sample.with(sample[offset] ^ 0x80, at: offset)
        let isValid = try TCPSegment(bytes.span).checksumIsValid(source: v4.0, destination: v4.1)
        #expect(!isValid)
    }

    @Test("header and options are written to their bytes and no others")
    func write() {
        let options = TCPOptions(
            maximumSegmentSize: 1460, windowScale: 7, sackPermitted: true,
            timestamps: TCPTimestamps(value: 10, echo: 11))
        #expect(TCPHeader.byteCount + options.encodedCount == header.headerCount)
        let output = written(41) {
            header.write(to: &$0)
            options.write(to: &$0, at: TCPHeader.byteCount)
        }
        #expect(output == Array(sample.prefix(40)) + [0xEE])
        #expect(output[TCPHeader.checksumOffset] == 0xCF)
    }
}
