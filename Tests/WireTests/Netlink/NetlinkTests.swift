import Memory
import Testing
import Wire

/// Messages between a host and its programs (RFC 3549 §2.2; Linux's netlink.h and rtnetlink.h).
@Suite("Netlink messages") struct NetlinkTests {
    /// `ip route get 1.1.1.1` as it goes to the kernel: RTM_GETROUTE with one attribute.
    private let request = bytes(
        """
        24000000 1a00 0100 09000000 00000000
        02 20 00 00 00 00 00 00 00000000
        0800 0100 01010101
        """)

    @Test("A request is read where it lies")
    func reading() throws {
        let message = try NetlinkMessage((request + [9, 9]).span)
        let (type, flags) = (message.type, message.flags)
        let (length, next) = (message.length, message.alignedLength)
        let (sequence, port) = (message.sequence, message.portID)
        #expect(type == .getRoute && flags == .request && sequence == 9 && port == 0)
        #expect(length == 36 && next == 36)
        let payload = copy(message.payload)
        let route = try RouteMessageHeader(payload.span)
        #expect(route.family == NetlinkFamily.inet && route.destinationLength == 32)
        var attributes = NetlinkAttributes(payload.span.extracting(droppingFirst: 12))
        let found = try #require(try attributes.next())
        #expect(found == NetlinkAttribute(type: RouteAttribute.destination, value: 4..<8))
        let address = NetlinkFamily.address(payload.span.extracting(16..<20))
        #expect(address == .v4(1, 1, 1, 1))
        #expect(try attributes.next() == nil)
    }

    @Test("Lengths that are not the message's are refused")
    func lengths() {
        for count in 0..<16 {
            let short = Array(request.prefix(count))
            #expect(refusal { _ = try NetlinkMessage(short.span) } == .truncated)
        }
        for length: UInt8 in [0, 15, 37, 255] {
            let wrong = request.with(length, at: 0)
            #expect(refusal { _ = try NetlinkMessage(wrong.span) } == .lengthMismatch)
        }
        let huge = request.with(255, 255, 255, 255, at: 0)
        #expect(refusal { _ = try NetlinkMessage(huge.span) } == .lengthMismatch)
        for count in 0..<12 {
            let short = Array(request[16..<16 + count])
            #expect(refusal { _ = try RouteMessageHeader(short.span) } == .truncated)
            #expect(refusal { _ = try NeighbourMessageHeader(short.span) } == .truncated)
            #expect(refusal { _ = try LinkMessageHeader(short.span) } == .truncated)
            #expect(refusal { _ = try DiagnosisRequest(short.span) } == .truncated)
        }
        #expect(refusal { _ = try AddressMessageHeader([1, 2, 3].span) } == .truncated)
    }

    @Test("An attribute that is shorter than its header or longer than what is left is refused")
    func attributes() throws {
        for text in ["0300 0100", "0900 0100 01010101", "0000 0000 00000000"] {
            let wrong = bytes(text)
            #expect(
                refusal {
                    var attributes = NetlinkAttributes(wrong.span)
                    _ = try attributes.next()
                } == .badOption)
        }
        // Values are padded, the last one need not be; two bits say how a value is laid out.
        let three = bytes("0500 0280 aa000000 0400 0340 0600 0400 bbcc")
        var walk = NetlinkAttributes(three.span)
        #expect(try walk.next() == NetlinkAttribute(type: 2, value: 4..<5))
        #expect(try walk.next() == NetlinkAttribute(type: 3, value: 12..<12))
        #expect(try walk.next() == NetlinkAttribute(type: 4, value: 16..<18))
        #expect(try walk.next() == nil)
    }

    @Test("What is written is what the kernel wrote")
    func writing() throws {
        var writer = NetlinkWriter()
        let header = NetlinkHeader(type: .getRoute, flags: .request, sequence: 9)
        var route = RouteMessageHeader()
        route.family = NetlinkFamily.inet
        route.destinationLength = 32
        writer.message(header) { writer in
            route.write(to: &writer)
            writer.attribute(RouteAttribute.destination, .v4(1, 1, 1, 1))
        }
        #expect(writer.bytes == request)
        // The address of a loopback, from the kernel's answer to `ip addr`.
        var address = AddressMessageHeader()
        address.family = NetlinkFamily.inet
        address.prefixLength = 8
        address.flags = 0x80
        address.scope = 254
        address.index = 1
        writer = NetlinkWriter()
        let answer = NetlinkHeader(
            type: .newAddress, flags: .multi, sequence: 7, portID: 3813)
        writer.message(answer) { writer in
            address.write(to: &writer)
            writer.attribute(AddressAttribute.address, .v4(127, 0, 0, 1))
            writer.attribute(AddressAttribute.local, .v4(127, 0, 0, 1))
            writer.attribute(AddressAttribute.label, text: "lo")
            writer.attribute(AddressAttribute.flags, UInt32(0x80))
        }
        let wanted = bytes(
            """
            38000000 1400 0200 07000000 e50e0000
            02 08 80 fe 01000000
            0800 0100 7f000001 0800 0200 7f000001 0700 0300 6c6f0000 0800 0800 80000000
            """)
        #expect(writer.bytes == wanted)
        #expect(try AddressMessageHeader(wanted.span.extracting(droppingFirst: 16)) == address)
    }

    @Test("A socket that was written is read again, with its addresses of either family")
    func diagnosis() throws {
        for (family, text) in [(NetlinkFamily.inet, "10.1.2.3"), (NetlinkFamily.inet6, "2001::9")] {
            var answer = DiagnosisAnswer()
            answer.family = family
            answer.state = 1
            answer.localPort = 80
            answer.remotePort = 0x1234
            answer.local = try #require(IPAddress(text))
            answer.remote = answer.local
            answer.interface = 2
            answer.cookie = 0x1122_3344_5566
            answer.receiveQueue = 7
            answer.sendQueue = 8
            answer.inode = 99
            var writer = NetlinkWriter()
            answer.write(to: &writer)
            #expect(writer.count == DiagnosisAnswer.byteCount)
            let again = try DiagnosisAnswer(writer.bytes.span)
            #expect(again == answer)
            #expect(Array(writer.bytes[4..<8]) == [0, 80, 0x12, 0x34])
        }
    }
}
