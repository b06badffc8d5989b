import Memory
import Testing
import Wire

@testable import Stack

/// Sizes and low-water marks that an application chooses for one stream.
@Suite("Buffers of streams") struct BufferOptionTests {
    @Test("SO_SNDBUF bounds what is taken, half of it as on Linux")
    func sending() throws {
        let streams = LoopbackStreams()
        let id = streams.link.host.open(.stream)
        try streams.link.set(id) { options in
            options.sendBuffer = 20_000
            options.isSendBufferChosen = true
        }
        _ = try streams.listener()
        #expect(streams.connect(id, BareLinks.name("127.0.0.1:80")) == .inProgress)
        streams.settle()
        #expect(try streams.send(id, 50_000) == 10_000)
    }

    @Test("SO_RCVBUF bounds the window")
    func receiving() throws {
        let streams = LoopbackStreams()
        let listener = try streams.listener { options in
            options.receiveBuffer = 8192
            options.isReceiveBufferChosen = true
        }
        let client = try streams.connected()
        let server = try streams.link.host.accept(listener)
        _ = try streams.send(client, 60_000)
        streams.link.wait(.milliseconds(500))
        #expect(try streams.link.host.receivableCount(of: server) == 4096)
        var taken = 0
        while let count = try? streams.receive(server), count > 0 {
            taken += count
            streams.link.wait(.milliseconds(500))
        }
        #expect(taken == 60_000)
    }

    @Test("TCP_WINDOW_CLAMP bounds the window further")
    func clamp() throws {
        let streams = LoopbackStreams()
        let (client, server) = try streams.pair()
        var options = try streams.link.host.streamOptions(of: server)
        options.windowClamp = 2000
        try streams.link.host.setStreamOptions(options, of: server)
        // What was offered before stays offered.
        _ = try streams.send(client, 100_000)
        streams.link.wait(.milliseconds(500))
        while let count = try? streams.receive(server), count > 0 { streams.settle() }
        _ = try streams.send(client, 50_000)
        streams.link.wait(.milliseconds(500))
        #expect(try streams.link.host.receivableCount(of: server) < 100_000)
    }

    @Test("SO_RCVLOWAT: readable, and enough for a reader that waits, from so many bytes on")
    func lowWater() throws {
        let streams = LoopbackStreams()
        let (client, server) = try streams.pair()
        try streams.link.set(server) { $0.receiveLowWater = 10 }
        #expect(try streams.send(client, 5) == 5)
        streams.settle()
        #expect(try streams.poll(server) == .writable)
        #expect(throws: StackError.wouldBlock) { try streams.receive(server, 100, .waits) }
        #expect(try streams.receive(server, 5, [.waits, .peek]) == 5)
        #expect(try streams.receive(server, 100, .peek) == 5)
        #expect(try streams.send(client, 5) == 5)
        streams.settle()
        #expect(try streams.poll(server) == [.readable, .writable])
        #expect(try streams.receive(server, 100, .waits) == 10)
        #expect(try streams.send(client, 1) == 1)
        try streams.link.host.shutdown(client, .sending)
        streams.settle()
        #expect(try streams.receive(server, 100, .waits) == 1)
    }

    @Test("TCP_NOTSENT_LOWAT: what cannot leave yet is not taken beyond it")
    func notSent() throws {
        let streams = LoopbackStreams()
        let id = streams.link.host.open(.stream)
        var options = try streams.link.host.streamOptions(of: id)
        options.notSentLowWater = 20_000
        try streams.link.host.setStreamOptions(options, of: id)
        #expect(streams.connect(id, LoopbackStreams.silence) == .inProgress)
        #expect(throws: StackError.wouldBlock) { try streams.send(id) }
        let (client, server) = try streams.pair()
        try streams.link.host.setStreamOptions(options, of: client)
        var taken = 0
        while let count = try? streams.send(client, 100_000) {
            taken += count
            streams.settle()
        }
        #expect(try streams.link.host.unsentCount(of: client) >= 20_000)
        #expect(taken < (2 << 20))
        #expect(try !streams.poll(client).contains(.writable))
        while let count = try? streams.receive(server), count > 0 { streams.settle() }
        #expect(try streams.poll(client).contains(.writable))
    }

    @Test("TCP_DEFER_ACCEPT: a connection is told of with its first bytes, or in the end without")
    func deferred() throws {
        for sends in [true, false] {
            let streams = LoopbackStreams()
            let listener = streams.link.host.open(.stream)
            var options = try streams.link.host.streamOptions(of: listener)
            options.deferAccept = .seconds(3)
            try streams.link.host.setStreamOptions(options, of: listener)
            try streams.link.host.bind(listener, to: BareLinks.name("127.0.0.1:80"))
            try streams.link.host.listen(listener, backlog: 4)
            let client = try streams.connected()
            #expect(try streams.poll(listener) == [])
            streams.link.wait(.milliseconds(500))
            #expect(try streams.poll(listener) == [])
            if sends {
                #expect(try streams.send(client, 5) == 5)
                streams.settle()
            } else {
                for _ in 0..<100 { streams.link.wait(.milliseconds(200)) }
            }
            #expect(try streams.poll(listener) == .readable)
            let server = try streams.link.host.accept(listener)
            #expect(try streams.link.host.streamOptions(of: server).deferAccept == nil)
            if sends { #expect(try streams.receive(server) == 5) }
        }
    }
}
