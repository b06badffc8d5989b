import Memory
import Testing
import Wire

@testable import Stack

/// A host that stands in for everybody beyond it (IP_TRANSPARENT), and loopback addresses that cross a
/// link (route_localnet).
@Suite("Transparency") struct TransparencyTests {
    /// A gateway and the host inside, joined by a link of bare IP packets.
    private final class Pair {
        let pools = BufferPools(BufferPools.Plan(byteLimit: 16 << 20))
        var inside: Host
        var gateway: Host
        private(set) var now = Instant.zero + .seconds(10)
        static let link = InterfaceID(rawValue: 1)

        init(crosses: Bool = true) throws {
            inside = Host(HostConfiguration(seed: (1, 2)), pools: pools)
            gateway = Host(HostConfiguration(seed: (3, 4)), pools: pools)
            var configuration = InterfaceConfiguration(
                name: "ip0", link: .ip,
                addresses: [
                    BareLinks.prefix(.v4(10, 0, 2, 15), 24),
                    BareLinks.prefix(BareLinks.address("fd00:2::15"), 64),
                ])
            configuration.routesLoopback = crosses
            inside.addInterface(configuration)
            configuration.addresses = [
                BareLinks.prefix(.v4(10, 0, 2, 2), 24),
                BareLinks.prefix(BareLinks.address("fd00:2::2"), 64),
            ]
            configuration.transparency = Transparency(isOn: true, sparing: [.v4(10, 0, 2, 4)])
            gateway.addInterface(configuration)
            for (end, other) in [("10.0.2.15", "10.0.2.2"), ("fd00:2::15", "fd00:2::2")] {
                let (host, router) = (BareLinks.address(end), BareLinks.address(other))
                let all: IPPrefix = host.isIPv4 ? .allIPv4 : .allIPv6
                try inside.addRoute(Route(to: all, through: router, on: Self.link))
                try gateway.addRoute(Route(to: all, through: host, on: Self.link))
            }
            run()
        }

        /// Passes packets until none is left, then lets time pass.
        func run(_ interval: Interval = .milliseconds(1)) {
            var moved = true
            while moved {
                moved = false
                inside.advance(to: now)
                gateway.advance(to: now)
                while let packet = inside.nextOutput(on: Self.link) {
                    gateway.receive(packet, on: Self.link, at: now)
                    moved = true
                }
                while let packet = gateway.nextOutput(on: Self.link) {
                    inside.receive(packet, on: Self.link, at: now)
                    moved = true
                }
            }
            now = now + interval
        }

        /// A stream inside that connects; bound to the link where it is to cross.
        func connect(to name: String, onLink: Bool = false) throws -> EndpointID {
            let remote = BareLinks.name(name)
            let id = inside.open(.stream, family: AddressFamily(of: remote.address))
            if onLink {
                var options = try inside.options(of: id)
                options.boundInterface = Self.link
                try inside.setOptions(options, of: id)
            }
            do throws(StackError) {
                try inside.connect(id, to: remote)
            } catch {
                guard error == .inProgress else { throw error }
            }
            run()
            return id
        }

        func outcome(_ id: EndpointID) -> StackError? {
            do throws(StackError) {
                try inside.finishConnect(id)
                return nil
            } catch {
                return error
            }
        }

        func request() -> StreamRequest? { gateway.nextStreamRequest() }

        func refuse(_ request: StreamRequest, _ refusal: Refusal) {
            gateway.refuse(request.id, refusal)
            run()
        }
    }

    private static let targets = ["192.0.2.7:80", "[2001:db8::7]:80", "10.0.2.2:80"]

    @Test(
        "A SYN to somebody else asks the owner, once, and is not answered before",
        arguments: targets)
    func asks(target: String) throws {
        let pair = try Pair()
        let id = try pair.connect(to: target)
        let request = try #require(pair.request())
        #expect(request.destination == BareLinks.name(target))
        let local = try pair.inside.localAddress(of: id)
        #expect(request.source == local)
        #expect(pair.outcome(id) == .alreadyInProgress)
        // The SYN comes again.
        for _ in 0..<4 { pair.run(.seconds(1)) }
        #expect(pair.request() == nil)
        #expect(pair.outcome(id) == .alreadyInProgress)
    }

    @Test("Accepted, both ends have the names that were meant, and bytes pass", arguments: targets)
    func accepts(target: String) throws {
        let pair = try Pair()
        let id = try pair.connect(to: target)
        let request = try #require(pair.request())
        let end = try pair.gateway.accept(request.id)
        pair.run()
        #expect(pair.outcome(id) == nil)
        let (local, remote) = (
            try pair.gateway.localAddress(of: end), try pair.gateway.remoteAddress(of: end)
        )
        #expect(local == BareLinks.name(target))
        #expect(remote == request.source)
        let sent = try pair.inside.send(id, ([1, 2, 3] as [UInt8]).span)
        #expect(sent == 3)
        pair.run()
        var bytes = [UInt8](repeating: 0, count: 8)
        var span = bytes.mutableSpan
        let came = try pair.gateway.receive(end, into: &span)
        #expect(came == 3)
        #expect(bytes[..<3] == [1, 2, 3])
        _ = try pair.gateway.send(end, ([4] as [UInt8]).span)
        pair.run()
        span = bytes.mutableSpan
        let answered = try pair.inside.receive(id, into: &span)
        #expect(answered == 1)
        #expect(bytes[0] == 4)
    }

    @Test(
        "Refused as the owner says, in both families",
        arguments: [
            (Refusal.reset, StackError.connectionRefused),
            (.portUnreachable, .connectionRefused), (.networkUnreachable, .networkUnreachable),
            (.hostUnreachable, .hostUnreachable),
        ], ["192.0.2.7:80", "[2001:db8::7]:80"])
    func refuses(_ refusal: (Refusal, StackError), target: String) throws {
        let pair = try Pair()
        let id = try pair.connect(to: target)
        pair.refuse(try #require(pair.request()), refusal.0)
        #expect(pair.outcome(id) == refusal.1)
    }

    @Test("Prohibited is EHOSTUNREACH for IPv4")
    func prohibits() throws {
        let pair = try Pair()
        let id = try pair.connect(to: "192.0.2.7:80")
        pair.refuse(try #require(pair.request()), .prohibited)
        #expect(pair.outcome(id) == .hostUnreachable)
    }

    @Test("Dropped, the sender tries again, which is a new request")
    func drops() throws {
        let pair = try Pair()
        let id = try pair.connect(to: "192.0.2.7:80")
        pair.refuse(try #require(pair.request()), .silence)
        #expect(pair.outcome(id) == .alreadyInProgress)
        for _ in 0..<2 { pair.run(.seconds(1)) }
        #expect(pair.request() != nil)
    }

    @Test("A request waits three minutes, and no longer")
    func expires() throws {
        let pair = try Pair()
        _ = try pair.connect(to: "192.0.2.7:80")
        let request = try #require(pair.request())
        pair.run(.seconds(170))
        pair.run()
        let before = pair.gateway.isPending(request.id)
        #expect(before)
        pair.run(.seconds(20))
        pair.run()
        let after = pair.gateway.isPending(request.id)
        #expect(!after)
    }

    @Test("Where the host's own endpoints are left alone, nobody is asked")
    func spares() throws {
        let pair = try Pair()
        let id = try pair.connect(to: "10.0.2.4:80")
        #expect(pair.request() == nil)
        // Nobody has the address: who is spared is the owner's to give.
        #expect(pair.outcome(id) != nil)
    }

    // MARK: - Loopback

    @Test(
        "Loopback addresses cross, and are no connection of the host's own",
        arguments: ["127.0.0.1:80", "[::1]:80"])
    func crosses(target: String) throws {
        let pair = try Pair()
        let id = try pair.connect(to: target, onLink: true)
        let request = try #require(pair.request())
        #expect(request.destination == BareLinks.name(target))
        #expect(request.source.address.isLoopback)
        _ = try pair.gateway.accept(request.id)
        pair.run()
        #expect(pair.outcome(id) == nil)
        // The same inside goes nowhere but inside.
        let own = try pair.connect(to: target)
        #expect(pair.outcome(own) == .connectionRefused)
        #expect(pair.request() == nil)
    }

    @Test("A listener inside is reached from the other loopback, and answers there")
    func entered() throws {
        let pair = try Pair()
        let listener = pair.inside.open(.stream)
        try pair.inside.bind(listener, to: BareLinks.name("127.0.0.1:8080"))
        try pair.inside.listen(listener, backlog: 1)
        let id = pair.gateway.open(.stream)
        var options = try pair.gateway.options(of: id)
        options.isTransparent = true
        options.boundInterface = Pair.link
        try pair.gateway.setOptions(options, of: id)
        try pair.gateway.bind(id, to: BareLinks.name("127.0.0.1:54321"))
        do throws(StackError) {
            try pair.gateway.connect(id, to: BareLinks.name("127.0.0.1:8080"))
        } catch {
            #expect(error == .inProgress)
        }
        pair.run()
        let accepted = try pair.inside.accept(listener)
        let peer = try pair.inside.remoteAddress(of: accepted)
        #expect(peer == BareLinks.name("127.0.0.1:54321"))
        _ = try pair.inside.send(accepted, ([7] as [UInt8]).span)
        pair.run()
        var bytes = [UInt8](repeating: 0, count: 1)
        var span = bytes.mutableSpan
        let count = try pair.gateway.receive(id, into: &span)
        #expect(count == 1)
    }

    @Test(
        "Where they do not cross, loopback addresses are martians", arguments: ["127.0.0.1", "::1"])
    func martians(address: String) throws {
        let link = BareLinks()
        let own = address == "::1" ? BareLinks.own6 : BareLinks.own4
        let source = SocketAddress(address: BareLinks.address(address), port: 9)
        link.inject(link.udp(from: source, to: SocketAddress(address: own, port: 9), [1]))
        let count = link.host.counters[.ipBadSource]
        #expect(count == 1)
    }

    // MARK: - Datagrams

    @Test(
        "Datagrams to others wait for the owner, who answers in their name",
        arguments: ["192.0.2.7:53", "[2001:db8::7]:53"])
    func datagrams(target: String) throws {
        let pair = try Pair()
        let remote = BareLinks.name(target)
        let id = pair.inside.open(.datagram, family: AddressFamily(of: remote.address))
        try pair.inside.send(id, ([1, 2] as [UInt8]).span, to: remote)
        pair.run()
        var bytes = [UInt8](repeating: 0, count: 8)
        var span = bytes.mutableSpan
        let taken = pair.gateway.nextForeignDatagram(into: &span)
        let datagram = try #require(taken)
        #expect(datagram.destination == remote)
        #expect(datagram.count == 2)
        try pair.gateway.sendForeignDatagram(
            ([3] as [UInt8]).span, from: remote, to: datagram.source)
        pair.run()
        span = bytes.mutableSpan
        let answer = try pair.inside.receiveDatagram(id, into: &span)
        #expect(answer.source == remote)
        #expect(bytes[0] == 3)
        pair.gateway.refuseDatagram(
            from: datagram.source, to: remote, .portUnreachable, on: Pair.link)
        try pair.inside.connect(id, to: remote)
        pair.gateway.refuseDatagram(
            from: datagram.source, to: remote, .portUnreachable, on: Pair.link)
        pair.run()
        let error = try pair.inside.takeError(of: id)
        #expect(error == .connectionRefused)
    }

    @Test(
        "An endpoint with a foreign name takes what is sent there",
        arguments: ["192.0.2.7:53", "[2001:db8::7]:53"])
    func foreignEndpoint(target: String) throws {
        let pair = try Pair()
        let remote = BareLinks.name(target)
        let end = pair.gateway.open(.datagram, family: AddressFamily(of: remote.address))
        var options = try pair.gateway.options(of: end)
        options.isTransparent = true
        try pair.gateway.setOptions(options, of: end)
        try pair.gateway.bind(end, to: remote)
        let id = pair.inside.open(.datagram, family: AddressFamily(of: remote.address))
        try pair.inside.send(id, ([1] as [UInt8]).span, to: remote)
        pair.run()
        var bytes = [UInt8](repeating: 0, count: 8)
        var span = bytes.mutableSpan
        let datagram = try pair.gateway.receiveDatagram(end, into: &span)
        #expect(datagram.destination == remote)
        span = bytes.mutableSpan
        let other = pair.gateway.nextForeignDatagram(into: &span)
        #expect(other == nil)
    }

    @Test(
        "Echoes to others wait for the owner, who answers or refuses",
        arguments: ["192.0.2.7", "2001:db8::7"])
    func echoes(target: String) throws {
        let pair = try Pair()
        let remote = SocketAddress(address: BareLinks.address(target), port: 0)
        let id = pair.inside.open(.icmp, family: AddressFamily(of: remote.address))
        let type: UInt8 = remote.address.isIPv4 ? 8 : 128
        try pair.inside.send(id, ([type, 0, 0, 0, 0, 0, 0, 5, 42] as [UInt8]).span, to: remote)
        pair.run()
        let waiting = pair.gateway.nextForeignEcho()
        let echo = try #require(waiting)
        #expect(echo.destination == remote.address)
        #expect(echo.sequence == 5)
        #expect(echo.payload == [42])
        try pair.gateway.answer(echo, with: echo.payload.span)
        pair.run()
        var bytes = [UInt8](repeating: 0, count: 32)
        var span = bytes.mutableSpan
        let answer = try pair.inside.receiveDatagram(id, into: &span)
        #expect(answer.source.address == remote.address)
        #expect(bytes[0] == (remote.address.isIPv4 ? 0 : 129))
        #expect(bytes[8] == 42)
    }

    @Test("The last hop ends at the host", arguments: ["192.0.2.7:9", "[2001:db8::7]:9"])
    func hops(target: String) throws {
        let pair = try Pair()
        let remote = BareLinks.name(target)
        let id = pair.inside.open(.datagram, family: AddressFamily(of: remote.address))
        var control = DatagramControl()
        control.timeToLive = 1
        var options = try pair.inside.options(of: id)
        options.keepsErrors = true
        try pair.inside.setOptions(options, of: id)
        try pair.inside.send(id, ([1] as [UInt8]).span, to: remote, control)
        pair.run()
        let reported = try pair.inside.nextError(of: id)
        let error = try #require(reported)
        #expect(error.type == (remote.address.isIPv4 ? 11 : 3))
        let gateway = remote.address.isIPv4 ? "10.0.2.2" : "fd00:2::2"
        #expect(error.reporter == BareLinks.address(gateway))
    }
}
