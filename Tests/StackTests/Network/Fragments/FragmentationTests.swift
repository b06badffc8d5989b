import Memory
import Testing
import Wire

@testable import Stack

@Suite("Fragmentation (RFC 791 §3.2, RFC 8200 §4.5)")
struct FragmentationTests {
    private func echoWhole(_ links: IPLinks, _ family: Family, _ count: Int) -> [UInt8] {
        let echo = family.echo(count)
        if family.headerCount + echo.count <= 1500 {
            links.inject(IPLinks.packet(family.proto, from: family.peer, to: family.host, echo))
        } else {
            links.inject(all: family.cut(echo, every: 1448))
        }
        return echo
    }

    @Test("echoes of every size leave in pieces that fit", arguments: Family.allCases)
    func everySize(family: Family) throws {
        let mtu = family == .v4 ? 68 : 1280
        let links = Family.links(mtu: mtu)
        let room = (mtu - family.fragmentHeaderCount) / 8 * 8
        let sizes = family == .v4 ? Array(0...200) : Array(1200...1300) + Array(2440...2480)
        for count in sizes {
            let echo = echoWhole(links, family, count)
            let whole = try #require(Rejoined(links.takeAll()), "\(count)")
            #expect(whole.payload[8...] == echo[8...])
            #expect(whole.longest <= mtu)
            let fits = echo.count + family.headerCount <= mtu
            #expect(whole.fragments == (fits ? 1 : (echo.count + room - 1) / room))
        }
        #expect(links.host.counters.dropped == 0)
        #expect(links.isClean)
    }

    @Test(
        "the largest datagram leaves in pieces", arguments: Family.allCases,
        [576, 1280, 1500, 9000, 65_535])
    func largest(family: Family, mtu: Int) throws {
        guard family == .v4 || mtu >= 1280 else { return }
        let links = Family.links(mtu: mtu)
        let most = family == .v4 ? 65_507 : 65_527
        let echo = echoWhole(links, family, most)
        let whole = try #require(Rejoined(links.takeAll()))
        #expect(whole.payload[8...] == echo[8...])
        #expect(whole.longest <= mtu)
        #expect(
            links.host.counters[.fragmentsSent]
                == UInt64(mtu == 65_535 && family == .v4 ? 0 : whole.fragments))
        #expect(links.isClean)
    }

    @Test(
        "two hosts and a narrow link between them: pings of every size", arguments: Family.allCases)
    func pings(family: Family) throws {
        let wire = NarrowLink(family, mtu: family == .v4 ? 296 : 1280)
        let sizes =
            Array(0...50) + Array(stride(from: 51, to: 65_400, by: 971)) + Array(65_480...65_507)
        for count in sizes {
            wire.ping(count)
            #expect(wire.two.counters[.icmpEchoesAnswered] == wire.sent, "\(count)")
            #expect(wire.answers == wire.sent, "\(count)")
        }
        #expect(wire.one.counters[.datagramsReassembled] > 90)
        #expect(wire.two.counters[.datagramsReassembled] > 90)
        #expect(wire.isClean)
    }

    @Test(
        "UDP datagrams of 65,507 bytes cross a narrow link in both families",
        arguments: Family.allCases)
    func datagrams(family: Family) throws {
        let wire = NarrowLink(family, mtu: family == .v4 ? 576 : 1280)
        for count in [1, 1000, 9000, 65_507] {
            #expect(try wire.datagram(count), "\(count)")
        }
        #expect(wire.isClean)
    }

    @Test("later fragments carry the copied options only (RFC 791 §3.1)")
    func copiedOptions() throws {
        let links = IPLinks(
            [["192.0.2.1/24"], ["198.51.100.1/24"]], forwards: true, mtus: [1500, 296])
        let options: [UInt8] = [148, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0]
        let data = (0..<600).map { UInt8(truncatingIfNeeded: $0) }
        var packet = [UInt8](repeating: 0, count: 32) + data
        var span = packet.mutableSpan
        IPv4Header(
            totalCount: 632, identification: 99, timeToLive: 9, proto: .udp,
            source: IPv4Address(192, 0, 2, 2), destination: IPv4Address(198, 51, 100, 2)
        ).write(to: &span, options: options.span)
        links.inject(packet)
        let fragments = links.takeAll(on: 1)
        let whole = try #require(Rejoined(fragments))
        #expect(whole.payload == data && whole.fragments == 3 && whole.longest <= 296)
        #expect(Array(whole.header[20...]) == [148, 4, 0, 0, 7, 7, 8, 198, 51, 100, 1, 0])
        #expect(Array(whole.lastHeader[20...]) == [148, 4, 0, 0])
        for fragment in fragments {
            let place = Rejoined.place(fragment)
            let view = try IPv4Packet(fragment.bytes.span)
            let (isValid, hops) = (view.checksumIsValid, view.timeToLive)
            #expect(place.identification == 99 && isValid && hops == 8)
        }
    }

    @Test("a fragment is cut again where the way is narrower still")
    func cutAgain() throws {
        let links = IPLinks(
            [["192.0.2.1/24"], ["198.51.100.1/24"]], forwards: true, mtus: [1500, 296])
        var packets: [[UInt8]] = []
        let data = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 3) }
        for start in stride(from: 0, to: 1000, by: 400) {
            let end = min(start + 400, 1000)
            var bytes = [UInt8](repeating: 0, count: 20) + data[start..<end]
            let count = UInt16(bytes.count)
            var span = bytes.mutableSpan
            IPv4Header(
                totalCount: count, identification: 5, moreFragments: end < 1000,
                fragmentOffset: start, proto: .udp, source: IPv4Address(192, 0, 2, 2),
                destination: IPv4Address(198, 51, 100, 2)
            ).write(to: &span)
            packets.append(bytes)
        }
        links.inject(all: packets)
        let whole = try #require(Rejoined(links.takeAll(on: 1)))
        #expect(whole.payload == data && whole.fragments == 5)
    }

    @Test("a router does not cut what says DF, nor IPv6; it tells the sender the MTU")
    func tooBig() throws {
        let links = IPLinks(
            [["192.0.2.1/24", "2001:db8::1/64"], ["198.51.100.1/24", "2001:db8:1::1/64"]],
            forwards: true, mtus: [1500, 1300])
        let data = [UInt8](repeating: 0, count: 1400)
        links.inject(
            IPLinks.packet(
                .udp, from: "192.0.2.2", to: "198.51.100.2", dontFragment: true, data))
        let error = try #require(links.take())
        #expect(error.payload[0...1] == [3, 4] && error.payload[6...7] == [5, 20])
        links.inject(IPLinks.packet(.udp, from: "2001:db8::2", to: "2001:db8:1::2", data))
        let errorV6 = try #require(links.take())
        #expect(errorV6.payload[0...1] == [2, 0] && errorV6.payload[4...7] == [0, 0, 5, 20])
        #expect(links.take(on: 1) == nil)
        #expect(links.drops(.packetTooBig) == 2)
        links.inject(
            IPLinks.packet(
                .udp, from: "192.0.2.2", to: "198.51.100.2", dontFragment: false, data))
        let whole = try #require(Rejoined(links.takeAll(on: 1)))
        #expect(whole.payload == data && whole.fragments == 2)
    }

    @Test("either all fragments leave or none", arguments: Family.allCases)
    func memory(family: Family) throws {
        let links = Family.links(mtu: family == .v4 ? 576 : 1280)
        var held: [FrameHolder] = []
        while links.pools.available.frames > 20 { held.append(FrameHolder(links.pools)) }
        _ = echoWhole(links, family, 30_000)
        #expect(links.take() == nil)
        #expect(links.drops(.noBuffer) == 1)
        held = []
        _ = echoWhole(links, family, 30_000)
        #expect(links.takeReply(family) != nil)
        #expect(links.isClean)
    }

    // MARK: - Identifications

    @Test(
        "identifications of a pair do not repeat soon, and tell nothing of those of others (RFC 7739)"
    )
    func identifications() {
        var random = RandomSource(seed: 1, 2)
        var source = IdentificationSource(&random)
        let (one, two) = (IPLinks.address("192.0.2.1"), IPLinks.address("192.0.2.2"))
        var seen: Set<UInt16> = []
        for _ in 0..<65_536 {
            seen.insert(UInt16(truncatingIfNeeded: source.next(from: one, to: two, .udp)))
        }
        #expect(seen.count == 65_536)
        // Whoever sees those to himself cannot tell those to others: the distances are anywhere.
        var distances: Set<UInt16> = []
        for number in 0..<200 {
            let target = IPLinks.address("198.51.100.\(number)")
            let (a, b) = (
                source.next(from: one, to: two, .udp), source.next(from: one, to: target, .udp)
            )
            distances.insert(UInt16(truncatingIfNeeded: b &- a))
        }
        #expect(distances.count > 190)
        let first = source.next(from: one, to: two, .udp, count: 10)
        let next = source.next(from: one, to: two, .udp)
        #expect(next == first &+ 10)
    }
}

/// A frame that a test holds.
final class FrameHolder {
    private let packet: Packet?
    init(_ pools: BufferPools) { packet = pools.frame(headroom: 0) }
}
