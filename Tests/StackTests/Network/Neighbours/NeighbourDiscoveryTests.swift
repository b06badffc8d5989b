import Memory
import Testing
import Wire

@testable import Stack

/// Neighbour solicitations and advertisements, and what is believed of them.
@Suite("Neighbour discovery (RFC 4861 §7)") struct NeighbourDiscoveryTests {
    private let moved = MACAddress(2, 0, 0, 0, 0, 9)

    // MARK: - Answering

    @Test("Who asks for us is answered directly, and learned as stale (§7.2.3, §7.2.4)")
    func answer() throws {
        let link = TestLink()
        link.solicit()
        let answer = try #require(link.take(.neighbourAdvertisement))
        #expect(answer.hardware == TestLink.peerMAC)
        #expect(answer.source == TestLink.host && answer.destination == TestLink.peer)
        #expect(answer.hopLimit == 255)
        #expect(answer.bytes[4] == 0x60)
        #expect(answer.address() == TestLink.host)
        #expect(answer.linkAddress() == TestLink.hostMAC)
        let sum = try ICMPv6Message(answer.bytes.span)
            .checksumIsValid(source: answer.source, destination: answer.destination)
        #expect(sum)
        #expect(link.state(of: TestLink.peer) == .stale)
        #expect(link.isSilent)
    }

    @Test("A router says that it is one (§4.4)")
    func router() {
        let link = TestLink(forwards: true)
        link.solicit()
        #expect(link.take(.neighbourAdvertisement)?.bytes[4] == 0xE0)
    }

    @Test("Who checks whether our address is taken hears it with all nodes (§7.2.4)")
    func detection() throws {
        let link = TestLink()
        link.solicit(from: .unspecified, link: nil)
        let answer = try #require(link.take(.neighbourAdvertisement))
        #expect(answer.destination == .allNodes)
        #expect(answer.hardware == MACAddress(0x3333_0000_0001))
        #expect(answer.bytes[4] == 0x20)
        #expect(link.host.neighbours.isEmpty)
    }

    @Test("A solicitation to our own address, as from one who knew us, is answered too (§7.2.3)")
    func unicast() {
        let link = TestLink()
        link.solicit(to: TestLink.host)
        #expect(link.take(.neighbourAdvertisement) != nil)
    }

    @Test("Nobody is asked for others (§7.2.3)")
    func others() {
        let link = TestLink()
        link.solicit(v6("2001:db8::3"), to: TestLink.host)
        #expect(link.take(.neighbourAdvertisement) == nil)
        #expect(link.host.neighbours.isEmpty)
        #expect(link.host.counters[.ndIgnored] == 1)
    }

    // MARK: - What is not believed

    @Test(
        "A hop limit below 255 is from another link (§7.1)", arguments: [0, 1, 64, 254] as [UInt8])
    func offLink(hopLimit: UInt8) {
        let link = TestLink()
        link.solicit(hopLimit: hopLimit)
        #expect(link.isSilent && link.host.neighbours.isEmpty)
        #expect(link.host.counters[.ndNotFromLink] == 1)
    }

    @Test("A code other than zero, options of length zero, cut or missing fields (§7.1.1)")
    func malformed() {
        let link = TestLink()
        let target = [0, 0, 0, 0] + link.bytes(TestLink.host)
        let bad: [(UInt8, [UInt8])] = [
            (1, target), (0, Array(target.dropLast())), (0, target + [1, 0, 2, 0, 0, 0, 0, 2]),
            (0, target + [1]), (0, target + [1, 2, 2, 0, 0, 0, 0, 2]), (0, [0, 0, 0, 0]),
        ]
        for (code, body) in bad {
            for type: ICMPv6Type in [.neighbourSolicitation, .neighbourAdvertisement] {
                link.injectICMPv6(type, code: code, body, from: TestLink.peer, to: TestLink.host)
            }
        }
        #expect(link.isSilent && link.host.neighbours.isEmpty)
        #expect(link.host.counters[.ndMalformed] == 12)
    }

    @Test("A wrong checksum (§7.1.1)")
    func checksum() {
        let link = TestLink()
        var bytes = link.icmpv6(
            .neighbourSolicitation, [0, 0, 0, 0] + link.bytes(TestLink.host), from: TestLink.peer,
            to: TestLink.host)
        bytes[3] ^= 1
        link.inject(
            .ipv6,
            link.packet(.icmpv6, bytes, from: TestLink.peer, to: TestLink.host, hopLimit: 255))
        #expect(link.isSilent)
        #expect(link.host.counters[.icmpBadChecksum] == 1)
    }

    @Test("From no address: only to the group, and without a link address (§7.1.1)")
    func unspecified() {
        let link = TestLink()
        link.solicit(from: .unspecified)
        link.solicit(from: .unspecified, link: nil, to: .allNodes)
        #expect(link.isSilent)
        #expect(link.host.counters[.ndMalformed] == 2)
    }

    @Test("Targets that are groups (§7.1.1, §7.1.2)")
    func groups() {
        let link = TestLink()
        link.solicit(v6("ff02::1"), to: TestLink.host)
        link.advertise(v6("ff02::1"), from: TestLink.peer)
        #expect(link.isSilent)
        #expect(link.host.counters[.ndMalformed] == 2)
    }

    @Test("Link addresses of groups, of everybody and of nobody are not learned")
    func linkAddresses() {
        let link = TestLink()
        for mac in [MACAddress.broadcast, .zero, MACAddress(0x3333_0000_0001)] {
            link.solicit(link: mac)
            #expect(link.host.neighbours.isEmpty)
        }
    }

    // MARK: - Asking

    @Test("A packet for one who is not known waits while the group is asked three times (§7.2.2)")
    func unresolved() throws {
        let link = TestLink()
        link.ping()
        link.wait(.milliseconds(2500))
        for _ in 0..<3 {
            let question = try #require(link.take(.neighbourSolicitation))
            #expect(question.destination == TestLink.peer.solicitedNode)
            #expect(question.hardware == MACAddress(0x3333_FF00_0002))
            #expect(question.source == TestLink.host && question.hopLimit == 255)
            #expect(question.address() == TestLink.peer)
            #expect(question.linkAddress() == TestLink.hostMAC)
        }
        #expect(link.isSilent)
        link.wait(.seconds(1))
        #expect(link.host.neighbours.isEmpty)
        #expect(link.host.counters[.neighbourUnresolved] == 1)
        #expect(link.isSilent && link.isClean)
    }

    @Test("What waited leaves with the answer, in order; of many the last sixteen (§7.2.2)")
    func queue() {
        let link = TestLink()
        for _ in 0..<20 { link.ping() }
        #expect(link.host.counters[.neighbourQueueFull] == 4)
        link.advertise()
        var answers = 0
        while let answer = link.take(.echoReply) {
            #expect(answer.hardware == TestLink.peerMAC)
            answers += 1
        }
        #expect(answers == 16)
        #expect(link.state(of: TestLink.peer) == .reachable)
    }

    @Test("An answer that nobody asked for makes no entry (§7.2.5)")
    func unasked() {
        let link = TestLink()
        link.advertise()
        #expect(link.host.neighbours.isEmpty)
    }

    @Test("An answer to a group must not say that it was asked for (§7.1.2)")
    func solicitedToAll() {
        let link = TestLink()
        link.ping()
        link.advertise(to: .allNodes)
        #expect(link.state(of: TestLink.peer) == .incomplete)
        #expect(link.host.counters[.ndMalformed] == 1)
    }

    @Test("An answer without a link address tells nothing while none is known (§7.2.5)")
    func withoutLinkAddress() {
        let link = TestLink()
        link.ping()
        link.advertise(link: nil)
        #expect(link.state(of: TestLink.peer) == .incomplete)
    }

    // MARK: - The table of RFC 4861, appendix C

    @Test(
        "What an advertisement changes about a reachable neighbour (§7.2.5, appendix C)",
        arguments: [
            // flags, new link address; state and whether the link address is taken
            (0x00, false, NeighbourEntry.State.reachable, false),
            (0x00, true, .stale, false),
            (0x20, true, .stale, true),
            (0x20, false, .reachable, false),
            (0x40, false, .reachable, false),
            (0x40, true, .stale, false),
            (0x60, true, .reachable, true),
        ])
    func reachable(
        flags: UInt8, isNew: Bool, state: NeighbourEntry.State, isTaken: Bool
    ) {
        let link = TestLink()
        link.ping()
        link.advertise()
        link.wait(.seconds(1))
        link.advertise(TestLink.peer, flags, link: isNew ? moved : TestLink.peerMAC)
        let entry = link.entry(IPAddress(TestLink.peer))
        #expect(entry?.state == state)
        #expect(entry?.linkAddress == (isTaken ? moved : TestLink.peerMAC))
    }

    @Test("An advertisement nobody asked for leaves a known neighbour stale (appendix C)")
    func incompleteUnsolicited() {
        let link = TestLink()
        link.ping()
        link.advertise(TestLink.peer, 0x20)
        // What waited left: the neighbour is asked in a while.
        #expect(link.state(of: TestLink.peer) == .delay)
        #expect(link.take(.echoReply) != nil)
    }

    @Test("A solicitation from a new link address replaces the old one (§7.2.3)")
    func movedSolicitation() {
        let link = TestLink()
        link.ping()
        link.advertise()
        link.solicit(link: moved)
        #expect(link.entry(IPAddress(TestLink.peer))?.linkAddress == moved)
        #expect(link.state(of: TestLink.peer) == .stale)
    }

    // MARK: - Unreachability (§7.3)

    @Test("After half a minute a neighbour that is used is asked directly, five seconds later")
    func probes() throws {
        let link = TestLink()
        link.ping()
        link.advertise()
        link.discardSent()
        link.wait(.seconds(46))
        #expect(link.state(of: TestLink.peer) == .stale)
        link.ping()
        #expect(link.state(of: TestLink.peer) == .delay)
        link.discardSent()
        link.wait(.milliseconds(4999))
        #expect(link.isSilent)
        link.wait(.milliseconds(2002))
        for _ in 0..<3 {
            let question = try #require(link.take(.neighbourSolicitation))
            #expect(question.hardware == TestLink.peerMAC)
            #expect(question.destination == TestLink.peer)
        }
        link.wait(.seconds(1))
        #expect(link.state(of: TestLink.peer) == nil)
        link.ping()
        #expect(link.take(.neighbourSolicitation)?.destination == TestLink.peer.solicitedNode)
    }

    @Test("A neighbour that is not used is not asked (§7.3.3)")
    func unused() {
        let link = TestLink()
        link.ping()
        link.advertise()
        link.discardSent()
        link.wait(.seconds(3600))
        #expect(link.isSilent && link.host.nextDeadline == .never)
    }

    @Test("Progress of a conversation is proof enough (§7.3.1)")
    func progress() {
        let link = TestLink()
        link.ping()
        link.advertise()
        for _ in 0..<20 {
            link.wait(.seconds(20))
            link.ping()
            link.host.network.confirmReachability(of: IPAddress(TestLink.peer), on: nil)
            #expect(link.state(of: TestLink.peer) == .reachable)
        }
        #expect(link.take(.neighbourSolicitation) != nil)
        #expect(link.take(.neighbourSolicitation) == nil)
    }

    @Test("A conversation that makes progress is no reason to believe in one who is not known")
    func progressOfNobody() {
        let link = TestLink()
        link.ping()
        link.host.network.confirmReachability(of: IPAddress(TestLink.peer), on: nil)
        #expect(link.state(of: TestLink.peer) == .incomplete)
    }

    // MARK: - Static and proxy entries

    @Test("A static entry is believed above all that is told")
    func permanent() throws {
        let link = TestLink()
        try link.host.addNeighbour(IPAddress(TestLink.peer), at: moved, on: link.interface)
        link.solicit()
        link.advertise()
        #expect(link.take(.neighbourAdvertisement)?.hardware == moved)
        #expect(link.entry(IPAddress(TestLink.peer))?.linkAddress == moved)
        link.ping()
        #expect(link.take(.echoReply)?.hardware == moved)
    }

    @Test("A proxy answers for others, without insisting (§7.2.8)")
    func proxy() throws {
        let link = TestLink()
        try link.host.addProxy(for: prefix("2001:db8::ab:0/112"), on: link.interface)
        link.solicit(v6("2001:db8::ab:7"))
        let answer = try #require(link.take(.neighbourAdvertisement))
        #expect(answer.bytes[4] == 0x40)
        #expect(answer.address() == v6("2001:db8::ab:7"))
        #expect(answer.source == TestLink.host)
        #expect(answer.linkAddress() == TestLink.hostMAC)
        link.solicit(v6("2001:db8::ac:7"))
        #expect(link.take(.neighbourAdvertisement) == nil)
    }

    @Test("A forwarded packet whose next hop is silent comes back: address unreachable (§7.2.2)")
    func forwarded() throws {
        let link = TestLink(forwards: true)
        try link.host.addInterface(
            InterfaceConfiguration(
                name: "eth1", link: .ethernet(MACAddress(2, 0, 0, 0, 1, 1)),
                addresses: [#require(IPPrefix("2001:db8:1::1/64"))]))
        link.solicit()
        link.discardSent()
        link.inject(
            .ipv6,
            link.packet(
                .udp, [0, 1, 0, 2, 0, 8, 0, 0], from: TestLink.peer, to: v6("2001:db8:1::9")))
        link.wait(.seconds(4))
        let error = try #require(link.take(.destinationUnreachable))
        #expect(error.bytes[1] == 3)
        #expect(error.destination == TestLink.peer)
    }
}
