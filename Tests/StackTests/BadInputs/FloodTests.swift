import FrameFuzzing
import Memory
import Testing
import Wire

@testable import Stack

/// Floods: memory keeps its bound, tables their limits, and the friend's connection is served while
/// they last.
@Suite("Floods") struct FloodTests {
    /// How many frames a flood has.
    private static var count: UInt32 { isLongRun ? 200_000 : 5_000 }

    /// The attacker's networks are near enough to be answered at once.
    private func stranger(_ number: UInt32) -> IPv4Address {
        IPv4Address(0x0A07_0100 + number % 0xFE00)
    }

    /// Nothing is left that the flood has brought.
    private func end(_ town: Neighbourhood) throws {
        #expect(town.friendIsServed())
        town.wait(.seconds(200))
        #expect(town.answersPing())
        let leftovers = try town.leftovers()
        #expect(leftovers == nil)
    }

    @Test("ARP from ever new senders: the table keeps its limit, and the friend stays in it")
    func arpSenders() throws {
        let town = try Neighbourhood()
        for number in 0..<Self.count {
            var bytes = [UInt8](repeating: 0, count: ARPMessage.byteCount)
            var span = bytes.mutableSpan
            ARPMessage(
                operation: .request,
                senderHardwareAddress: MACAddress(0x0200_0000_0000 | UInt64(number) << 8),
                senderProtocolAddress: stranger(number), targetHardwareAddress: MACAddress(0),
                targetProtocolAddress: IPv4Address(10, 7, 0, 1)
            ).write(to: &span)
            town.inject(town.frame(.arp, bytes))
            if number % 500 == 0 { #expect(town.friendIsServed()) }
        }
        #expect(town.host.neighbours.count <= NeighbourTable.limit)
        try end(town)
    }

    @Test("SYNs from ever new addresses: half-open connections keep their limit (RFC 4987)")
    func syns() throws {
        let town = try Neighbourhood()
        try town.makeAttackerRouter()
        for number in 0..<Self.count {
            town.inject(
                town.segment(
                    .syn, from: IPv4Address(0xC612_0000 + number),
                    port: UInt16(truncatingIfNeeded: number), sequence: number &* 7919))
            if number % 1000 == 0 { #expect(town.friendIsServed()) }
        }
        #expect(town.host.tcp.halfOpens.count <= town.host.network.tcp.halfOpenLimit)
        try end(town)
    }

    @Test("ACKs for connections that nobody has are answered by resets and remembered by nobody")
    func acks() throws {
        let town = try Neighbourhood()
        let sockets = town.host.sockets.count
        for number in 0..<Self.count {
            town.inject(
                town.segment(
                    .ack, port: UInt16(truncatingIfNeeded: number), sequence: number,
                    acknowledgment: number))
            _ = town.takeSeen()
        }
        #expect(town.host.sockets.count == sockets)
        try end(town)
    }

    /// Makes `count` connections; what the host answers is acknowledged once and never again.
    private func connect(_ count: UInt16, to town: Neighbourhood) {
        for port in 0..<count {
            town.inject(town.segment(.syn, port: 10_000 + port, options: [2, 4, 5, 0xB4]))
            var ack = town.segment(.ack, port: 10_000 + port)
            town.rebase(&ack)
            town.inject(ack)
            if let endpoint = try? town.host.accept(town.listener) { town.others.append(endpoint) }
            _ = town.takeSeen()
        }
    }

    @Test("Connections that never send cost no buffer")
    func silent() throws {
        let town = try Neighbourhood()
        #expect(town.answersPing())
        let before = town.pools.available
        connect(1000, to: town)
        #expect(town.others.count == 1000)
        let after = town.pools.available
        #expect(after.frames == before.frames && after.chunks == before.chunks)
        #expect(after.controls == before.controls)
        try end(town)
    }

    @Test("Connections that never read fill their queues and no more; the rest is refused")
    func deaf() throws {
        let town = try Neighbourhood()
        #expect(town.answersPing())
        connect(200, to: town)
        let block = [UInt8](repeating: 1, count: 65536)
        var taken = 0
        for endpoint in town.others {
            do throws(StackError) {
                for _ in 0..<40 { taken += try town.host.send(endpoint, block.span) }
            } catch {
                #expect(error == .wouldBlock)
            }
        }
        town.settle()
        #expect(taken > 0 && taken <= 4 << 20)
        // Those that nobody reads give up in the end, and what they held comes back.
        town.wait(.seconds(600))
        #expect(town.friendIsServed())
        try end(town)
    }

    @Test("Bytes out of order, one a segment, are kept within bounds (CVE-2018-5390)")
    func outOfOrder() throws {
        let town = try Neighbourhood()
        try town.connect()
        for number in 1...min(Self.count, 20_000) {
            var frame = town.segment(.ack, port: 5000, sequence: 2 &* number % 60_000, text: [7])
            town.rebase(&frame)
            town.inject(frame)
            _ = town.takeSeen()
            if number % 1000 == 0 { #expect(town.friendIsServed()) }
        }
        let free = town.pools.available
        #expect(free.chunks > town.pools.capacity.chunks / 2)
        try end(town)
    }

    @Test("Echoes are answered, and errors only as often as the limit allows (RFC 1812 §4.3.2.8)")
    func icmp() throws {
        let town = try Neighbourhood()
        #expect(town.answersPing())
        let before = town.host.counters
        for _ in 0..<Self.count {
            // To a port that nobody has.
            town.inject(town.packet(.udp, [0, 9, 0, 9, 0, 8, 0, 0]))
            _ = town.takeSeen()
        }
        let after = town.host.counters
        let sent = after[.icmpErrorsSent] - before[.icmpErrorsSent]
        let held = after[.icmpRateLimited] - before[.icmpRateLimited]
        #expect(sent < 200 && sent + held == UInt64(Self.count))
        try end(town)
    }

    @Test("Redirects of a whole network: the table of them stays small")
    func redirects() throws {
        let town = try Neighbourhood()
        try town.makeAttackerRouter()
        for number in 0..<Self.count {
            let destination = UInt32(0xC633_6400) &+ number
            var quoted = [UInt8](repeating: 0, count: 28)
            var span = quoted.mutableSpan
            IPv4Header(
                totalCount: 28, proto: .udp, source: IPv4Address(10, 7, 0, 1),
                destination: IPv4Address(destination)
            ).write(to: &span)
            var message = [UInt8](repeating: 0, count: 8) + quoted
            span = message.mutableSpan
            ICMPHeader(type: .redirect, code: 1, rest: 0x0A07_0063).write(toMessage: &span)
            town.inject(town.packet(.icmp, message))
        }
        #expect(town.host.counters[.redirectsTaken] > 0)
        #expect(town.host.routes.count < 16)
        try end(town)
    }

    @Test("Fragments that never complete: bounded, the oldest go first, and all go in time")
    func fragments() throws {
        let town = try Neighbourhood()
        for number in 0..<Self.count {
            var header = [UInt8](repeating: 0, count: 20)
            var span = header.mutableSpan
            IPv4Header(
                totalCount: 1220, identification: UInt16(truncatingIfNeeded: number),
                moreFragments: true, fragmentOffset: Int(number % 8) * 1200, proto: .udp,
                source: stranger(number / 8), destination: IPv4Address(10, 7, 0, 1)
            ).write(to: &span)
            town.inject(
                town.frame(.ipv4, header + [UInt8](repeating: 3, count: 1200)))
            if number % 500 == 0 { #expect(town.friendIsServed()) }
        }
        #expect(town.pools.available.frames > town.pools.capacity.frames / 8)
        try end(town)
    }

    @Test("Datagrams that nobody reads wait up to their limit")
    func datagrams() throws {
        let town = try Neighbourhood()
        for _ in 0..<Self.count {
            town.inject(
                town.packet(.udp, [3, 0xE8, 0, 7, 1, 8, 0, 0] + [UInt8](repeating: 1, count: 256)))
        }
        #expect(town.host.counters[.udpQueueFull] > 0)
        #expect(town.pools.available.frames > 0)
        try end(town)
    }
}
