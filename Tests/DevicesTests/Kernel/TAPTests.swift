import Devices
import Glibc
import Memory
import Stack
import Testing
import Wire

/// The kernel at the other end of a real TAP interface.
@Suite(
    "TAP device against the kernel", .serialized,
    .enabled(if: KernelSide.isAvailable, KernelSide.reason))
struct TAPDeviceTests {
    let pools = BufferPools(.init(frames: 256, controls: 64, chunks: 256))

    @Test("The interface's MTU and what was asked for are told", arguments: [true, false])
    func capabilities(offloads: Bool) throws {
        let kernel = try KernelSide(mtu: 9000)
        try kernel.withDevice(offloads: offloads, pools: pools) { device in
            let capabilities = device.capabilities
            #expect(
                capabilities
                    == DeviceCapabilities(
                        isEthernet: true, mtu: 9000, offloadsChecksums: offloads,
                        segments: offloads))
            let waiting = try device.receive() == nil
            #expect(waiting || device.counters.badHeaders == 0)
        }
    }

    @Test("A second program is told that the interface is taken")
    func busy() throws {
        let kernel = try KernelSide()
        try kernel.withDevice(offloads: true, pools: pools) { _ in
            let error = #expect(throws: DeviceError.self) {
                try kernel.withDevice(offloads: true, pools: pools) { _ in }
            }
            #expect(error?.code == EBUSY)
            #expect(
                error?.description
                    == "cannot open TAP device tap0: Device or resource busy "
                    + "(another program is attached to it)")
        }
    }

    @Test(
        "A name that no interface can bear is refused",
        arguments: [("", EINVAL), ("tap%d", EINVAL), ("sixteen-letters-", ENAMETOOLONG)])
    func badName(name: String, code: Int32) {
        let error = #expect(throws: DeviceError.self) {
            _ = try FrameDevice(tap: name, pools: pools)
        }
        #expect(error?.code == code)
    }

    @Test("The kernel's ping is seen and answered", arguments: [true, false])
    func ping(offloads: Bool) throws {
        let kernel = try KernelSide()
        try kernel.withDevice(offloads: offloads, pools: pools) { device in
            let ping = Command(
                "ip netns exec \(kernel.name) ping -n -c 3 -i 0.2 -W 2 -s 1400 10.77.0.2")
            for _ in 0..<3 {
                let request = try device.await { $0[12...13] == [8, 0] && $0[23] == 1 }
                var frame = bytes(of: try arrived(request))
                // Addresses change places, and the type goes from 8 to 0 (RFC 792).
                frame.replaceSubrange(0..<12, with: frame[6..<12] + frame[0..<6])
                frame.replaceSubrange(26..<34, with: frame[30..<34] + frame[26..<30])
                frame[34] = 0
                frame[36..<38] = [0, 0]
                var sum = InternetChecksum()
                sum.add(frame.span.extracting(droppingFirst: 34))
                frame[36] = UInt8(sum.value >> 8)
                frame[37] = UInt8(sum.value & 0xFF)
                // Split, so that a gathering write is needed.
                try send(makePacket(frame, headCount: 60, from: pools), device)
            }
            #expect(ping.finish()?.contains(" 3 received") == true)
            let counters = device.counters
            #expect(counters.badHeaders == 0 && counters.memoryDrops == 0)
        }
    }

    @Test("Datagrams pass with their checksum left out", arguments: [true, false], [true, false])
    func datagrams(isIPv4: Bool, offloads: Bool) throws {
        let kernel = try KernelSide()
        let path = KernelSide.path(isIPv4: isIPv4, from: 7000, to: 7001)
        try kernel.withDevice(offloads: offloads, pools: pools) { device in
            let socket = try kernel.socket(isIPv4, SOCK_DGRAM)
            try socket.bind(path.destination)
            try socket.connect(path.source)

            let sent = pattern(1000)
            #expect(socket.send(sent) == 1000)
            let expected = path.reversed.datagram(sent)
            let seen = try device.await { $0.suffix(1000) == sent[...] }
            var packet = try arrived(seen)
            let isPartial = packet.metadata == path.reversed.partial(.udp)
            #expect(isPartial == offloads)
            completeChecksum(of: &packet)
            let transport = bytes(of: packet).dropFirst(path.transportOffset)
            #expect(transport == expected.dropFirst(path.transportOffset))

            let answer = pattern(1200, seed: 2)
            let frame = path.datagram(answer, .partial)
            try send(
                makePacket(frame, headCount: 80, from: pools, metadata: path.partial(.udp)), device)
            #expect(socket.receive(2000) == answer)
        }
    }

    @Test("The kernel's merged segments come in as one packet", arguments: [true, false])
    func mergedIn(isIPv4: Bool) throws {
        let kernel = try KernelSide()
        try kernel.withDevice(offloads: true, pools: pools) { device in
            var peer = try HandMadePeer(kernel, device, isIPv4: isIPv4, pools: pools)
            let sent = pattern(200_000)
            #expect(peer.socket.send(sent) > 50_000)
            let seen = try device.await { SegmentFacts($0)?.payload.isEmpty == false }
            let packet = try arrived(seen)
            let metadata = packet.metadata
            let headCount = packet.count - packet.countBehindHead
            #expect(metadata == peer.path.reversed.partial(.tcp, segmentSize: 1400))
            #expect(headCount <= 2048)
            let frame = bytes(of: packet)
            let whole = try #require(SegmentFacts(frame))
            // The first flight is ten segments (RFC 6928), which come in one piece or a few.
            #expect(whole.payload.count > 1400)
            #expect(whole.payload[...] == sent.prefix(whole.payload.count))

            var received: [UInt8] = []
            for segment in segments(of: packet) {
                let facts = try #require(SegmentFacts(segment))
                #expect(facts.checksumIsValid)
                #expect(facts.payload.count <= 1400)
                received += facts.payload
            }
            #expect(received == whole.payload)
            try peer.reset(device)
        }
    }

    @Test(
        "The kernel cuts merged packets of ours", arguments: [true, false], ChecksumForm.allCases)
    func mergedOut(isIPv4: Bool, form: ChecksumForm) throws {
        let kernel = try KernelSide()
        try kernel.withDevice(offloads: true, pools: pools) { device in
            var peer = try HandMadePeer(kernel, device, isIPv4: isIPv4, pools: pools)
            let sent = pattern(40_000, seed: 3)
            let frame = peer.segment([.ack, .psh], sent, form)
            var metadata = peer.path.partial(.tcp, segmentSize: 1400)
            // As a merged packet is that was verified and is passed on.
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

    @Test("Without offloads the kernel's segments come one by one, with whole checksums")
    func plainIn() throws {
        let kernel = try KernelSide()
        try kernel.withDevice(offloads: false, pools: pools) { device in
            var peer = try HandMadePeer(kernel, device, isIPv4: true, pools: pools)
            let sent = pattern(14_000)
            #expect(peer.socket.send(sent) == 14_000)
            var received: [UInt8] = []
            while received.count < sent.count {
                let seen = try device.await { SegmentFacts($0)?.payload.isEmpty == false }
                let packet = try arrived(seen)
                #expect(packet.metadata == PacketMetadata())
                let facts = try #require(SegmentFacts(bytes(of: packet)))
                #expect(facts.checksumIsValid && facts.payload.count <= 1400)
                received += facts.payload
            }
            #expect(received == sent)
            try peer.reset(device)
        }
    }

    @Test("A merged packet is refused without offloads, and the next one passes")
    func mergedWithoutOffloads() throws {
        let kernel = try KernelSide()
        let path = KernelSide.path(isIPv4: true, from: 7000, to: 7001)
        try kernel.withDevice(offloads: false, pools: pools) { device in
            let merged = path.segment(
                .ack, sequence: SequenceNumber(1), acknowledgment: SequenceNumber(1),
                pattern(3000), .partial)
            let error = #expect(throws: DeviceError.self) {
                try send(
                    makePacket(
                        merged, headCount: 54, from: pools,
                        metadata: path.partial(.tcp, segmentSize: 1460)), device)
            }
            #expect(error?.code == EMSGSIZE)
            let socket = try kernel.socket(true, SOCK_DGRAM)
            try socket.bind(path.destination)
            try send(makePacket(path.datagram([1, 2, 3]), from: pools), device)
            #expect(socket.receive(10) == [1, 2, 3])
        }
    }

    @Test("A frame of the largest MTU passes both ways", arguments: [true, false])
    func jumbo(offloads: Bool) throws {
        let kernel = try KernelSide(mtu: 65521)
        let path = KernelSide.path(isIPv4: true, from: 7000, to: 7001)
        try kernel.withDevice(offloads: offloads, pools: pools) { device in
            let socket = try kernel.socket(true, SOCK_DGRAM)
            try socket.bind(path.destination)
            try socket.connect(path.source)
            let sent = pattern(65521 - 28)
            try send(makePacket(path.datagram(sent), headCount: 500, from: pools), device)
            #expect(socket.receive(70000) == sent)
            #expect(socket.send(sent) == sent.count)
            let seen = try device.await { $0.count > 60000 }
            #expect(bytes(of: try arrived(seen)).suffix(sent.count) == sent[...])
        }
    }

    @Test("An interface that is down takes nothing and says so")
    func down() throws {
        let kernel = try KernelSide()
        let path = KernelSide.path(isIPv4: true, from: 7000, to: 7001)
        try kernel.withDevice(offloads: true, pools: pools) { device in
            #expect(shell("ip -n \(kernel.name) link set tap0 down") != nil)
            let error = #expect(throws: DeviceError.self) {
                try send(makePacket(path.datagram([1]), from: pools), device)
            }
            #expect(error?.code == EIO)
            #expect(
                error?.description == "cannot write to TAP device tap0: Input/output error")
        }
        let taken = pools.capacity.frames - pools.available.frames
        #expect(taken == 0, "the packet went back to its pool")
    }

    @Test("Frames for which there is no memory are dropped and counted, not left to be asked again")
    func memoryShort() throws {
        let kernel = try KernelSide()
        let path = KernelSide.path(isIPv4: true, from: 7000, to: 7001)
        let pools = BufferPools(.init(frames: 1, controls: 1, chunks: 1))
        for offloads in [true, false] {
            try kernel.withDevice(offloads: offloads, pools: pools) { device in
                let socket = try kernel.socket(true, SOCK_DGRAM)
                try socket.bind(path.destination)
                try socket.connect(path.source)
                let isOurs = { (frame: [UInt8]) in frame.suffix(3) == [7, 7, 7] }
                // The kernel may send router solicitations of its own: they are counted too.
                #expect(socket.send([7, 7, 7]) == 3)
                let held = try device.await(isOurs)
                let holds = held != nil
                #expect(holds)
                let before = device.counters.memoryDrops
                for _ in 0..<5 { #expect(socket.send([8, 8, 8]) == 3) }
                let isNothing = try device.receive() == nil
                #expect(isNothing)
                #expect(device.counters.memoryDrops >= before + 5)
                #expect(!isReadable(device.descriptor))
                discard(held)
                #expect(socket.send([7, 7, 7]) == 3)
                let again = try device.await(isOurs) != nil
                #expect(again)
            }
        }
    }

    /// The frames that a merged packet stands for.
    private func segments(of packet: consuming Packet) -> [[UInt8]] {
        var segmenter = Segmenter(packet, networkOffset: EthernetHeader.byteCount)
        var frames: [[UInt8]] = []
        while var segment = segmenter.next(from: pools) {
            completeChecksum(of: &segment)
            frames.append(bytes(of: segment))
        }
        return frames
    }

    private func discard(_ packet: consuming Packet?) {}

    /// Sends a packet for which there is room.
    private func send(_ packet: consuming Packet, _ device: borrowing FrameDevice) throws {
        switch try device.send(packet) {
        case .sent: break
        case .full: Issue.record("the kernel has room for a packet")
        }
    }
}
