import Memory
import Testing
import Wire

@testable import Stack

/// `shutdown`, resets, and what calls and `poll` make of them, as Linux 6.18 answers.
@Suite("Shutting down") struct ShutdownCallTests {
    static let over: Readiness = [.readable, .writable, .hangup, .readHangup]

    @Test("Without a connection it fails, and poll shows it all the same")
    func unconnected() throws {
        let streams = LoopbackStreams()
        let id = streams.link.host.open(.stream)
        #expect(throws: StackError.notConnected) { try streams.link.host.shutdown(id, .sending) }
        #expect(try streams.poll(id) == [.writable, .hangup])
        #expect(throws: StackError.notConnected) { try streams.link.host.shutdown(id, .receiving) }
        #expect(try streams.poll(id) == Self.over)
        try streams.link.host.disconnect(id)
        #expect(try streams.poll(id) == [.writable, .hangup])
    }

    @Test("In SYN-SENT the attempt ends, and the endpoint connects anew", arguments: [1, 2, 3])
    func opening(_ how: UInt8) throws {
        let streams = LoopbackStreams()
        let id = streams.link.host.open(.stream)
        #expect(streams.connect(id, LoopbackStreams.silence) == .inProgress)
        try streams.link.host.shutdown(id, Shutdown(rawValue: how))
        #expect(try streams.poll(id) == [.writable, .error, .hangup])
        #expect(throws: StackError.connectionReset) { try streams.send(id) }
        #expect(streams.connect(id, LoopbackStreams.silence) == .inProgress)
    }

    @Test("After a refusal that nobody took note of, connect is out of the question")
    func refused() throws {
        let streams = LoopbackStreams()
        let id = streams.link.host.open(.stream)
        #expect(streams.connect(id, LoopbackStreams.nobody) == .inProgress)
        streams.settle()
        #expect(throws: StackError.notConnected) { try streams.link.host.shutdown(id, .both) }
        #expect(streams.connect(id, LoopbackStreams.nobody) == .invalidArgument)
        try streams.link.host.disconnect(id)
        #expect(streams.connect(id, LoopbackStreams.nobody) == .inProgress)
    }

    @Test("Receiving: what was there and what still comes can be read, then the end")
    func receiving() throws {
        let streams = LoopbackStreams()
        let (client, server) = try streams.pair()
        #expect(try streams.send(server, 3) == 3)
        streams.settle()
        try streams.link.host.shutdown(client, .receiving)
        #expect(try streams.poll(client) == [.readable, .writable, .readHangup])
        #expect(try streams.poll(server) == .writable)
        #expect(try streams.receive(client) == 3)
        #expect(try streams.receive(client) == 0)
        #expect(try streams.send(server, 2) == 2)
        streams.settle()
        #expect(try streams.receive(client) == 2)
        #expect(try streams.receive(client) == 0)
    }

    @Test("Both: bytes that still come are answered with a reset")
    func both() throws {
        let streams = LoopbackStreams()
        let (client, server) = try streams.pair()
        try streams.link.host.shutdown(client, .both)
        #expect(try streams.poll(client) == Self.over)
        streams.settle()
        #expect(try streams.poll(server) == [.readable, .writable, .readHangup])
        #expect(try streams.send(server) == 1)
        streams.settle()
        #expect(try streams.poll(server) == Self.over.union(.error))
        #expect(throws: StackError.brokenPipe) { try streams.send(server) }
    }

    @Test("Both sides' ends, one after the other")
    func ends() throws {
        let streams = LoopbackStreams()
        let (client, server) = try streams.pair()
        try streams.link.host.shutdown(client, .sending)
        try streams.link.host.shutdown(client, .sending)
        streams.settle()
        #expect(try streams.poll(client) == .writable)
        #expect(throws: StackError.brokenPipe) { try streams.send(client) }
        #expect(throws: StackError.brokenPipe) { try streams.send(client, 0) }
        #expect(try streams.send(server, 2) == 2)
        try streams.link.host.close(server)
        streams.settle()
        #expect(try streams.poll(client) == Self.over)
        #expect(try streams.receive(client) == 2)
        #expect(try streams.receive(client) == 0)
        #expect(throws: StackError.notConnected) { try streams.link.host.shutdown(client, .both) }
        #expect(throws: StackError.notConnected) { try streams.link.host.remoteAddress(of: client) }
        #expect(try streams.link.host.localAddress(of: client).address == LoopbackStreams.address)
    }

    @Test("Reset: bytes first, then the error once, then the end")
    func reset() throws {
        let streams = LoopbackStreams()
        let (client, server) = try streams.pair()
        #expect(try streams.send(server, 3) == 3)
        streams.settle()
        try streams.reset(server)
        #expect(try streams.poll(client) == Self.over.union(.error))
        #expect(try streams.receive(client, 2) == 2)
        #expect(try streams.receive(client) == 1)
        #expect(throws: StackError.connectionReset) { try streams.receive(client) }
        #expect(try streams.receive(client) == 0)
        #expect(try streams.poll(client) == Self.over)
        #expect(throws: StackError.brokenPipe) { try streams.send(client) }
    }

    @Test("Reset behind the end of the stream: the end is read, the error left to who sends")
    func resetBehindEnd() throws {
        let streams = LoopbackStreams()
        let (client, server) = try streams.pair()
        try streams.link.host.shutdown(server, .sending)
        streams.settle()
        try streams.reset(server)
        #expect(try streams.poll(client) == Self.over.union(.error))
        #expect(try streams.receive(client) == 0)
        #expect(try streams.link.host.takeError(of: client) == .brokenPipe)
        #expect(try streams.link.host.takeError(of: client) == nil)
    }

    @Test("A connection that was reset before it was accepted is accepted, and names its peer")
    func accepted() throws {
        let streams = LoopbackStreams()
        let listener = try streams.listener()
        let client = try streams.connected()
        let name = try streams.link.host.localAddress(of: client)
        #expect(try streams.send(client, 2) == 2)
        streams.settle()
        try streams.reset(client)
        #expect(try streams.poll(listener) == .readable)
        let server = try streams.link.host.accept(listener)
        #expect(try streams.link.host.peerAddress(ofAccepted: server) == name)
        #expect(throws: StackError.notConnected) { try streams.link.host.remoteAddress(of: server) }
        #expect(try streams.receive(server) == 2)
        #expect(throws: StackError.connectionReset) { try streams.receive(server) }
    }

    @Test("Datagrams: readers that wait get nothing more, senders a broken pipe")
    func datagrams() throws {
        let link = BareLinks()
        let peer = SocketAddress(address: BareLinks.peer4, port: 9)
        let id = try link.bound(BareLinks.name("10.7.0.1:53"))
        #expect(throws: StackError.notConnected) { try link.host.shutdown(id, .receiving) }
        #expect(try link.host.readiness(of: id) == [.readable, .writable, .readHangup])
        try link.host.connect(id, to: peer)
        try link.host.shutdown(id, .both)
        #expect(try link.host.shutdowns(of: id) == .both)
        #expect(
            try link.host.readiness(of: id) == [.readable, .writable, .hangup, .readHangup])
        let bytes: [UInt8] = [1]
        #expect(throws: StackError.brokenPipe) { try link.host.send(id, bytes.span, to: nil) }
        link.inject(link.udp(from: peer, to: BareLinks.name("10.7.0.1:53"), [5]))
        #expect(try link.marks(id) == [5])
    }
}
