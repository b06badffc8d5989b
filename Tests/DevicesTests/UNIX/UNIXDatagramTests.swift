import Devices
import Glibc
import Memory
import Stack
import Testing
import Wire

@Suite("Link over UNIX datagram sockets")
struct UNIXDatagramTests {
    let pools = BufferPools(.init(frames: 64, controls: 16, chunks: 32))
    let here = ScratchFile("here")
    let there = ScratchFile("there")

    private func link(mtu: Int = 1500) throws -> FrameDevice {
        try FrameDevice(unixDatagram: here.path, to: there.path, mtu: mtu, pools: pools)
    }

    /// Sends a frame for which there is room.
    private func send(_ packet: consuming Packet, _ link: borrowing FrameDevice) throws {
        switch try link.send(packet) {
        case .sent: break
        case .full: Issue.record("the socket has room")
        }
    }

    @Test("One frame is one datagram, both ways")
    func frames() throws {
        let link = try link()
        let peer = try RawUNIXSocket(stream: false)
        try peer.bind(there.path)
        try send(makePacket(pattern(1514), headCount: 300, from: pools), link)
        #expect(peer.receive() == pattern(1514))
        for size in [1, 60, 1514] { try peer.send(pattern(size), to: here.path) }
        for size in [1, 60, 1514] {
            let packet = try arrived(link.receive())
            #expect(bytes(of: packet) == pattern(size))
        }
        let isNothing = try link.receive() == nil
        #expect(isNothing)
    }

    @Test("A partial checksum is completed on the way out")
    func checksum() throws {
        let link = try link()
        let peer = try RawUNIXSocket(stream: false)
        try peer.bind(there.path)
        let path = KernelSide.path(isIPv4: true, from: 1, to: 2)
        try send(
            makePacket(
                path.datagram(pattern(100), .partial), from: pools, metadata: path.partial(.udp)),
            link)
        #expect(peer.receive() == path.datagram(pattern(100)))
    }

    @Test(
        "Either end may come first and come again; what is sent to nobody is reported and counted")
    func comings() throws {
        let link = try link()
        for round: UInt64 in 1...2 {
            let error = #expect(throws: DeviceError.self) {
                try send(makePacket([1], from: pools), link)
            }
            #expect(error?.code == (round == 1 ? ENOENT : ECONNREFUSED))
            #expect(link.counters.undelivered == round)
            let peer = try RawUNIXSocket(stream: false)
            try peer.bind(there.path)
            try send(makePacket([2], from: pools), link)
            #expect(peer.receive() == [2])
            try peer.send([3], to: here.path)
            let packet = try arrived(link.receive())
            #expect(bytes(of: packet) == [3])
        }
    }

    @Test("A peer that does not read makes packets come back, none is lost")
    func full() throws {
        let link = try link()
        let peer = try RawUNIXSocket(stream: false)
        try peer.bind(there.path)
        var sent = 0
        var isFull = false
        while !isFull, sent < 100_000 {
            switch try link.send(makePacket([7], from: pools)) {
            case .sent: sent += 1
            case .full(let packet):
                isFull = true
                #expect(bytes(of: packet) == [7])
            }
        }
        #expect(isFull)
        for _ in 0..<sent { #expect(peer.receive() == [7]) }
        try send(makePacket([8], from: pools), link)
        #expect(peer.receive() == [8])
        #expect(link.counters.undelivered == 0)
    }

    @Test("A datagram longer than any frame is dropped and counted, the next one passes")
    func oversized() throws {
        let link = try link()
        let peer = try RawUNIXSocket(stream: false)
        try peer.send(pattern(5000), to: here.path)
        try peer.send(pattern(500), to: here.path)
        let packet = try arrived(link.receive())
        #expect(bytes(of: packet) == pattern(500))
        #expect(link.counters.oversized == 1 && link.counters.memoryDrops == 0)
    }

    @Test("Large frames pass where the link has a large MTU")
    func jumbo() throws {
        let link = try link(mtu: 65_000)
        let peer = try RawUNIXSocket(stream: false)
        try peer.bind(there.path)
        try peer.send(pattern(65_014), to: here.path)
        let packet = try arrived(link.receive())
        #expect(bytes(of: packet) == pattern(65_014))
        try send(packet, link)
        #expect(peer.receive() == pattern(65_014))
    }

    @Test("Two programs cannot have one path, and it goes with the device")
    func path() throws {
        do {
            let link = try link()
            #expect(link.label == "UNIX datagram socket \(here.path)")
            let error = #expect(throws: DeviceError.self) {
                _ = try FrameDevice(unixDatagram: here.path, to: there.path, pools: pools)
            }
            #expect(error?.code == EADDRINUSE)
            #expect(error?.advice == "somebody uses that path, or it is no socket")
        }
        #expect(shell("test -e \(here.path)") == nil)
    }

    @Test("Frames for which there is no memory are dropped and counted")
    func memoryShort() throws {
        let pools = BufferPools(.init(frames: 1, controls: 1, chunks: 1))
        let link = try FrameDevice(unixDatagram: here.path, to: there.path, pools: pools)
        let peer = try RawUNIXSocket(stream: false)
        for _ in 0..<3 { try peer.send([1], to: here.path) }
        let held = try link.receive()
        let holds = held != nil
        #expect(holds)
        let isNothing = try link.receive() == nil
        #expect(isNothing && link.counters.memoryDrops == 2)
        discard(held)
    }

    private func discard(_ packet: consuming Packet?) {}
}
