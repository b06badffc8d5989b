import Equipment
import Memory
import Testing
import Wire

@Suite("What whoever is denied is told")
struct RejectionTests {
    @Test(
        "a SYN is reset, with the numbers of RFC 9293",
        arguments: ["192.0.2.1:80", "[2001:db8::1]:80"])
    func resets(peer: String) throws {
        let fence = try Fence("deny out")
        let talk = try Talk(to: peer)
        let isIPv4 = talk.to.address.isIPv4
        let answer = try #require(try fence.answer(to: talk.tcp(.syn, sequence: 1000)))
        let payload = answer.span.extracting(droppingFirst: isIPv4 ? 20 : 40)
        let segment = try TCPSegment(payload)
        let (source, destination) = (segment.sourcePort, segment.destinationPort)
        #expect(source == 80 && destination == 40_000)
        let (flags, sequence, acknowledgment) = (
            segment.flags, segment.sequence.rawValue, segment.acknowledgment.rawValue
        )
        #expect(flags == [.rst, .ack] && sequence == 0 && acknowledgment == 1001)
        let isValid = segment.checksumIsValid(
            source: talk.to.address, destination: talk.from.address)
        #expect(isValid)
        if isIPv4 {
            let packet = try IPv4Packet(answer.span)
            let (from, to, valid) = (
                packet.source, packet.destination, packet.checksumIsValid
            )
            #expect(from == talk.to.address.v4 && to == talk.from.address.v4 && valid)
        } else {
            let packet = try IPv6Packet(answer.span)
            let (from, to) = (packet.source, packet.destination)
            #expect(from == talk.to.address.v6 && to == talk.from.address.v6)
        }
    }

    @Test("a segment that acknowledges is reset where it acknowledges")
    func midstream() throws {
        let fence = try Fence("deny out")
        let talk = try Talk(to: "192.0.2.1:80")
        let answer = try #require(
            try fence.answer(to: talk.tcp(.ack, sequence: 5, acknowledgment: 777, text: 10)))
        let segment = try TCPSegment(answer.span.extracting(droppingFirst: 20))
        let (flags, sequence) = (segment.flags, segment.sequence.rawValue)
        #expect(flags == .rst && sequence == 777)
    }

    @Test("all else is prohibited, the packet quoted as far as RFC 1812 and RFC 4443 let it")
    func prohibitions() throws {
        let fence = try Fence("deny out")
        let v4 = try Talk(to: "192.0.2.1:53")
        let answer = try #require(try fence.answer(to: v4.udp(900)))
        #expect(answer.count == 576)
        let packet = try IPv4Packet(answer.span)
        let message = try ICMPMessage(packet.payload)
        let (type, code, valid) = (message.type, message.code, message.checksumIsValid)
        #expect(type == .destinationUnreachable && code == 13 && valid)
        #expect(Array(answer[28...]) == Array(v4.udp(900)[..<548]))

        let v6 = try Talk(to: "[2001:db8::1]:53")
        let answerV6 = try #require(try fence.answer(to: v6.udp(400)))
        let messageV6 = try ICMPv6Message(answerV6.span.extracting(droppingFirst: 40))
        let (typeV6, codeV6, validV6) = (
            messageV6.type, messageV6.code,
            messageV6.checksumIsValid(source: v6.to.address.v6, destination: v6.from.address.v6)
        )
        #expect(typeV6 == .destinationUnreachable && codeV6 == 1 && validV6)
        #expect(Array(answerV6[48...]) == v6.udp(400))
    }

    @Test("an answer goes back to the station that the frame came from")
    func frames() throws {
        let fence = try Fence("deny out")
        let header: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00]
        let frame = header + (try Talk(to: "192.0.2.1:80")).tcp(.syn)
        let answer = try #require(try fence.answer(to: frame, ethernet: true))
        #expect(Array(answer[..<14]) == [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00])
        #expect(answer.count == 54)
        var broadcast = frame
        for place in 0..<6 { broadcast[place] = 0xFF }
        let none = try fence.answer(to: broadcast, ethernet: true)
        #expect(none == nil)
    }

    @Test("resets, errors, groups, later fragments and nobody get no answer")
    func noAnswer() throws {
        let fence = try Fence("deny out")
        let talk = try Talk(to: "192.0.2.1:80")
        var anonymous = talk
        anonymous.from.address = .unspecifiedV4
        let unanswered = [
            talk.tcp(.rst), talk.icmp(type: 3, quoting: talk.reversed.udp()),
            try Talk(to: "224.0.0.5:80").udp(), try Talk(to: "[ff02::5]:80").udp(),
            try Talk(to: "255.255.255.255:80").udp(), anonymous.udp(),
            talk.fragment(
                .udp, [UInt8](repeating: 0, count: 64), offset: 64, more: false,
                identification: 1),
        ]
        for bytes in unanswered {
            let answer = try fence.answer(to: bytes)
            #expect(answer == nil)
        }
    }
}
