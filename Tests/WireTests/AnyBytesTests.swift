import Memory
import Testing
import Wire

/// Whatever the bytes are, a view refuses them or keeps within them.
@Suite("Any bytes")
struct AnyBytesTests {
    private static let packets = [
        bytes("0001 0800 06 04 0001 020000000001 0a070001 0203040506ff 0a070002 0000"),
        bytes("47 00 0028 0000 4000 40 06 0000 c0000201 c6336402 83070400 00000001")
            + [UInt8](repeating: 7, count: 14),
        bytes("60000000 0008 11 40") + [UInt8](repeating: 1, count: 32)
            + bytes("0035 0400 0008 0000"),
        bytes("4f 00 003c 0000 4000 40 01 0000 c0000201 c6336402 94040000 07 0f 08 c0000201")
            + bytes("0000000000000000 44 14 05 03 0a070002 00000000 0a070003 00000000 00"),
        bytes("60000000 0038 00 40") + [UInt8](repeating: 1, count: 32)
            + bytes("2b00 0502 0000 0100 3c00 0000 00000000 2c00 1e02 0000 0100")
            + bytes("3301 0009 00000007 8701 0000 00000000 00000000 1100 0104")
            + bytes("00000000 00000000 0035 0400"),
        bytes("9c400050 89abcdef 01234567 a0c2faf0 cf411234 020405b4 0402080a")
            + bytes("0000000a 0000000b 01030307 68656c6c6f"),
        bytes("11 80 0000 e8010203 0b 7d 0002 c0000201 c0000202"),
        bytes("22 00 0000 0000 0002  03 00 0000 e2010203 05 01 0001 e8010203 c0000201 01020304"),
        bytes("8f 00 0000 0000 0001  04 00 0001") + [UInt8](repeating: 0xFF, count: 32),
        bytes("82 00 0000 8001 0000") + [UInt8](repeating: 0xFF, count: 16) + bytes("02810001")
            + [UInt8](repeating: 0x20, count: 16),
    ]

    @Test("one wrong byte anywhere does no harm", arguments: packets)
    func mutations(packet: [UInt8]) {
        for offset in packet.indices {
            for value in UInt8.min...UInt8.max {
                check(packet.with(value, at: offset), beyond: 0)
            }
        }
    }

    @Test("random bytes do no harm", arguments: 0..<16)
    func random(seed: UInt64) {
        var random = TestRandom(seed: seed)
        for _ in 0..<2000 {
            let count = Int.random(in: 0...80, using: &random)
            var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            // Half of them pass the first checks.
            if count > 12, Bool.random(using: &random) {
                bytes[0] = [0x45, 0x46, 0x4F, 0x60, 0x60].randomElement(using: &random) ?? 0
                bytes[2] = 0
                bytes[12] |= 0x50
            }
            check(bytes, beyond: [0, 1, 65_535, .max / 2].randomElement(using: &random) ?? 0)
        }
    }

    private func check(_ bytes: [UInt8], beyond: Int) {
        checkLink(bytes, beyond: beyond)
        checkNetwork(bytes, beyond: beyond)
        checkGroups(bytes)
        checkTransport(bytes, beyond: beyond)
    }

    private func checkLink(_ bytes: [UInt8], beyond: Int) {
        if let frame = try? EthernetFrame(bytes.span, beyond: beyond) {
            let (inside, all) = (frame.payload.count, frame.payloadCount)
            #expect(inside == bytes.count - 14 && all == inside + beyond)
        }
        if let packet = try? ARPPacket(bytes.span, beyond: beyond) {
            let operation = packet.operation.rawValue
            #expect(operation == UInt16(bytes[6]) << 8 | UInt16(bytes[7]))
        }
    }

    private func checkNetwork(_ bytes: [UInt8], beyond: Int) {
        if let packet = try? IPv4Packet(bytes.span, beyond: beyond) {
            let (header, total) = (packet.headerCount, packet.totalCount)
            let (options, payload) = (packet.options.count, packet.payload.count)
            #expect(options == header - 20)
            #expect(payload == min(total, bytes.count) - header && total <= bytes.count + beyond)
            let offset = Int(IPv4Options(packet.options).malformedOffset ?? 20)
            #expect(offset >= 20 && offset <= header)
            checkTrace(packet)
            let (isValid, sum) = (
                packet.checksumIsValid, referenceChecksum(Array(bytes.prefix(header)))
            )
            #expect(isValid == (sum == 0))
        }
        if let packet = try? IPv6Packet(bytes.span, beyond: beyond) {
            let (payload, all) = (packet.payload.count, packet.payloadCount)
            #expect(payload == min(all, bytes.count - 40) && all <= bytes.count - 40 + beyond)
            checkExtensions(packet)
        }
        if let message = try? ICMPMessage(bytes.span, beyond: beyond) {
            let (isValid, sum) = (message.checksumIsValid, referenceChecksum(bytes))
            #expect(isValid == (sum == 0))
        }
    }

    private func checkGroups(_ bytes: [UInt8]) {
        if let query = try? IGMPQuery(bytes.span) {
            let (count, version) = (query.sources.count, query.version)
            #expect(count * 4 <= max(0, bytes.count - 12) && version >= 1 && version <= 3)
            for index in 0..<count { _ = query.sources[index] }
        }
        if let query = try? MLDQuery(bytes.span) {
            let (count, delay) = (query.sources.count, query.maximumResponseDelay)
            #expect(count * 16 <= max(0, bytes.count - 28) && delay <= 8_387_584)
            for index in 0..<count { _ = query.sources[index] }
        }
        for isIPv4 in [true, false] {
            guard let report = try? GroupReport(bytes.span, isIPv4: isIPv4) else { continue }
            var offset = 0
            while let record = try? report.record(at: offset) {
                let count = record.sources.count
                for index in 0..<count { _ = record.sources[index] }
                offset += record.byteCount
            }
            #expect(offset <= bytes.count - 8)
        }
    }

    private func checkTrace(_ packet: borrowing IPv4Packet) {
        let trace = IPv4OptionTrace(address: packet.destination, time: 7, isPrespecified: true)
        let answer = IPv4OptionList(answering: packet.options, leaving: trace)
        let copied = IPv4OptionList(copiedFrom: packet.options)
        let (most, length) = (packet.options.count, max(answer.count, copied.count))
        #expect(length <= most)
        // The trace stands inside its options: kinds and lengths are whole behind it.
        var cursor = OptionCursor(answer.span)
        var whole = 0
        while let field = try? cursor.next() { whole += field.count }
        let count = answer.count
        #expect(whole == count)
    }

    private func checkExtensions(_ packet: borrowing IPv6Packet) {
        let end = 40 + packet.payload.count
        if let headers = try? IPv6Extensions(packet) {
            #expect(headers.offset >= 40 && headers.offset <= end)
            #expect(headers.protoOffset < max(7, headers.offset))
            if let fragment = headers.fragment {
                #expect(fragment.dataOffset <= headers.offset)
                #expect(fragment.offset.isMultiple(of: 8) && fragment.offset <= 65_528)
            }
        }
        if let passing = try? IPv6Extensions(passing: packet) {
            #expect(passing.offset >= 40 && passing.offset <= end)
        }
        var cursor = IPv6ExtensionCursor(packet)
        var last = 40
        while let field = try? cursor.next() {
            #expect(field.offset == last && field.count >= 8)
            last = field.offset + field.count
        }
        #expect(last <= end)
        _ = packet.holdsHeaderChain
    }

    private func checkTransport(_ bytes: [UInt8], beyond: Int) {
        if let datagram = try? UDPDatagram(bytes.span, beyond: beyond) {
            let (length, payload) = (datagram.length, datagram.payload.count)
            #expect(payload == min(length, bytes.count) - 8 && length <= bytes.count + beyond)
            _ = datagram.checksumIsValid(source: .unspecifiedV4, destination: .unspecifiedV6)
        }
        if let segment = try? TCPSegment(bytes.span, beyond: beyond) {
            let (header, payload) = (segment.headerCount, segment.payload.count)
            #expect(payload == bytes.count - header)
            let options = TCPOptions(segment.options)
            #expect(options.encodedCount <= 40)
            _ = segment.checksumIsValid(source: .unspecifiedV6, destination: .unspecifiedV4)
        }
    }
}
