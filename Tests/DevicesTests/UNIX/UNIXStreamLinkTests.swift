import Devices
import Glibc
import Memory
import Stack
import Testing
import Wire

@Suite("Link over a UNIX stream socket")
struct UNIXStreamLinkTests {
    let pools = BufferPools(.init(frames: 128, controls: 16, chunks: 32))
    let file = ScratchFile("sock")

    /// The next frame, within two seconds.
    private func nextFrame(_ link: UNIXStreamLink) throws -> [UInt8]? {
        let deadline = MonotonicClock.now() + .seconds(2)
        while MonotonicClock.now() < deadline {
            if let packet = try link.receive() { return bytes(of: packet) }
            if link.nextDeadline > MonotonicClock.now() {
                _ = isReadable(link.descriptor, within: 10)
            }
        }
        return nil
    }

    /// Sends a frame for which there is room.
    private func send(_ frame: [UInt8], headCount: Int? = nil, _ link: UNIXStreamLink) throws {
        switch link.send(try makePacket(frame, headCount: headCount, from: pools)) {
        case .sent: break
        case .full: Issue.record("the stream has room")
        }
    }

    /// Nothing is there, which also lets the link notice who came and who went.
    private func expectNothing(_ link: UNIXStreamLink) throws {
        let isNothing = try link.receive() == nil
        #expect(isNothing)
    }

    private func server(_ ending: UNIXStreamLink.Ending = .waitsForNext) throws -> UNIXStreamLink {
        try UNIXStreamLink(file.path, as: .server, whenPeerGoes: ending, pools: pools)
    }

    /// A peer of a server that the server knows of.
    private func peer(of link: UNIXStreamLink) throws -> RawUNIXSocket {
        let peer = try RawUNIXSocket(stream: true)
        try peer.connect(file.path)
        #expect(isReadable(link.descriptor, within: 2000))
        try expectNothing(link)
        #expect(link.isConnected)
        return peer
    }

    @Test("Frames pass behind four bytes of length, most significant first, both ways")
    func framing() throws {
        let link = try server()
        #expect(!link.isConnected)
        let peer = try peer(of: link)
        let frame = pattern(600)
        try send(frame, headCount: 100, link)
        #expect(peer.receive() == [0, 0, 2, 88] + frame)
        try peer.send(record(pattern(1514, seed: 2)))
        #expect(try nextFrame(link) == pattern(1514, seed: 2))
        #expect(link.counters == DeviceCounters())
    }

    @Test("A client does the same, and two links talk to each other")
    func client() throws {
        let server = try server()
        let client = try UNIXStreamLink(
            file.path, as: .client, whenPeerGoes: .ends, pools: pools)
        #expect(client.isConnected)
        try send(pattern(64), client)
        #expect(try nextFrame(server) == pattern(64))
        try send(pattern(1000), server)
        #expect(try nextFrame(client) == pattern(1000))
    }

    @Test("A record that comes byte by byte is put together, and the next one after it")
    func fragments() throws {
        let link = try server()
        let peer = try peer(of: link)
        let stream = record(pattern(90)) + record(pattern(70, seed: 2))
        for byte in stream.dropLast() {
            try peer.send([byte])
            if byte == stream[93] { _ = isReadable(link.descriptor, within: 10) }
        }
        #expect(try nextFrame(link) == pattern(90))
        try expectNothing(link)
        try peer.send([stream[stream.count - 1]])
        #expect(try nextFrame(link) == pattern(70, seed: 2))
    }

    @Test("Many frames of one write are told of by the deadline until the last is taken")
    func batch() throws {
        let link = try server()
        let peer = try peer(of: link)
        try peer.send((1...30).flatMap { record(pattern(100, seed: $0)) })
        #expect(isReadable(link.descriptor, within: 2000))
        for seed: UInt32 in 1...30 {
            let packet = try arrived(link.receive())
            #expect(bytes(of: packet) == pattern(100, seed: seed))
            #expect((link.nextDeadline == .zero) == (seed < 30))
        }
        try expectNothing(link)
        #expect(link.nextDeadline == .never && !isReadable(link.descriptor))
    }

    @Test("A frame of the largest size passes, in slices")
    func large() throws {
        let link = try server()
        let peer = try peer(of: link)
        let frame = pattern(65_549)
        // More than the socket takes at once: both sides go on until all is through.
        let writer = try Worker { [record = record(frame), descriptor = peer.descriptor] in
            var left = record[...]
            while !left.isEmpty {
                let count = unsafe left.withUnsafeBytes { bytes in
                    unsafe write(descriptor, bytes.baseAddress, bytes.count)
                }
                if count > 0 { left = left.dropFirst(count) }
            }
        }
        #expect(try nextFrame(link) == frame)
        #expect(writer.ends())
        try send(frame, headCount: 1000, link)
        #expect(peer.receiveAll(frame.count + 4) == record(frame))
    }

    @Test("What a slow reader has no room for comes back, and nothing of what went is lost")
    func slowReader() throws {
        let link = try server()
        let peer = try peer(of: link)
        let frame = pattern(60_000)
        var sent = 0
        var isFull = false
        while !isFull, sent < 100 {
            switch link.send(try makePacket(frame, headCount: 1000, from: pools)) {
            case .sent: sent += 1
            case .full(let packet):
                isFull = true
                #expect(bytes(of: packet) == frame)
            }
        }
        #expect(isFull && sent > 0)
        // The rest of a record that went in part follows without another frame being sent.
        var stream: [UInt8] = []
        while stream.count < sent * 60_004, let more = peer.receive(), !more.isEmpty {
            stream += more
            try expectNothing(link)
        }
        #expect(stream == (0..<sent).flatMap { _ in record(frame) })
        #expect(link.nextDeadline == .never)
        #expect(pools.available.frames == pools.capacity.frames)
    }

    @Test(
        "A length that no frame has ends the connection, counted; the next peer is served",
        arguments: [69_633, 1 << 24, 1 << 31, 0xFFFF_FFFF])
    func lie(length: Int) throws {
        let link = try server()
        let liar = try peer(of: link)
        try liar.send(
            record(pattern(60)) + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) })
        #expect(try nextFrame(link) == pattern(60))
        try expectNothing(link)
        #expect(link.counters.badHeaders == 1)
        #expect(!link.isConnected)
        #expect(liar.receive() == [], "the liar is cut off")
        let next = try peer(of: link)
        try next.send(record(pattern(61)))
        #expect(try nextFrame(link) == pattern(61))
    }

    @Test("Empty records are counted and passed over, however many")
    func empty() throws {
        let link = try server()
        let peer = try peer(of: link)
        try peer.send(Array(repeating: 0, count: 40_000) + record(pattern(60)))
        #expect(try nextFrame(link) == pattern(60))
        #expect(link.counters.badHeaders == 10_000)
        #expect(link.isConnected)
    }

    @Test("A peer that goes in the middle of a record leaves nothing behind for the next")
    func goneInTheMiddle() throws {
        let link = try server()
        do {
            let first = try peer(of: link)
            try first.send(Array(record(pattern(100)).prefix(50)))
            try expectNothing(link)
        }
        try expectNothing(link)
        #expect(!link.isConnected)
        try send(pattern(60), link)
        #expect(link.counters.undelivered == 1, "a frame for nobody is lost and counted")
        let second = try peer(of: link)
        try second.send(record(pattern(80)))
        #expect(try nextFrame(link) == pattern(80))
        try send(pattern(70), link)
        #expect(second.receive() == record(pattern(70)))
    }

    @Test("A second peer waits until the first has gone, and wakes nobody meanwhile")
    func secondPeer() throws {
        let link = try server()
        let second = try RawUNIXSocket(stream: true)
        do {
            let first = try peer(of: link)
            try second.connect(file.path)
            try second.send(record(pattern(60)))
            #expect(!isReadable(link.descriptor, within: 20))
            try first.send(record(pattern(61)))
            #expect(try nextFrame(link) == pattern(61))
        }
        #expect(try nextFrame(link) == pattern(60))
    }

    @Test("A link that ends with its peer says so, and wakes nobody any more")
    func ends() throws {
        let link = try server(.ends)
        do { _ = try peer(of: link) }
        for _ in 0..<3 {
            let error = #expect(throws: DeviceError.self) { _ = try link.receive() }
            #expect(error?.code == ENOTCONN)
        }
        #expect(link.nextDeadline == .never && !isReadable(link.descriptor))
        try send(pattern(60), link)
        #expect(link.counters.undelivered == 1)
    }

    @Test("A peer that reads no more is noticed when something is sent")
    func halfClosed() throws {
        let link = try server()
        let peer = try peer(of: link)
        shutdown(peer.descriptor, Int32(SHUT_RD))
        try send(pattern(60), link)
        try expectNothing(link)
        #expect(!link.isConnected && link.counters.undelivered == 1)
    }

    @Test("A client that waits may come first, and comes again when the server does")
    func reconnects() throws {
        let client = try UNIXStreamLink(file.path, as: .client, pools: pools)
        #expect(!client.isConnected)
        for _ in 0..<2 {
            // In the second round the peer has gone.
            try expectNothing(client)
            #expect(client.nextDeadline != .never, "the client tries again by itself")
            let listener = try RawUNIXSocket(stream: true)
            try listener.bind(file.path)
            try expectNothing(client)
            while client.nextDeadline != .never, !client.isConnected {
                usleep(20_000)
                try expectNothing(client)
            }
            let peer = try listener.accept()
            try peer.send(record(pattern(60)))
            #expect(try nextFrame(client) == pattern(60))
        }
    }

    @Test("What cannot be opened is said in words")
    func errors() throws {
        let absent = #expect(throws: DeviceError.self) {
            _ = try UNIXStreamLink(
                file.path, as: .client, whenPeerGoes: .ends, pools: pools)
        }
        #expect(absent?.code == ENOENT)
        #expect(
            absent?.description.hasSuffix("No such file or directory (nobody listens there)")
                == true)
        let first = try server()
        let taken = #expect(throws: DeviceError.self) { _ = try server() }
        #expect(taken?.code == EADDRINUSE)
        #expect(first.nextDeadline == .never)
        for (path, code) in [
            ("", EINVAL), ("a\0b", EINVAL), (String(repeating: "x", count: 108), ENAMETOOLONG),
            ("/nonexistent/socket", ENOENT),
        ] {
            let error = #expect(throws: DeviceError.self) {
                _ = try UNIXStreamLink(path, as: .server, pools: pools)
            }
            #expect(error?.code == code)
        }
    }

    @Test("The server's file is its owner's alone, goes with it, and replaces one left over")
    func path() throws {
        do {
            let left = try RawUNIXSocket(stream: true)
            try left.bind(file.path)
        }
        #expect(shell("test -S \(file.path)") != nil, "a file is left over")
        do {
            let link = try server()
            #expect(shell("stat -c %a \(file.path)") == "600\n")
            _ = try peer(of: link)
        }
        #expect(shell("test -e \(file.path)") == nil)
        #expect(shell("echo precious > \(file.path)") != nil)
        let error = #expect(throws: DeviceError.self) { _ = try server() }
        #expect(error?.code == EADDRINUSE)
        #expect(file.contents == Array("precious\n".utf8), "no other file gives way")
    }

    @Test("A name of the abstract namespace needs no file")
    func abstract() throws {
        let name = "@sockeye-\(getpid())-\(SystemRandom.seed().0)"
        let server = try UNIXStreamLink(name, as: .server, pools: pools)
        let client = try UNIXStreamLink(name, as: .client, whenPeerGoes: .ends, pools: pools)
        try send(pattern(60), client)
        #expect(try nextFrame(server) == pattern(60))
    }

    @Test("Frames for which there is no memory are dropped and counted")
    func memoryShort() throws {
        let pools = BufferPools(.init(frames: 1, controls: 1, chunks: 1))
        let link = try UNIXStreamLink(file.path, as: .server, pools: pools)
        let peer = try peer(of: link)
        try peer.send(record(pattern(60)) + record(pattern(61)) + record(pattern(62)))
        let held = try link.receive()
        let holds = held != nil
        #expect(holds)
        try expectNothing(link)
        #expect(link.counters.memoryDrops == 2)
        discard(held)
        try peer.send(record(pattern(63)))
        #expect(try nextFrame(link) == pattern(63))
    }

    private func discard(_ packet: consuming Packet?) {}
}
