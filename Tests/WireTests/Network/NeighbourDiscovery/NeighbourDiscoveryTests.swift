import Memory
import Testing
import Wire

@Suite("Messages of neighbour discovery (RFC 4861 §4)")
struct NeighbourDiscoveryTests {
    let from = IPv6Address(high: 0xFE80 << 48, low: 1)
    let to = IPv6Address(high: 0xFE80 << 48, low: 2)
    let target = IPv6Address(high: 0x2001_0DB8 << 32, low: 0x1234)
    let link = bytes("01 01 020000000001")

    let advertisement = bytes(
        """
        86 00 0000 40 c8 0708 00007530 000003e8 01 01 020000000001 05 01 0000 000005dc
        """)
    let solicitation = bytes(
        "87 00 0000 00000000 20010db8 00000000 00000000 00001234 01 01 020000000001")
    let answer = bytes(
        "88 00 0000 60000000 20010db8 00000000 00000000 00001234 02 01 020000000001")
    let redirect = bytes(
        """
        89 00 0000 00000000 fe800000 00000000 00000000 00000009
        20010db8 00000000 00000000 00001234 02 01 020000000009
        04 02 0000 00000000 6000000000000000
        """)

    /// The message with the checksum that RFC 4443 §2.3 asks for.
    private func summed(_ message: [UInt8]) -> [UInt8] {
        let pseudo = bytes(
            """
            fe800000 00000000 00000000 00000001 fe800000 00000000 00000000 00000002
            000000
            """)
        let sum = referenceChecksum(pseudo + [UInt8(message.count), 0, 0, 0, 58] + message)
        return message.with(UInt8(sum >> 8), UInt8(sum & 0xFF), at: 2)
    }

    @Test("a router solicitation is its options")
    func routerSolicitation() throws {
        let message = bytes("85 00 0000 00000000") + link
        let sender = try RouterSolicitationPacket(message.span).options.sourceLinkAddress
        #expect(sender == MACAddress(2, 0, 0, 0, 0, 1))
        let output = written(16) {
            NeighbourDiscoveryOption.sourceLinkAddress(MACAddress(2, 0, 0, 0, 0, 1))
                .write(to: &$0, at: 8)
            ICMPv6Header(type: .routerSolicitation).write(
                toMessage: &$0, source: from, destination: to)
        }
        #expect(output == summed(message))
    }

    @Test("the fields of a router advertisement come from their places")
    func routerAdvertisement() throws {
        let message = try RouterAdvertisementPacket(advertisement.span)
        let (hopLimit, lifetime) = (message.hopLimit, message.lifetime)
        #expect((hopLimit, lifetime) == (64, 1800))
        let (isManaged, hasOther) = (message.isManaged, message.hasOtherConfiguration)
        #expect((isManaged, hasOther) == (true, true))
        let (reachable, retransmit) = (message.reachableTime, message.retransmitTime)
        #expect((reachable, retransmit) == (30_000, 1000))
        let (preference, mtu) = (message.preference, message.options.mtu)
        #expect(preference == .high && mtu == 1500)
    }

    @Test("preferences are two bits in order, the reserved one is medium (RFC 4191 §2.1)")
    func preferences() {
        let all = (UInt8(0)..<4).map { RouterPreference(bits: $0) }
        #expect(all == [.medium, .high, .medium, .low])
        #expect(RouterPreference.low < .medium && RouterPreference.medium < .high)
    }

    @Test("a router advertisement is written in front of its options")
    func writeAdvertisement() {
        let options = Array(advertisement.dropFirst(16))
        var output = [UInt8](repeating: 0xEE, count: 16) + options
        var span = output.mutableSpan
        RouterAdvertisement(
            isManaged: true, hasOtherConfiguration: true, preference: .high, lifetime: 1800,
            reachableTime: 30_000, retransmitTime: 1000
        ).write(toMessage: &span, source: from, destination: to)
        #expect(output == summed(advertisement))
    }

    @Test("a neighbour solicitation is read and written")
    func neighbourSolicitation() throws {
        let message = try NeighbourSolicitationPacket(solicitation.span)
        let (asked, sender) = (message.target, message.options.sourceLinkAddress)
        #expect(asked == target && sender == MACAddress(2, 0, 0, 0, 0, 1))
        var output = [UInt8](repeating: 0xEE, count: 24) + link
        var span = output.mutableSpan
        NeighbourSolicitation(target: target).write(
            toMessage: &span, source: from, destination: to)
        #expect(output == summed(solicitation))
    }

    @Test("a neighbour advertisement is read and written")
    func neighbourAdvertisement() throws {
        let message = try NeighbourAdvertisementPacket(answer.span)
        let (told, owner) = (message.target, message.options.targetLinkAddress)
        #expect(told == target && owner == MACAddress(2, 0, 0, 0, 0, 1))
        let flags = (message.isRouter, message.isSolicited, message.overrides)
        #expect(flags == (false, true, true))
        var output = [UInt8](repeating: 0xEE, count: 24) + answer.dropFirst(24)
        var span = output.mutableSpan
        NeighbourAdvertisement(
            target: target, isRouter: false, isSolicited: true, overrides: true
        ).write(toMessage: &span, source: from, destination: to)
        #expect(output == summed(answer))
    }

    @Test("the flags of an advertisement are told apart", arguments: 0..<8)
    func flags(bits: UInt8) throws {
        let bytes = answer.with(bits << 5 | 0x1F, at: 4)
        let message = try NeighbourAdvertisementPacket(bytes.span)
        let flags = (message.isRouter, message.isSolicited, message.overrides)
        #expect(flags == (bits & 4 != 0, bits & 2 != 0, bits & 1 != 0))
        let output = written(24) {
            NeighbourAdvertisement(
                target: target, isRouter: flags.0, isSolicited: flags.1, overrides: flags.2
            ).write(toMessage: &$0, source: from, destination: to)
        }
        #expect(output[4] == bits << 5)
    }

    @Test("a redirect is read and written, with the packet it is about")
    func redirects() throws {
        let message = try RedirectPacket(redirect.span)
        let (router, destination) = (message.target, message.destination)
        #expect(router == IPv6Address("fe80::9") && destination == target)
        let (quoted, owner) = (
            copy(message.options.redirectedPacket), message.options.targetLinkAddress
        )
        #expect(quoted == bytes("6000000000000000"))
        #expect(owner == MACAddress(2, 0, 0, 0, 0, 9))
        var output = [UInt8](repeating: 0xEE, count: 40) + redirect.dropFirst(40)
        for offset in 48..<56 { output[offset] = 0xEE }
        var span = output.mutableSpan
        RedirectMessage.writeQuoteHeader(to: &span, at: 48, count: 16)
        RedirectMessage(target: router, destination: target).write(
            toMessage: &span, source: from, destination: to)
        #expect(output == summed(redirect))
    }

    @Test("every truncation of the fixed fields, and an option of length zero, is refused (§7.1)")
    func truncated() {
        for count in 0..<72 {
            check(advertisement, count, fixed: 16) { _ = try RouterAdvertisementPacket($0.span) }
            check(solicitation, count, fixed: 24) { _ = try NeighbourSolicitationPacket($0.span) }
            check(answer, count, fixed: 24) { _ = try NeighbourAdvertisementPacket($0.span) }
            check(redirect, count, fixed: 40) { _ = try RedirectPacket($0.span) }
            check(bytes("85 00 0000 00000000") + link, count, fixed: 8) {
                _ = try RouterSolicitationPacket($0.span)
            }
        }
    }

    /// Every cut and every option of length zero is refused for its reason. All options but the
    /// redirected header take eight bytes.
    private func check(
        _ message: [UInt8], _ count: Int, fixed: Int, _ read: ([UInt8]) throws -> Void
    ) {
        guard count <= message.count else { return }
        let short = Array(message.prefix(count))
        let isWhole = (count - fixed) % 8 == 0 && !(message[0] == 137 && count == 56)
        let expected: WireError? = count < fixed ? .truncated : isWhole ? nil : .badOption
        #expect(refusal { try read(short) } == expected)
        if count > fixed {
            let zero = message.with(0, at: fixed + 1)
            #expect(refusal { try read(zero) } == .badOption)
        }
    }
}
