import Testing

@testable import Stack

/// Streams within a host, as Linux has them (unix(7); what its 6.18 answers).
@Suite("Streams within a host") struct LocalStreamTests {
    private let host = LocalHost()

    @Test("Reads cross writes, take part of them, and leave the rest")
    func bytes() throws {
        let (one, other) = host.pair(.stream)
        for piece: [UInt8] in [[1, 2, 3], [], [4], [5, 6]] { try host.send(one, piece) }
        #expect(try host.receive(other, upTo: 2).bytes == [1, 2])
        #expect(try host.receive(other, upTo: 3, .peek).bytes == [3, 4, 5])
        #expect(try host.link.host.receivableCount(of: other) == 4)
        #expect(try host.receive(other).bytes == [3, 4, 5, 6])
        #expect(throws: StackError.wouldBlock) { try host.receive(other) }
        #expect(host.link.areBuffersBack)
    }

    @Test(
        "As much fits into a stream as on Linux",
        arguments: [
            (1, 278, 278), (128, 35584, 278), (129, 35862 / 278 * 167, 167), (704, 117_568, 167),
            (705, 65565, 93), (1728, 160_704, 93), (3776, 185_024, 49), (3777, 166_188, 44),
            (8000, 192_000, 24), (16064, 208_832, 13), (36544, 219_264, 6), (40000, 236_544, 6),
            (1 << 20, 219_264, 1),
        ])
    func capacity(_ size: Int, _ total: Int, _ calls: Int) throws {
        let (one, _) = host.pair(.stream)
        let bytes = [UInt8](repeating: 7, count: size)
        var (taken, count) = (0, 0)
        while let sent = try? host.send(one, bytes) {
            taken += sent
            count += 1
        }
        #expect(count == calls)
        // 129 bytes are another number on each build of the kernel; what matters is the class.
        if size != 129 { #expect(taken == total) }
        #expect(throws: StackError.wouldBlock) { try host.send(one, [1]) }
    }

    @Test("Who closed leaves what it sent, an end, and an error if it had not read all")
    func closing() throws {
        let (one, other) = host.pair(.stream)
        #expect(try host.poll(one) == .writable)
        try host.link.host.close(other)
        #expect(try host.poll(one) == [.readable, .writable, .hangup, .readHangup])
        #expect(throws: StackError.brokenPipe) { try host.send(one, [1]) }
        #expect(try host.receive(one).bytes == [])

        let (left, right) = host.pair(.stream)
        try host.send(left, [1, 2])
        try host.send(right, [3, 4, 5])
        try host.link.host.close(right)
        #expect(
            try host.poll(left) == [.readable, .writable, .error, .hangup, .readHangup])
        #expect(throws: StackError.brokenPipe) { try host.send(left, [1]) }
        #expect(try host.receive(left).bytes == [3, 4, 5])
        #expect(throws: StackError.connectionReset) { try host.receive(left) }
        #expect(try host.receive(left).bytes == [])
        #expect(throws: StackError.brokenPipe) { try host.send(left, []) }
        #expect(host.link.areBuffersBack)
    }

    @Test("Each direction ends by itself, and both sides see it")
    func shutdown() throws {
        let (one, other) = host.pair(.stream)
        try host.send(other, [1, 2, 3])
        try host.send(one, [4])
        try host.link.host.shutdownSend(one)
        #expect(try host.poll(one) == [.readable, .writable])
        #expect(try host.poll(other) == [.readable, .writable, .readHangup])
        #expect(throws: StackError.brokenPipe) { try host.send(one, [5]) }
        #expect(try host.receive(other).bytes == [4])
        #expect(try host.receive(other).bytes == [])
        try host.send(other, [6])
        try host.link.host.shutdownReceive(one)
        #expect(throws: StackError.brokenPipe) { try host.send(other, [7]) }
        #expect(try host.poll(other) == [.readable, .writable, .hangup, .readHangup])
        #expect(try host.receive(one).bytes == [1, 2, 3, 6])
        #expect(try host.receive(one).bytes == [])
    }

    @Test("An endpoint without a peer says so in Linux's words, and may be shut all the same")
    func unconnected() throws {
        let fresh = host.open(.stream)
        #expect(try host.poll(fresh) == [.writable, .hangup])
        #expect(throws: StackError.notConnected) { try host.send(fresh, [1]) }
        #expect(throws: StackError.invalidArgument) { try host.receive(fresh) }
        #expect(throws: StackError.notConnected) { try host.link.host.peerName(of: fresh) }
        #expect(throws: StackError.invalidArgument) { try host.link.host.accept(fresh) }
        #expect(throws: StackError.invalidArgument) {
            try host.link.host.listen(fresh, backlog: 1)
        }
        #expect(throws: StackError.invalidArgument) { try host.link.host.disconnect(fresh) }
        #expect(throws: StackError.notSupported) {
            try host.send(fresh, [1], to: LocalName("/nobody"))
        }
        try host.link.host.shutdownReceive(fresh)
        #expect(try host.poll(fresh) == [.readable, .writable, .hangup, .readHangup])
        let (one, _) = host.pair(.stream)
        #expect(throws: StackError.alreadyConnected) {
            try host.send(one, [1], to: LocalName("/nobody"))
        }
    }

    @Test(
        "A listener takes one more than its backlog; who finds no place is told when there is one")
    func backlog() throws {
        let name = try #require(LocalName("/run/service"))
        let listener = try host.named(.stream, name)
        let clients = (0..<3).map { _ in host.open(.stream) }
        #expect(throws: StackError.connectionRefused) {
            try host.link.host.connect(clients[0], to: name)
        }
        try host.link.host.listen(listener, backlog: 0)
        #expect(try host.poll(listener) == [])
        try host.link.host.connect(clients[0], to: name)
        #expect(try host.poll(listener) == .readable)
        for client in clients {
            #expect(throws: StackError.wouldBlock) {
                try host.link.host.connect(client, to: name)
            }
        }
        // `poll` says what it says of any fresh endpoint; a call that waits waits for room.
        #expect(try host.link.host.readiness(of: clients[1]) == [.writable, .hangup])
        _ = host.events(of: clients[1])
        let server = try host.link.host.accept(listener)
        #expect(host.events(of: clients[1]).contains(.room))
        #expect(try host.link.host.readiness(of: clients[1]).contains(.room))
        try host.link.host.connect(clients[1], to: name)
        try host.link.host.listen(listener, backlog: 5)
        #expect(throws: StackError.alreadyConnected) {
            try host.link.host.connect(clients[0], to: name)
        }
        #expect(throws: StackError.invalidArgument) {
            try host.link.host.connect(listener, to: name)
        }
        #expect(try host.link.host.localName(of: server) == name)
        #expect(try host.link.host.peerName(of: clients[0]) == name)
        #expect(try host.link.host.peerName(of: server) == nil)
        // Shut for receiving it refuses, and still gives who waits.
        try host.link.host.shutdownReceive(listener)
        #expect(throws: StackError.connectionRefused) {
            try host.link.host.connect(clients[2], to: name)
        }
        #expect(try host.poll(listener) == [.readable, .readHangup])
        _ = try host.link.host.accept(listener)
        #expect(throws: StackError.invalidArgument) { try host.link.host.accept(listener) }
    }

    @Test("A listener that closes resets who waits to be accepted")
    func closedListener() throws {
        let name = try #require(LocalName(abstract: "service"))
        let listener = try host.named(.stream, name)
        try host.link.host.listen(listener, backlog: 5)
        let client = host.open(.stream)
        try host.link.host.connect(client, to: name)
        try host.send(client, [1, 2])
        try host.link.host.close(listener)
        #expect(
            try host.poll(client) == [.readable, .writable, .error, .hangup, .readHangup])
        #expect(throws: StackError.brokenPipe) { try host.send(client, [1]) }
        #expect(throws: StackError.connectionReset) { try host.receive(client) }
        #expect(try host.receive(client).bytes == [])
        #expect(host.link.areBuffersBack)
    }

    @Test("A name outlives its endpoint at the peer")
    func names() throws {
        let (one, other) = host.pair(.stream)
        #expect(try host.link.host.peerName(of: other) == nil)
        let name = try #require(LocalName("/late"))
        try host.link.host.bind(one, to: name)
        try host.send(one, [1])
        #expect(try host.receive(other).message.source == name)
        try host.link.host.close(one)
        #expect(try host.link.host.peerName(of: other) == name)
        #expect(throws: StackError.invalidArgument) {
            try host.link.host.listen(other, backlog: 1)
        }
    }
}
