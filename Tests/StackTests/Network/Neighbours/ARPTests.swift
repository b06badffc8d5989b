import Memory
import Testing
import Wire

@testable import Stack

/// ARP beyond questions and answers: learning, static and proxy entries, unreachability.
@Suite("ARP (RFC 826, RFC 1122 §2.3.2)") struct ARPTests {
    private let peer = IPAddress(TestLink.peer4)

    private func ping(_ link: TestLink, from source: IPv4Address = TestLink.peer4) {
        var icmp: [UInt8] = [8, 0, 0, 0, 0, 1, 0, 1]
        var span = icmp.mutableSpan
        ICMPHeader.echoRequest(identifier: 1, sequenceNumber: 1).write(toMessage: &span)
        var bytes = [UInt8](repeating: 0, count: IPv4Header.byteCount)
        span = bytes.mutableSpan
        IPv4Header(
            totalCount: 28, identification: 1, timeToLive: 64, proto: .icmp, source: source,
            destination: TestLink.host4
        ).write(to: &span)
        link.inject(.ipv4, bytes + icmp)
    }

    @Test("Who asks for us is learned, who asks for others is not (RFC 826)")
    func learning() {
        let link = TestLink()
        link.injectARP(.request, target: IPv4Address(10, 7, 0, 3))
        #expect(link.host.neighbours.isEmpty)
        link.injectARP(.request)
        #expect(link.entry(peer)?.linkAddress == TestLink.peerMAC)
        let reply = link.takeARP()
        #expect(reply?.message.operation == .reply)
        #expect(reply?.message.targetHardwareAddress == TestLink.peerMAC)
        #expect(reply?.destination == TestLink.peerMAC)
    }

    @Test("An unasked reply is learned from only by who knows the sender (RFC 826)")
    func unasked() {
        let link = TestLink()
        link.injectARP(.reply, target: IPv4Address(10, 7, 0, 3))
        #expect(link.host.neighbours.isEmpty)
    }

    @Test("A moved hardware address is learned from a gratuitous announcement (RFC 5227 §3)")
    func moved() {
        let link = TestLink()
        link.injectARP(.request)
        let new = MACAddress(2, 0, 0, 0, 0, 9)
        link.injectARP(.request, at: new, target: TestLink.peer4)
        #expect(link.entry(peer)?.linkAddress == new)
        ping(link)
        #expect(link.takeIPv4() != nil)
    }

    @Test("A neighbour that went silent is asked directly three times, then everybody is asked")
    func unreachable() {
        let link = TestLink()
        link.injectARP(.request)
        link.discardSent()
        link.wait(.seconds(60))
        #expect(link.state(of: peer) == .stale)
        ping(link)
        #expect(link.state(of: peer) == .delay)
        link.wait(.seconds(5))
        #expect(link.state(of: peer) == .probe)
        link.wait(.seconds(2))
        for _ in 0..<3 {
            let request = link.takeARP()
            #expect(request?.destination == TestLink.peerMAC)
            #expect(request?.message.operation == .request)
        }
        #expect(link.takeARP() == nil)
        link.wait(.seconds(1))
        #expect(link.state(of: peer) == nil)
        ping(link)
        #expect(link.takeARP()?.destination == .broadcast)
    }

    @Test("An answer while it is asked directly confirms the neighbour")
    func confirmed() {
        let link = TestLink()
        link.injectARP(.request)
        link.wait(.seconds(60))
        ping(link)
        link.wait(.seconds(6))
        #expect(link.state(of: peer) == .probe)
        link.injectARP(.reply)
        #expect(link.state(of: peer) == .reachable)
        link.discardSent()
        link.wait(.seconds(60))
        #expect(link.isSilent)
    }

    @Test("Hardware addresses of everybody, of nobody and of our own are not believed")
    func senders() {
        let link = TestLink()
        for hardware in [
            MACAddress.broadcast, .zero, TestLink.hostMAC, MACAddress(1, 0, 0x5E, 0, 0, 1),
        ] {
            link.injectARP(.request, at: hardware)
        }
        link.injectARP(.request, sender: IPv4Address(224, 0, 0, 1))
        link.injectARP(.request, sender: IPv4Address(255, 255, 255, 255))
        link.injectARP(.request, sender: IPv4Address(127, 0, 0, 1))
        #expect(link.host.neighbours.isEmpty)
        #expect(link.host.counters[.arpBadSender] == 7)
    }

    @Test("A static entry is neither asked nor changed, until it is removed")
    func permanent() throws {
        let link = TestLink()
        let mac = MACAddress(2, 0, 0, 0, 0, 0x77)
        try link.host.addNeighbour(peer, at: mac, on: link.interface)
        link.injectARP(.reply)
        link.wait(.seconds(100))
        #expect(link.entry(peer)?.linkAddress == mac)
        #expect(link.state(of: peer) == .permanent)
        ping(link)
        #expect(link.takeIPv4() != nil)
        link.wait(.seconds(100))
        #expect(link.isSilent)
        try link.host.removeNeighbour(peer, on: link.interface)
        ping(link)
        #expect(link.takeARP()?.message.operation == .request)
        #expect(throws: StackError.addressNotAvailable) {
            try link.host.removeNeighbour(.v4(10, 7, 9, 9), on: link.interface)
        }
    }

    @Test("What waits for an answer leaves when the entry is set by hand")
    func permanentReleases() throws {
        let link = TestLink()
        ping(link)
        #expect(link.takeARP() != nil)
        #expect(link.takeIPv4() == nil)
        try link.host.addNeighbour(peer, at: TestLink.peerMAC, on: link.interface)
        link.collect()
        #expect(link.takeIPv4() != nil)
        link.wait(.seconds(10))
        #expect(link.isSilent && link.isClean)
    }

    @Test("Static entries are refused for groups, on links without addresses, and beyond a bound")
    func refused() throws {
        let link = TestLink()
        for address in ["224.0.0.1", "255.255.255.255", "0.0.0.0", "ff02::1", "::"] {
            let address = try #require(IPAddress(address))
            #expect(throws: StackError.invalidArgument) {
                try link.host.addNeighbour(address, at: TestLink.peerMAC, on: link.interface)
            }
        }
        #expect(throws: StackError.invalidArgument) {
            try link.host.addNeighbour(
                .v4(10, 7, 0, 2), at: TestLink.peerMAC, on: InterfaceID(rawValue: 0))
        }
        for number in 0..<512 as Range<UInt32> {
            try link.host.addNeighbour(
                IPAddress(IPv4Address(0x0A07_1000 + number)), at: TestLink.peerMAC,
                on: link.interface)
        }
        #expect(throws: StackError.noBufferSpace) {
            try link.host.addNeighbour(.v4(10, 7, 0, 2), at: TestLink.peerMAC, on: link.interface)
        }
    }

    @Test("A proxy answers for others with its own hardware address (RFC 1027)")
    func proxy() throws {
        let link = TestLink()
        try link.host.addProxy(for: prefix("10.7.3.0/24"), on: link.interface)
        link.injectARP(.request, target: IPv4Address(10, 7, 3, 4))
        let reply = link.takeARP()
        #expect(reply?.message.senderHardwareAddress == TestLink.hostMAC)
        #expect(reply?.message.senderProtocolAddress == IPv4Address(10, 7, 3, 4))
        link.injectARP(.request, target: IPv4Address(10, 7, 4, 4))
        // Who announces itself is not answered by another one's word for it.
        link.injectARP(
            .request, sender: IPv4Address(10, 7, 3, 5), target: IPv4Address(10, 7, 3, 5))
        #expect(link.takeARP() == nil)
        try link.host.removeProxy(for: prefix("10.7.3.0/24"), on: link.interface)
        link.injectARP(.request, target: IPv4Address(10, 7, 3, 4))
        #expect(link.takeARP() == nil)
    }

    @Test("A forwarded packet whose next hop is silent comes back: host unreachable (RFC 1812)")
    func forwarded() throws {
        let link = TestLink(forwards: true)
        let far = try link.host.addInterface(
            InterfaceConfiguration(
                name: "eth1", link: .ethernet(MACAddress(2, 0, 0, 0, 1, 1)),
                addresses: [#require(IPPrefix("10.8.0.1/16"))]))
        link.injectARP(.request)
        link.discardSent()
        var bytes = [UInt8](repeating: 0, count: IPv4Header.byteCount)
        var span = bytes.mutableSpan
        IPv4Header(
            totalCount: 28, identification: 1, timeToLive: 64, proto: .udp,
            source: TestLink.peer4, destination: IPv4Address(10, 8, 0, 9)
        ).write(to: &span)
        link.inject(.ipv4, bytes + [0, 1, 0, 2, 0, 8, 0, 0])
        let hasAsked = link.host.hasOutput(on: far)
        #expect(hasAsked)
        link.wait(.seconds(4))
        let error = try #require(link.takeIPv4())
        #expect(error[9] == 1 && error[20] == 3 && error[21] == 1)
        #expect(link.host.counters[.neighbourUnresolved] == 1)
    }
}
