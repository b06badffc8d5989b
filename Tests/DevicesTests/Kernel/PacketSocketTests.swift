import Devices
import Glibc
import Memory
import Stack
import Testing
import Wire

/// A packet socket on one end of a pair of virtual interfaces, the kernel on the other.
@Suite(
    "Packet socket against the kernel", .serialized,
    .enabled(if: KernelSide.isAvailable, KernelSide.reason))
struct PacketSocketTests {
    let pools = BufferPools(.init(frames: 256, controls: 64, chunks: 256))

    private func send(_ packet: consuming Packet, _ device: borrowing FrameDevice) throws {
        switch try device.send(packet) {
        case .sent: break
        case .full: Issue.record("the interface has room for a frame")
        }
    }

    @Test(
        "Datagrams pass both ways, to an address that the interface has not, partial sums and all",
        arguments: [true, false], [true, false])
    func datagrams(isIPv4: Bool, offloads: Bool) throws {
        let kernel = try KernelSide(.pair)
        let path = KernelSide.path(isIPv4: isIPv4, from: 7000, to: 7001)
        try kernel.withDevice(offloads: offloads, pools: pools) { device in
            #expect(device.label == "packet socket on far0")
            let socket = try kernel.socket(isIPv4, SOCK_DGRAM)
            try socket.bind(path.destination)
            try socket.connect(path.source)

            let sent = pattern(1000)
            #expect(socket.send(sent) == 1000)
            let seen = try device.await { $0.suffix(1000) == sent[...] }
            var packet = try arrived(seen)
            // Between virtual interfaces nobody completes a sum: without offloads it is wrong.
            if offloads {
                let metadata = packet.metadata
                #expect(metadata == path.reversed.partial(.udp))
                completeChecksum(of: &packet)
                let expected = path.reversed.datagram(sent).dropFirst(path.transportOffset)
                #expect(bytes(of: packet).suffix(expected.count) == expected)
            }

            let answer = pattern(1200, seed: 2)
            try send(
                makePacket(
                    path.datagram(answer, .partial), headCount: 80, from: pools,
                    metadata: path.partial(.udp)), device)
            #expect(socket.receive(2000) == answer)
        }
    }

    @Test("The kernel's merged segments come in as one packet", arguments: [true, false])
    func mergedIn(isIPv4: Bool) throws {
        let kernel = try KernelSide(.pair)
        try kernel.withDevice(offloads: true, pools: pools) { device in
            var peer = try HandMadePeer(kernel, device, isIPv4: isIPv4, pools: pools)
            let sent = pattern(200_000)
            #expect(peer.socket.send(sent) > 50_000)
            let seen = try device.await { SegmentFacts($0)?.payload.isEmpty == false }
            let packet = try arrived(seen)
            let metadata = packet.metadata
            #expect(metadata == peer.path.reversed.partial(.tcp, segmentSize: 1400))
            let whole = try #require(SegmentFacts(bytes(of: packet)))
            #expect(whole.payload.count > 1400)
            #expect(whole.payload[...] == sent.prefix(whole.payload.count))
            try peer.reset(device)
        }
    }

    @Test("Merged packets of ours arrive", arguments: [true, false], ChecksumForm.allCases)
    func mergedOut(isIPv4: Bool, form: ChecksumForm) throws {
        let kernel = try KernelSide(.pair)
        try kernel.withDevice(offloads: true, pools: pools) { device in
            var peer = try HandMadePeer(kernel, device, isIPv4: isIPv4, pools: pools)
            let sent = pattern(40_000, seed: 3)
            let frame = peer.segment([.ack, .psh], sent, form)
            var metadata = peer.path.partial(.tcp, segmentSize: 1400)
            if form == .complete { metadata.checksum = .verified }
            try send(
                makePacket(
                    frame, headCount: peer.path.transportOffset + 20, from: pools,
                    metadata: metadata), device)
            var received: [UInt8] = []
            while received.count < sent.count, let more = peer.socket.receive(65536) {
                received += more
            }
            #expect(received == sent)
            try peer.reset(device)
        }
    }

    @Test("What is sent does not come back, neither what the kernel sends by the interface")
    func noEcho() throws {
        let kernel = try KernelSide(.pair)
        let path = KernelSide.path(isIPv4: true, from: 7000, to: 7001)
        try kernel.withDevice(offloads: true, pools: pools) { device in
            let other = try kernel.inside { try FrameDevice(packetSocket: "far0", pools: pools) }
            for number: UInt8 in 1...10 {
                try send(makePacket(path.datagram([number, 1]), from: pools), device)
                try send(makePacket(path.datagram([number, 2]), from: pools), other)
            }
            // What the kernel says to that comes in, and nothing before it.
            let socket = try kernel.socket(true, SOCK_DGRAM)
            try socket.connect(path.source)
            #expect(socket.send([9, 9, 9]) == 3)
            var sources: Set<[UInt8]> = []
            var isSeen = false
            let deadline = MonotonicClock.now() + .seconds(2)
            while !isSeen, MonotonicClock.now() < deadline {
                guard let packet = try device.receive() else { continue }
                let frame = bytes(of: packet)
                sources.insert(Array(frame[6..<12]))
                isSeen = frame.suffix(3) == [9, 9, 9]
            }
            #expect(isSeen)
            #expect(!sources.contains([2, 0, 0, 0x77, 0, 2]))
        }
    }

    @Test("Frames of VLANs stay outside: without their tag they would seem to be ours")
    func vlan() throws {
        let kernel = try KernelSide(.pair)
        guard shell("ip -n \(kernel.name) link add link tap0 name vlan5 type vlan id 5") != nil
        else { return }
        let settings =
            "link set vlan5 up\\naddr add 10.78.0.1/24 dev vlan5\\n"
            + "neigh add 10.78.0.2 lladdr \(KernelSide.testHardware) dev vlan5\\n"
        #expect(shell("printf '\(settings)' | ip -n \(kernel.name) -batch -") != nil)
        try kernel.withDevice(offloads: true, pools: pools) { device in
            let tagged = try kernel.socket(true, SOCK_DGRAM)
            try tagged.connect(SocketAddress(address: .v4(10, 78, 0, 2), port: 5))
            #expect(tagged.send([5, 5, 5]) == 3)
            let plain = try kernel.socket(true, SOCK_DGRAM)
            try plain.connect(KernelSide.path(isIPv4: true, from: 7, to: 8).source)
            #expect(plain.send([6, 6, 6]) == 3)
            let first = try device.await {
                $0.suffix(3) == [5, 5, 5] || $0.suffix(3) == [6, 6, 6]
            }
            #expect(bytes(of: try arrived(first)).suffix(3) == [6, 6, 6])
        }
    }

    @Test("What came while nobody read is counted as the kernel dropped it")
    func overrun() throws {
        let kernel = try KernelSide(.pair)
        let path = KernelSide.path(isIPv4: true, from: 7000, to: 7001)
        try kernel.withDevice(offloads: true, pools: pools) { device in
            let socket = try kernel.socket(true, SOCK_DGRAM)
            try socket.connect(path.source)
            let payload = pattern(1400)
            for _ in 0..<20_000 { _ = socket.send(payload) }
            #expect(device.counters.overruns > 0)
            let before = device.counters.overruns
            while try device.receive() != nil {}
            #expect(socket.send([7, 7, 7]) == 3)
            let next = try device.await { $0.suffix(3) == [7, 7, 7] } != nil
            #expect(next)
            #expect(device.counters.overruns == before)
        }
    }

    @Test("An interface that went down is told of, and serves again once it is up")
    func down() throws {
        let kernel = try KernelSide(.pair)
        let path = KernelSide.path(isIPv4: true, from: 7000, to: 7001)
        try kernel.withDevice(offloads: true, pools: pools) { device in
            #expect(shell("ip -n \(kernel.name) link set far0 down") != nil)
            let error = #expect(throws: DeviceError.self) {
                try send(makePacket(path.datagram([1]), from: pools), device)
            }
            #expect(error?.code == ENETDOWN)
            #expect(error?.description == "cannot write to packet socket on far0: Network is down")
            let told = #expect(throws: DeviceError.self) { while try device.receive() != nil {} }
            #expect(told?.code == ENETDOWN)
            // Once: then it is quiet until frames come again.
            while try device.receive() != nil {}
            #expect(shell("ip -n \(kernel.name) link set far0 up") != nil)
            let socket = try kernel.socket(true, SOCK_DGRAM)
            try socket.bind(path.destination)
            let deadline = MonotonicClock.now() + .seconds(5)
            var received: [UInt8]?
            while received == nil, MonotonicClock.now() < deadline {
                try send(makePacket(path.datagram([4, 5]), from: pools), device)
                received = socket.receive(10, within: 50)
            }
            #expect(received == [4, 5])
        }
    }
}
