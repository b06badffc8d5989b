import Devices
import Glibc
import Memory
import Stack
import Testing
import Wire

/// The kernel at the other end of a real TUN interface, which carries bare IP packets.
@Suite(
    "TUN device against the kernel", .serialized,
    .enabled(if: KernelSide.isAvailable, KernelSide.reason))
struct TUNTests {
    let pools = BufferPools(.init(frames: 256, controls: 64, chunks: 256))

    /// A frame's packet, and what is said of it without the Ethernet header.
    private func packet(
        of frame: [UInt8], headCount: Int? = nil, metadata: PacketMetadata = PacketMetadata()
    ) throws -> Packet {
        var metadata = metadata
        if case .partial(let start, let offset) = metadata.checksum {
            metadata.checksum = .partial(
                start: start - UInt16(EthernetHeader.byteCount), offset: offset)
        }
        return try makePacket(
            Array(frame.dropFirst(EthernetHeader.byteCount)), headCount: headCount, from: pools,
            metadata: metadata)
    }

    private func send(_ packet: consuming Packet, _ device: borrowing FrameDevice) throws {
        switch try device.send(packet) {
        case .sent: break
        case .full: Issue.record("the kernel has room for a packet")
        }
    }

    @Test("It carries no Ethernet, and has the interface's MTU", arguments: [true, false])
    func capabilities(offloads: Bool) throws {
        let kernel = try KernelSide(mtu: 1280, .tun)
        try kernel.withDevice(offloads: offloads, pools: pools) { device in
            #expect(
                device.capabilities
                    == DeviceCapabilities(
                        isEthernet: false, mtu: 1280, offloadsChecksums: offloads,
                        segments: offloads))
        }
    }

    @Test("A TAP interface is refused as a TUN, with advice")
    func wrongKind() throws {
        let kernel = try KernelSide()
        let error = #expect(throws: DeviceError.self) {
            try kernel.inside { _ = try FrameDevice(tun: "tap0", pools: pools) }
        }
        #expect(error?.code == EINVAL)
        #expect(error?.advice == "it is not a TUN interface with one queue")
    }

    @Test(
        "Datagrams of both families pass both ways, told apart by their version",
        arguments: [true, false], [true, false])
    func datagrams(isIPv4: Bool, offloads: Bool) throws {
        let kernel = try KernelSide(.tun)
        let path = KernelSide.path(isIPv4: isIPv4, from: 7000, to: 7001)
        try kernel.withDevice(offloads: offloads, pools: pools) { device in
            let socket = try kernel.socket(isIPv4, SOCK_DGRAM)
            try socket.bind(path.destination)
            try socket.connect(path.source)

            let sent = pattern(1000)
            #expect(socket.send(sent) == 1000)
            let seen = try device.await { $0.suffix(1000) == sent[...] }
            var packet = try arrived(seen)
            #expect(packet.head[0] >> 4 == (isIPv4 ? 4 : 6))
            let isPartial = packet.metadata.checksum != .unknown
            #expect(isPartial == offloads)
            completeChecksum(of: &packet)
            let expected = path.reversed.datagram(sent).dropFirst(path.transportOffset)
            #expect(bytes(of: packet).suffix(expected.count) == expected)

            let answer = pattern(1200, seed: 2)
            try send(
                self.packet(
                    of: path.datagram(answer, .partial), headCount: 70,
                    metadata: path.partial(.udp)), device)
            #expect(socket.receive(2000) == answer)
        }
    }

    @Test("Merged packets of ours arrive, their sums taken on trust", arguments: [true, false])
    func mergedOut(isIPv4: Bool) throws {
        let kernel = try KernelSide(.tun)
        try kernel.withDevice(offloads: true, pools: pools) { device in
            // A segment of a connection that does not exist draws a reset with its end's number.
            let path = KernelSide.path(isIPv4: isIPv4, from: 7000, to: 7001)
            let frame = path.segment(
                [.psh], sequence: SequenceNumber(1000), acknowledgment: SequenceNumber(0),
                pattern(8400))
            var metadata = path.partial(.tcp, segmentSize: 1400)
            metadata.checksum = .verified
            try send(
                packet(
                    of: frame, headCount: path.transportOffset + 20 - EthernetHeader.byteCount,
                    metadata: metadata), device)
            let reset =
                try device.await { packet in
                    guard let facts = SegmentFacts(header(isIPv4) + packet) else { return false }
                    return facts.flags.contains(.rst) && facts.acknowledgment.rawValue == 9400
                } != nil
            #expect(reset, "all 8,400 bytes are acknowledged, however they went")
        }
    }

    /// An Ethernet header for what looks at frames.
    private func header(_ isIPv4: Bool) -> [UInt8] {
        Array(repeating: 0, count: 12) + (isIPv4 ? [0x08, 0x00] : [0x86, 0xDD])
    }

    @Test("What is neither IPv4 nor IPv6 is refused by the kernel, and the next packet passes")
    func unknownVersion() throws {
        let kernel = try KernelSide(.tun)
        let path = KernelSide.path(isIPv4: true, from: 7000, to: 7001)
        try kernel.withDevice(offloads: true, pools: pools) { device in
            let error = #expect(throws: DeviceError.self) {
                try send(makePacket(Array(repeating: 0x55, count: 40), from: pools), device)
            }
            #expect(error?.code == EINVAL)
            #expect(device.counters.undelivered == 1)
            let socket = try kernel.socket(true, SOCK_DGRAM)
            try socket.bind(path.destination)
            try send(packet(of: path.datagram([1, 2, 3])), device)
            #expect(socket.receive(10) == [1, 2, 3])
        }
    }
}
