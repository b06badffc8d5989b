import Memory
import Testing
import Wire

@Suite("ICMP (RFC 792)")
struct ICMPTests {
    /// An echo request with identifier 0x1234, number 7 and an odd payload.
    let echo = bytes("08 00 e5f3 1234 0007 70696e6721")

    @Test("fields come from their places")
    func fields() throws {
        let message = try ICMPMessage(echo.span)
        let (type, code, checksum, rest) = (
            message.type, message.code, message.checksum, message.rest
        )
        #expect(type == .echoRequest)
        #expect((code, checksum, rest) == (0, 0xE5F3, 0x1234_0007))
        let (identifier, number) = (message.identifier, message.sequenceNumber)
        #expect((identifier, number) == (0x1234, 7))
        let (payload, count) = (copy(message.payload), message.payloadCount)
        #expect(payload == Array("ping!".utf8))
        #expect(count == 5)
    }

    @Test("the rest is read as the type asks")
    func rest() throws {
        let bytes = bytes("05 01 0000 c0000205")
        let message = try ICMPMessage(bytes.span)
        let (gateway, pointer, mtu, code) = (
            message.gateway, message.pointer, message.nextHopMTU, message.code
        )
        #expect(gateway == IPv4Address(192, 0, 2, 5))
        #expect((pointer, mtu, code) == (192, 0x0205, 1))
    }

    @Test("every truncation of the header is refused", arguments: 0..<8)
    func truncated(count: Int) {
        let short = Array(echo.prefix(count))
        #expect(refusal { _ = try ICMPMessage(short.span) } == .truncated)
        #expect(refusal { _ = try ICMPMessage(short.span, beyond: 8) } == .truncated)
    }

    @Test("any one wrong byte breaks the checksum", arguments: 0..<13)
    func checksum(offset: Int) throws {
        let right = try ICMPMessage(echo.span).checksumIsValid
        #expect(right)
        let bytes = echo.with(echo[offset] ^ 0x10, at: offset)
        let wrong = try ICMPMessage(bytes.span).checksumIsValid
        #expect(!wrong)
    }

    @Test("the sum goes on over bytes that lie elsewhere", arguments: 8...13)
    func beyond(count: Int) throws {
        let (head, tail) = (Array(echo.prefix(count)), Array(echo.dropFirst(count)))
        let message = try ICMPMessage(head.span, beyond: tail.count)
        var sum = message.sum()
        sum.add(tail.span)
        #expect(sum.value == 0)
        let (inside, all) = (message.payload.count, message.payloadCount)
        #expect((inside, all) == (count - 8, 5))
    }

    @Test("a whole message is written with its checksum, whatever stood there")
    func writeMessage() {
        var bytes = echo.with(0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xAA, 0xBB, at: 0)
        var span = bytes.mutableSpan
        ICMPHeader.echoRequest(identifier: 0x1234, sequenceNumber: 7).write(toMessage: &span)
        #expect(bytes == echo)
    }

    @Test("a header is written with the checksum it was given, to its 8 bytes and no others")
    func write() {
        let header = ICMPHeader(
            type: .echoRequest, code: 0, rest: 0x1234_0007, checksum: 0xE5F3)
        let output = written(9) { header.write(to: &$0) }
        #expect(output == Array(echo.prefix(8)) + [0xEE])
        #expect(output[ICMPHeader.checksumOffset] == 0xE5)
    }

    @Test(
        "each message has its type, code and rest",
        arguments: [
            (.echoRequest(identifier: 1, sequenceNumber: 2), "0800 0000 00010002"),
            (.echoReply(identifier: 0xFFFF, sequenceNumber: 0xFFFE), "0000 0000 fffffffe"),
            (.destinationUnreachable(.port), "0303 0000 00000000"),
            (.destinationUnreachable(.fragmentationNeeded, nextHopMTU: 1492), "0304 0000 000005d4"),
            (.timeExceeded(.timeToLive), "0b00 0000 00000000"),
            (.timeExceeded(.reassembly), "0b01 0000 00000000"),
            (.parameterProblem(pointer: 20), "0c00 0000 14000000"),
        ] as [(ICMPHeader, String)])
    func messages(header: ICMPHeader, expected: String) {
        let output = written(8) { header.write(to: &$0) }
        #expect(output == bytes(expected))
    }

    @Test("errors are told from other messages (RFC 1122 §3.2.2)")
    func errors() {
        let errors = (UInt8.min...UInt8.max).filter { ICMPType(rawValue: $0).isError }
        let named: [ICMPType] = [
            .destinationUnreachable, .sourceQuench, .redirect, .timeExceeded, .parameterProblem,
        ]
        #expect(errors == named.map(\.rawValue))
        #expect(errors == [3, 4, 5, 11, 12])
    }

    @Test("types and codes have their numbers (IANA)")
    func numbers() {
        let types = [ICMPType.echoReply, .echoRequest, .timestampRequest, .timestampReply]
        #expect(types.map(\.rawValue) == [0, 8, 13, 14])
        let codes: [ICMPUnreachableCode] = [
            .network, .host, .proto, .port, .fragmentationNeeded, .sourceRouteFailed,
            .networkUnknown, .hostUnknown, .networkProhibited, .hostProhibited,
            .communicationProhibited,
        ]
        #expect(codes.map(\.rawValue) == [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 13])
    }

    @Test("a packet quoted by an error is read at every length", arguments: 0...36)
    func quotes(count: Int) {
        let quoted = bytes(
            """
            4500 05dc 0001 4000 4006 b000 0a070001 0a070002
            1f90 9c40 01020304 05060708 5010 ffff
            """)
        let error = bytes("0303 0000 00000000") + quoted.prefix(count)
        let refused = refusal {
            let message = try ICMPMessage(error.span)
            let packet = try IPv4Packet(quoted: message.payload)
            _ = try TransportQuote(packet.payload)
        }
        #expect(refused == (count < 28 ? .truncated : nil))
    }
}
