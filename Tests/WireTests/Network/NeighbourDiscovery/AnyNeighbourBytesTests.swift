import Memory
import Testing
import Wire

/// Whatever the bytes are, a message of neighbour discovery is refused or keeps within them.
@Suite("Any bytes as neighbour discovery")
struct AnyNeighbourBytesTests {
    private static let messages = [
        bytes("86 00 0000 40 00 0708 00000000 00000000 01 01 020000000001 03 04 40 c0 00000e10")
            + bytes("00000708 00000000 20010db8 00000000 00000000 00000000"),
        bytes("88 00 0000 60000000") + [UInt8](repeating: 0, count: 36)
            + bytes("19 03 0000 00000708 20010db8 00000000 00000000 00000035"),
        bytes("89 00 0000 00000000") + [UInt8](repeating: 9, count: 32)
            + bytes("04 02 0000 00000000 6000000000000000"),
    ]

    @Test("one wrong byte anywhere does no harm", arguments: messages)
    func mutations(message: [UInt8]) {
        for offset in message.indices {
            for value in UInt8.min...UInt8.max { check(message.with(value, at: offset)) }
        }
    }

    @Test("random options do no harm", arguments: 0..<16)
    func random(seed: UInt64) {
        var random = TestRandom(seed: seed)
        for _ in 0..<2000 {
            let count = Int.random(in: 0...120, using: &random)
            var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            // Lengths that may be right, at the places of first options.
            for offset in [9, 17, 25, 41] where offset < count { bytes[offset] &= 7 }
            check(bytes)
        }
    }

    private func check(_ bytes: [UInt8]) {
        if let message = try? ICMPv6Message(bytes.span) {
            let (inside, all) = (message.payload.count, message.payloadCount)
            #expect(inside == bytes.count - 8 && all == inside)
            _ = message.checksumIsValid(source: .allNodes, destination: .allRouters)
        }
        if let message = try? RouterSolicitationPacket(bytes.span) { check(message.options) }
        if let message = try? RouterAdvertisementPacket(bytes.span) { check(message.options) }
        if let message = try? NeighbourSolicitationPacket(bytes.span) { check(message.options) }
        if let message = try? NeighbourAdvertisementPacket(bytes.span) { check(message.options) }
        if let message = try? RedirectPacket(bytes.span) { check(message.options) }
    }

    /// Walks all that the options hold; the walks end.
    private func check(_ options: borrowing NeighbourDiscoveryOptions) {
        _ = (options.sourceLinkAddress, options.targetLinkAddress, options.mtu, options.nonce)
        _ = options.redirectedPacket.count
        var offset = 0
        var count = 0
        while options.nextPrefix(&offset) != nil { count += 1 }
        offset = 0
        while let servers = options.nextRecursiveServers(&offset) {
            for index in 0..<servers.count { _ = options.server(index, of: servers) }
            count += 1
        }
        #expect(count <= 20)
    }
}
