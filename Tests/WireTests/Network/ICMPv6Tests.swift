import Memory
import Testing
import Wire

@Suite("ICMPv6 (RFC 4443)")
struct ICMPv6Tests {
    let source = IPv6Address(high: 0xFE80 << 48, low: 1)
    let destination = IPv6Address(high: 0xFE80 << 48, low: 2)
    /// An echo request with identifier 0x1234, number 7 and an odd payload.
    let echo = bytes("80 00 70a7 1234 0007 70696e6721")

    /// The checksum as RFC 8200 §8.1 defines it, a word at a time.
    private func reference(_ message: [UInt8]) -> UInt16 {
        let pseudo = bytes(
            """
            fe80 0000 0000 0000 0000 0000 0000 0001 fe80 0000 0000 0000 0000 0000 0000 0002
            0000 00\(message.count < 16 ? "0" : "")\(String(message.count, radix: 16)) 0000 003a
            """)
        return referenceChecksum(pseudo + message)
    }

    @Test("fields come from their places")
    func fields() throws {
        let message = try ICMPv6Message(echo.span)
        let (type, code, checksum, rest) = (
            message.type, message.code, message.checksum, message.rest
        )
        #expect(type == .echoRequest)
        #expect((code, checksum, rest) == (0, 0x70A7, 0x1234_0007))
        let (identifier, number) = (message.identifier, message.sequenceNumber)
        #expect((identifier, number) == (0x1234, 7))
        let (payload, count) = (copy(message.payload), message.payloadCount)
        #expect(payload == Array("ping!".utf8))
        #expect(count == 5)
        let (mtu, pointer) = (message.mtu, message.pointer)
        #expect((mtu, pointer) == (0x1234_0007, 0x1234_0007))
    }

    @Test("every truncation of the header is refused", arguments: 0..<8)
    func truncated(count: Int) {
        let short = Array(echo.prefix(count))
        #expect(refusal { _ = try ICMPv6Message(short.span) } == .truncated)
        #expect(refusal { _ = try ICMPv6Message(short.span, beyond: 8) } == .truncated)
    }

    @Test("the checksum covers the pseudo-header (§2.3), and any one wrong byte breaks it")
    func checksum() throws {
        #expect(reference(echo) == 0)
        let message = try ICMPv6Message(echo.span)
        let right = message.checksumIsValid(source: source, destination: destination)
        #expect(right)
        let elsewhere = message.checksumIsValid(source: source, destination: source)
        #expect(!elsewhere)
        for offset in echo.indices {
            let bytes = echo.with(echo[offset] ^ 0x10, at: offset)
            let wrong = try ICMPv6Message(bytes.span)
                .checksumIsValid(source: source, destination: destination)
            #expect(!wrong)
        }
    }

    @Test("the sum goes on over bytes that lie elsewhere", arguments: 8...13)
    func beyond(count: Int) throws {
        let (head, tail) = (Array(echo.prefix(count)), Array(echo.dropFirst(count)))
        let message = try ICMPv6Message(head.span, beyond: tail.count)
        var sum = message.sum(source: source, destination: destination)
        sum.add(tail.span)
        #expect(sum.value == 0)
        let (inside, all) = (message.payload.count, message.payloadCount)
        #expect((inside, all) == (count - 8, 5))
    }

    @Test("a whole message is written with its checksum, whatever stood there")
    func writeMessage() {
        var bytes = echo.with(0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xAA, 0xBB, at: 0)
        var span = bytes.mutableSpan
        ICMPv6Header.echoRequest(identifier: 0x1234, sequenceNumber: 7).write(
            toMessage: &span, source: source, destination: destination)
        #expect(bytes == echo)
    }

    @Test(
        "each message has its type, code and rest",
        arguments: [
            (.echoRequest(identifier: 1, sequenceNumber: 2), "8000 0000 00010002"),
            (.echoReply(identifier: 0xFFFF, sequenceNumber: 0xFFFE), "8100 0000 fffffffe"),
            (.destinationUnreachable(.port), "0104 0000 00000000"),
            (.packetTooBig(mtu: 1280), "0200 0000 00000500"),
            (.timeExceeded(.hopLimit), "0300 0000 00000000"),
            (.timeExceeded(.reassembly), "0301 0000 00000000"),
            (.parameterProblem(.erroneousField, pointer: 6), "0400 0000 00000006"),
            (.parameterProblem(.unknownNextHeader, pointer: 40), "0401 0000 00000028"),
            (.parameterProblem(.unknownOption, pointer: 42), "0402 0000 0000002a"),
            (.parameterProblem(.incompleteHeaderChain, pointer: 0), "0403 0000 00000000"),
        ] as [(ICMPv6Header, String)])
    func messages(header: ICMPv6Header, expected: String) {
        let output = written(9) { header.write(to: &$0) }
        #expect(output == bytes(expected) + [0xEE])
    }

    @Test("types, codes and what they are for (§2.1, IANA)")
    func numbers() {
        let errors = (UInt8.min...UInt8.max).filter { ICMPv6Type(rawValue: $0).isError }
        #expect(errors == Array(0...127))
        let discovery = (UInt8.min...UInt8.max).filter {
            ICMPv6Type(rawValue: $0).isNeighbourDiscovery
        }
        #expect(discovery == Array(133...137))
        let types: [ICMPv6Type] = [
            .destinationUnreachable, .packetTooBig, .timeExceeded, .parameterProblem,
            .echoRequest, .echoReply, .multicastListenerQuery, .multicastListenerReport,
            .multicastListenerDone, .routerSolicitation, .routerAdvertisement,
            .neighbourSolicitation, .neighbourAdvertisement, .redirect,
            .multicastListenerReportV2,
        ]
        #expect(
            types.map(\.rawValue) == [
                1, 2, 3, 4, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 143,
            ])
        let codes: [ICMPv6UnreachableCode] = [
            .noRoute, .prohibited, .beyondScope, .address, .port, .sourcePolicy, .rejectedRoute,
        ]
        #expect(codes.map(\.rawValue) == Array(0...6))
    }

    @Test("a packet quoted by an error is read at every length", arguments: 0...60)
    func quotes(count: Int) {
        let quoted = bytes(
            """
            6000 0000 05dc 06 40 20010db8 00000000 00000000 00000001
            20010db8 00000000 00000000 00000002 1f90 9c40 01020304 05060708 5010 ffff
            """)
        let error = bytes("0104 0000 00000000") + quoted.prefix(count)
        let refused = refusal {
            let message = try ICMPv6Message(error.span)
            let packet = try IPv6Packet(quoted: message.payload)
            _ = try TransportQuote(packet.payload)
        }
        #expect(refused == (count < 48 ? .truncated : nil))
    }
}
