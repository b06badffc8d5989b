import Memory
import Testing
import Wire

@testable import Stack

/// `connect`, asked again, failed and begun anew, as Linux 6.18 answers.
@Suite("Connecting") struct ConnectCallTests {
    static let over: Readiness = [.readable, .writable, .hangup, .readHangup]
    static let fresh: Readiness = [.writable, .hangup]

    @Test("A refused endpoint says so once and may connect anew")
    func refused() throws {
        let streams = LoopbackStreams()
        let id = streams.link.host.open(.stream)
        #expect(try streams.poll(id) == Self.fresh)
        for _ in 0..<3 {
            #expect(streams.connect(id, LoopbackStreams.nobody) == .inProgress)
            #expect(try streams.poll(id) == [])
            streams.settle()
            #expect(try streams.poll(id) == Self.over.union(.error))
            #expect(streams.connect(id, LoopbackStreams.nobody) == .connectionRefused)
            #expect(try streams.poll(id) == Self.fresh)
        }
        _ = try streams.listener()
        #expect(
            streams.connect(id, SocketAddress(address: LoopbackStreams.address, port: 80))
                == .inProgress)
    }

    @Test("Where the error was taken, the next connect tells that there was one")
    func aborted() throws {
        let streams = LoopbackStreams()
        let id = streams.link.host.open(.stream)
        #expect(streams.connect(id, LoopbackStreams.nobody) == .inProgress)
        streams.settle()
        #expect(throws: StackError.connectionRefused) { try streams.receive(id) }
        #expect(try streams.poll(id) == Self.over)
        #expect(try streams.receive(id) == 0)
        #expect(throws: StackError.brokenPipe) { try streams.send(id) }
        #expect(throws: StackError.invalidArgument) { try streams.link.host.listen(id, backlog: 1) }
        #expect(streams.connect(id, LoopbackStreams.nobody) == .connectionAborted)
        try streams.link.host.listen(id, backlog: 1)
        #expect(streams.connect(id, LoopbackStreams.nobody) == .alreadyConnected)
    }

    @Test("A name that was chosen outlasts a failed attempt, one that was not does not")
    func names() throws {
        let streams = LoopbackStreams()
        let named = streams.link.host.open(.stream)
        try streams.link.host.bind(named, to: BareLinks.name("0.0.0.0:5557"))
        #expect(streams.connect(named, LoopbackStreams.nobody) == .inProgress)
        #expect(try streams.link.host.localAddress(of: named) == BareLinks.name("127.0.0.1:5557"))
        streams.settle()
        #expect(streams.connect(named, LoopbackStreams.nobody) == .connectionRefused)
        #expect(try streams.link.host.localAddress(of: named) == BareLinks.name("0.0.0.0:5557"))
        #expect(throws: StackError.invalidArgument) {
            try streams.link.host.bind(named, to: BareLinks.name("0.0.0.0:5558"))
        }
        let other = streams.link.host.open(.stream)
        #expect(streams.connect(other, LoopbackStreams.nobody) == .inProgress)
        streams.settle()
        // It has no port any more, and may have another.
        try streams.link.host.bind(other, to: BareLinks.name("127.0.0.1:5558"))
        #expect(streams.connect(other, LoopbackStreams.nobody) == .connectionRefused)
    }

    @Test("Established: said once, and from then on connected, whatever becomes of it")
    func established() throws {
        let streams = LoopbackStreams()
        let (client, server) = try streams.pair()
        #expect(streams.connect(client, LoopbackStreams.nobody) == .alreadyConnected)
        #expect(streams.connect(server, LoopbackStreams.nobody) == .alreadyConnected)
        try streams.reset(server)
        #expect(streams.connect(client, LoopbackStreams.nobody) == .alreadyConnected)
    }

    @Test("While the handshake goes on: already, and nothing is ready")
    func opening() throws {
        let streams = LoopbackStreams()
        let id = streams.link.host.open(.stream)
        #expect(streams.connect(id, LoopbackStreams.silence) == .inProgress)
        #expect(streams.connect(id, LoopbackStreams.silence) == .alreadyInProgress)
        #expect(try streams.poll(id) == [])
        #expect(throws: StackError.wouldBlock) { try streams.send(id) }
        #expect(throws: StackError.wouldBlock) { try streams.receive(id) }
        #expect(throws: StackError.notConnected) { try streams.link.host.remoteAddress(of: id) }
        #expect(throws: StackError.invalidArgument) { try streams.link.host.listen(id, backlog: 1) }
    }

    @Test("An endpoint that connects to itself hears itself")
    func itself() throws {
        let streams = LoopbackStreams()
        let id = streams.link.host.open(.stream)
        let own = BareLinks.name("127.0.0.1:6001")
        try streams.link.host.bind(id, to: own)
        #expect(streams.connect(id, own) == .inProgress)
        streams.settle()
        #expect(try streams.poll(id) == .writable)
        #expect(streams.connect(id, own) == nil)
        #expect(try streams.link.host.remoteAddress(of: id) == own)
        #expect(try streams.send(id, 5) == 5)
        streams.settle()
        #expect(try streams.receive(id) == 5)
        try streams.link.host.shutdown(id, .sending)
        streams.settle()
        #expect(try streams.receive(id) == 0)
    }

    @Test("Ends that are taken are not available, those in TIME-WAIT are")
    func taken() throws {
        let streams = LoopbackStreams()
        let listener = try streams.listener()
        let server = BareLinks.name("127.0.0.1:80")
        let own = BareLinks.name("127.0.0.1:4000")
        func named() throws -> EndpointID {
            let id = streams.link.host.open(.stream)
            try streams.link.set(id) { $0.sharesAddress = true }
            try streams.link.host.bind(id, to: own)
            return id
        }
        let first = try named()
        #expect(streams.connect(first, server) == .inProgress)
        streams.settle()
        let accepted = try streams.link.host.accept(listener)
        let second = try named()
        #expect(streams.connect(second, server) == .addressNotAvailable)
        #expect(try streams.poll(second) == Self.fresh)
        try streams.link.host.close(first)
        streams.settle()
        try streams.link.host.close(accepted)
        streams.settle()
        #expect(streams.link.host.sockets.contains { $0.state == .timeWait })
        #expect(streams.connect(second, server) == .inProgress)
        streams.settle()
        #expect(streams.connect(second, server) == nil)
        #expect(!streams.link.host.sockets.contains { $0.state == .timeWait })
    }

    @Test("Addresses that cannot be reached")
    func unreachable() throws {
        let link = BareLinks()
        let cases: [(local: String?, remote: String, error: StackError)] = [
            (nil, "10.7.255.255:80", .networkUnreachable),
            (nil, "224.0.0.5:80", .networkUnreachable),
            (nil, "11.1.1.1:80", .networkUnreachable),
            ("127.0.0.1:0", "10.7.0.2:80", .invalidArgument),
            (nil, "[ff02::1]:80", .networkUnreachable),
            (nil, "[fe80::9]:80", .invalidArgument),
            ("[::1]:0", "127.0.0.1:80", .networkUnreachable),
        ]
        for (local, remote, expected) in cases {
            let isSix = remote.hasPrefix("[") || local?.hasPrefix("[") == true
            let id = link.host.open(.stream, family: isSix ? .inet6 : .inet)
            if let local { try link.host.bind(id, to: BareLinks.name(local)) }
            #expect(throws: expected, "\(remote)") {
                try link.host.connect(id, to: BareLinks.name(remote))
            }
        }
    }

    // MARK: - Back

    @Test("Set back, a connection is reset and its endpoint connects anew")
    func disconnected() throws {
        let streams = LoopbackStreams()
        let listener = try streams.listener()
        let client = try streams.connected()
        let server = try streams.link.host.accept(listener)
        try streams.link.host.disconnect(client)
        #expect(try streams.poll(client) == Self.fresh.union(.error))
        #expect(throws: StackError.notConnected) { try streams.link.host.remoteAddress(of: client) }
        streams.settle()
        #expect(throws: StackError.connectionReset) { try streams.receive(server) }
        #expect(
            streams.connect(client, BareLinks.name("127.0.0.1:80")) == .inProgress)
        streams.settle()
        #expect(try streams.send(client) == 1)
    }

    @Test("Set back, a listener listens no more, and may again")
    func listening() throws {
        let streams = LoopbackStreams()
        let listener = try streams.listener()
        let waiting = try streams.connected()
        try streams.link.host.disconnect(listener)
        #expect(try streams.poll(listener) == Self.fresh)
        #expect(throws: StackError.invalidArgument) { try streams.link.host.accept(listener) }
        streams.settle()
        #expect(try streams.poll(waiting) == Self.over.union(.error))
        try streams.link.host.listen(listener, backlog: 1)
        _ = try streams.connected()
        #expect(try streams.poll(listener) == .readable)
        try streams.link.host.shutdown(listener, .sending)
        #expect(try streams.poll(listener) == .readable)
        try streams.link.host.shutdown(listener, .receiving)
        #expect(try streams.poll(listener) == Self.fresh)
    }

    @Test("Datagram endpoints keep of their names what was chosen")
    func datagrams() throws {
        let link = BareLinks()
        let peer = SocketAddress(address: BareLinks.peer4, port: 9)
        for (local, after) in [
            ("0.0.0.0:7777", "0.0.0.0:7777"), ("10.7.0.1:0", "10.7.0.1:0"),
            ("0.0.0.0:0", "0.0.0.0:0"),
        ] {
            let id = link.host.open(.datagram)
            try link.host.bind(id, to: BareLinks.name(local))
            try link.host.connect(id, to: peer)
            #expect(try link.host.localAddress(of: id).address == BareLinks.own4)
            try link.host.disconnect(id)
            #expect(try link.host.localAddress(of: id) == BareLinks.name(after))
            #expect(throws: StackError.notConnected) { try link.host.remoteAddress(of: id) }
        }
    }
}
