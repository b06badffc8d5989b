import Testing

@testable import Stack

/// Datagrams within a host, as Linux has them (unix(7); what its 6.18 answers).
@Suite("Datagrams within a host") struct LocalDatagramTests {
    private let host = LocalHost()

    @Test("A datagram goes to a name or a peer, whole, with its sender's name")
    func whole() throws {
        let name = try #require(LocalName("/run/log"))
        let server = try host.named(.datagram, name)
        let client = host.open(.datagram)
        #expect(try host.poll(client) == .writable)
        try host.send(client, [1, 2, 3], to: name)
        try host.link.host.bindAutomatically(client)
        let own = try #require(try host.link.host.localName(of: client))
        #expect(own.isAbstract && own.bytes.count == 6)
        try host.link.host.connect(client, to: name)
        try host.send(client, [4])
        try host.send(client, [])
        #expect(try host.receive(server, upTo: 2, .peek).message.fullCount == 3)
        let first = try host.receive(server, upTo: 2)
        #expect(first.bytes == [1, 2] && first.message.fullCount == 3)
        #expect(first.message.source == nil)
        let second = try host.receive(server)
        #expect(second.bytes == [4] && second.message.source == own)
        #expect(try host.link.host.receivableCount(of: server) == 0)
        #expect(try host.receive(server).bytes == [])
        #expect(throws: StackError.wouldBlock) { try host.receive(server) }
        try host.send(server, [5], to: own)
        #expect(try host.receive(client).bytes == [5])
        #expect(host.link.areBuffersBack)
    }

    @Test("Nobody, somebody else's type, somebody else's peer: each is refused in its own way")
    func refusals() throws {
        let path = try #require(LocalName("/run/log"))
        let abstract = try #require(LocalName(abstract: "log"))
        let client = host.open(.datagram)
        #expect(throws: StackError.notConnected) { try host.send(client, [1]) }
        #expect(throws: StackError.noSuchName) { try host.send(client, [1], to: path) }
        #expect(throws: StackError.connectionRefused) { try host.send(client, [1], to: abstract) }
        #expect(throws: StackError.noSuchName) { try host.link.host.connect(client, to: path) }
        _ = try host.named(.stream, path)
        _ = try host.named(.stream, abstract)
        #expect(throws: StackError.wrongType) { try host.send(client, [1], to: path) }
        // An abstract name is another one for each type.
        #expect(throws: StackError.connectionRefused) { try host.send(client, [1], to: abstract) }
        let server = try host.named(.datagram, abstract)
        #expect(throws: StackError.notSupported) {
            try host.link.host.listen(server, backlog: 1)
        }
        #expect(throws: StackError.notSupported) { try host.link.host.accept(server) }
        let friend = try host.named(.datagram, try #require(LocalName("/friend")))
        try host.link.host.connect(client, to: abstract)
        try host.link.host.connect(server, to: try #require(LocalName("/friend")))
        #expect(throws: StackError.notPermitted) { try host.send(client, [1]) }
        #expect(throws: StackError.notPermitted) { try host.send(client, [1], to: abstract) }
        let third = host.open(.datagram)
        #expect(throws: StackError.notPermitted) {
            try host.link.host.connect(third, to: abstract)
        }
        #expect(try host.send(friend, [1], to: abstract) == 1)
        #expect(throws: StackError.messageTooLong) {
            try host.send(friend, [UInt8](repeating: 0, count: 212_961), to: abstract)
        }
        #expect(try host.send(friend, [UInt8](repeating: 0, count: 200_000), to: abstract) > 0)
    }

    @Test("Eleven wait for a reader that is not the sender's own; who is connected sees it in poll")
    func flowControl() throws {
        let name = try #require(LocalName("/slow"))
        let server = try host.named(.datagram, name)
        let (stranger, follower) = (host.open(.datagram), host.open(.datagram))
        try host.link.host.connect(follower, to: name)
        for _ in 0..<11 { try host.send(stranger, [1], to: name) }
        #expect(throws: StackError.wouldBlock) { try host.send(stranger, [1], to: name) }
        #expect(throws: StackError.wouldBlock) { try host.send(follower, [1]) }
        #expect(try host.link.host.readiness(of: stranger) == .writable)
        #expect(try host.link.host.readiness(of: follower) == [])
        while host.link.host.nextReady() != nil {}
        _ = try host.receive(server)
        var told: [EndpointID: Readiness] = [:]
        while let ready = host.link.host.nextReady() { told[ready.endpoint] = ready.events }
        #expect(told[stranger]?.contains(.room) == true)
        #expect(told[follower] == [.writable, .room])
        try host.send(follower, [1])
        // Two that are each other's peers fill the sender's buffer instead, as does one alone.
        let (one, other) = host.pair(.datagram)
        var count = 0
        while (try? host.send(one, [1])) != nil { count += 1 }
        #expect(count == 278)
        #expect(throws: StackError.wouldBlock) { try host.send(one, [1]) }
        _ = other
        let alone = try host.named(.datagram, try #require(LocalName("/self")))
        try host.link.host.connect(alone, to: try #require(LocalName("/self")))
        count = 0
        while (try? host.send(alone, [1])) != nil { count += 1 }
        #expect(count == 278)
    }

    @Test("Who sends to an endpoint that is gone is told once, and has no peer then")
    func gone() throws {
        let (one, other) = host.pair(.datagram)
        try host.send(other, [1, 2, 3])
        try host.link.host.close(other)
        #expect(try host.poll(one) == [.readable, .writable])
        #expect(throws: StackError.connectionRefused) { try host.send(one, [1]) }
        // What it had from there went with it.
        #expect(throws: StackError.wouldBlock) { try host.receive(one) }
        #expect(throws: StackError.notConnected) { try host.send(one, [1]) }
        #expect(try host.poll(one) == .writable)
        #expect(host.link.areBuffersBack)
    }

    @Test("Ending what connected them loses what waits, and the peer learns of it")
    func disconnecting() throws {
        let (one, other) = host.pair(.datagram)
        try host.send(one, [1])
        try host.send(other, [2])
        try host.link.host.disconnect(other)
        #expect(try host.poll(one) == [.readable, .writable, .error])
        #expect(throws: StackError.connectionReset) { try host.receive(one) }
        #expect(try host.receive(one).bytes == [2])
        #expect(throws: StackError.wouldBlock) { try host.receive(other) }
        #expect(throws: StackError.notConnected) { try host.link.host.peerName(of: other) }
        #expect(try host.send(one, [3]) == 1)
        #expect(try host.receive(other).bytes == [3])
    }

    @Test(
        "Shut, it takes what waits, then says that nothing is there, or the end to who would wait")
    func shutdown() throws {
        let (one, other) = host.pair(.datagram)
        try host.send(other, [1])
        try host.link.host.shutdownReceive(one)
        #expect(try host.poll(one) == [.readable, .writable, .readHangup])
        #expect(throws: StackError.brokenPipe) { try host.send(other, [2]) }
        #expect(try host.receive(one).bytes == [1])
        #expect(throws: StackError.wouldBlock) { try host.receive(one) }
        #expect(try host.receive(one, .wait).bytes == [])
        try host.link.host.shutdownSend(one)
        #expect(throws: StackError.brokenPipe) { try host.send(one, [2]) }
        #expect(try host.poll(one) == [.readable, .writable, .hangup, .readHangup])
        // Of datagrams only the side that asked for it.
        #expect(try host.poll(other) == .writable)
    }
}

extension LocalHost {
    func receive(
        _ id: EndpointID, _ options: LocalReceiveOptions
    ) throws -> (bytes: [UInt8], message: ReceivedLocalMessage) {
        try receive(id, upTo: 1000, options)
    }
}
