import Devices
import Memory
import Stack
import Synchronization
import Testing
import Wire

extension PacketFlow {
    /// Whether it takes a packet of these bytes: a span cannot stand in an expectation.
    fileprivate func takes(_ bytes: [UInt8]) -> Bool { inject(bytes.span) }
}

@Suite("Packets in and out by calls")
struct PacketFlowTests {
    let pools = BufferPools(.init(frames: 64, controls: 16, chunks: 16))
    let path = Path(
        sourceHardware: MACAddress(2, 0, 0, 0, 0, 1),
        destinationHardware: MACAddress(2, 0, 0, 0, 0, 2),
        source: SocketAddress(address: .v4(10, 0, 0, 1), port: 80),
        destination: SocketAddress(address: .v4(10, 0, 0, 2), port: 81))

    /// Sends a packet for which there is room.
    private func send(_ packet: consuming Packet, _ flow: PacketFlow) {
        switch flow.send(packet) {
        case .sent: break
        case .full: Issue.record("the flow has room")
        }
    }

    @Test("What the application hands in, the stack receives in order")
    func inject() throws {
        let flow = try PacketFlow(mtu: 1500, pools: pools)
        #expect(!isReadable(flow.descriptor))
        let packets = (1...3).map { pattern(1500, seed: $0) }
        for packet in packets { #expect(flow.takes(packet)) }
        #expect(isReadable(flow.descriptor))
        for expected in packets {
            let packet = try arrived(flow.receive())
            #expect(bytes(of: packet) == expected)
            #expect(packet.metadata == PacketMetadata())
            #expect(packet.headroom >= 14, "a link header fits in front")
        }
        let isEmpty = flow.receive() == nil
        #expect(isEmpty && !isReadable(flow.descriptor))
    }

    @Test("A packet beyond a frame stands in chunks behind its head")
    func jumbo() throws {
        let flow = try PacketFlow(mtu: 65535, pools: pools)
        let contents = pattern(65535)
        #expect(flow.takes(contents))
        let packet = try arrived(flow.receive())
        #expect(bytes(of: packet) == contents)
    }

    @Test("What is empty, too long, or more than may wait is dropped")
    func refused() throws {
        let bare = try PacketFlow(isEthernet: false, mtu: 1000, limit: 2, pools: pools)
        let frames = try PacketFlow(isEthernet: true, mtu: 1000, limit: 2, pools: pools)
        #expect(!bare.takes([UInt8]()))
        #expect(!bare.takes(pattern(1001)))
        #expect(!frames.takes(pattern(1015)))
        #expect(frames.takes(pattern(1014)))
        #expect(bare.takes(pattern(1000)))
        #expect(bare.takes(pattern(1)))
        #expect(!bare.takes(pattern(1)))
        let first = bare.receive() != nil
        #expect(first && bare.takes(pattern(1)))
    }

    @Test("When memory is short, what is handed in is dropped, and nothing leaks")
    func memoryShort() throws {
        let pools = BufferPools(.init(frames: 1, controls: 1, chunks: 1))
        let flow = try PacketFlow(mtu: 65535, pools: pools)
        #expect(!flow.takes(pattern(30_000)))
        #expect(pools.available.frames == 1 && pools.available.chunks == 1)
        #expect(flow.takes(pattern(100)))
        #expect(!flow.takes(pattern(100)))
    }

    @Test("What the stack sends, the application takes out in order, checksums complete")
    func output() throws {
        let flow = try PacketFlow(isEthernet: true, pools: pools)
        for form in [ChecksumForm.partial, .complete] {
            let metadata = form == .partial ? path.partial(.udp) : PacketMetadata()
            let frame = path.datagram(pattern(900), form)
            try send(makePacket(frame, headCount: 50, from: pools, metadata: metadata), flow)
        }
        var buffer = [UInt8](repeating: 0, count: 1514)
        for _ in 0..<2 {
            var span = buffer.mutableSpan
            let count = flow.nextOutput(into: &span) ?? 0
            #expect(buffer.prefix(count) == path.datagram(pattern(900))[...])
        }
        var span = buffer.mutableSpan
        let isEmpty = flow.nextOutput(into: &span) == nil
        #expect(isEmpty)
        #expect(pools.available.frames == pools.capacity.frames)
    }

    @Test("A buffer that is too short gets the beginning, and the length of all")
    func cutOff() throws {
        let flow = try PacketFlow(pools: pools)
        try send(makePacket(pattern(100), from: pools), flow)
        var buffer = [UInt8](repeating: 0, count: 10)
        var span = buffer.mutableSpan
        let count = flow.nextOutput(into: &span)
        #expect(count == 100)
        #expect(buffer == pattern(10))
    }

    @Test("The stack gets its packet back when the application takes none")
    func full() throws {
        let flow = try PacketFlow(limit: 1, pools: pools)
        try send(makePacket([1], from: pools), flow)
        switch flow.send(try makePacket([2], from: pools)) {
        case .sent: Issue.record("one packet waits already")
        case .full(let packet): #expect(bytes(of: packet) == [2])
        }
    }

    @Test("The application is told once a burst, and may take and answer right there")
    func handler() throws {
        // Found by the handler once the flow exists.
        final class Application: Sendable {
            let flow = Mutex<PacketFlow?>(nil)
            let calls = Atomic(0)
            let takes = Atomic(false)

            func told() {
                calls.add(1, ordering: .relaxed)
                guard takes.load(ordering: .relaxed), let flow = flow.withLock({ $0 }) else {
                    return
                }
                var buffer = [UInt8](repeating: 0, count: 100)
                while true {
                    var span = buffer.mutableSpan
                    guard let count = flow.nextOutput(into: &span) else { return }
                    _ = flow.inject(buffer.span.extracting(first: count))
                }
            }
        }
        let application = Application()
        let flow = try PacketFlow(pools: pools) { application.told() }
        application.flow.withLock { $0 = flow }
        for number: UInt8 in 1...5 { try send(makePacket([number], from: pools), flow) }
        #expect(application.calls.load(ordering: .relaxed) == 1)
        application.takes.store(true, ordering: .relaxed)
        application.told()
        try send(makePacket([6], from: pools), flow)
        #expect(application.calls.load(ordering: .relaxed) == 3)
        var echoed: [UInt8] = []
        while let packet = flow.receive() { echoed += bytes(of: packet) }
        #expect(echoed == [1, 2, 3, 4, 5, 6])
        application.flow.withLock { $0 = nil }
    }

    @Test("The flow as a device has the face of all devices")
    func device() throws {
        let flow = try PacketFlow(isEthernet: false, mtu: 1280, pools: pools)
        let device = Device.flow(flow)
        #expect(
            device.capabilities
                == DeviceCapabilities(
                    isEthernet: false, mtu: 1280, offloadsChecksums: false, segments: false))
        #expect(device.descriptor == flow.descriptor)
        #expect(device.nextDeadline == .never)
        #expect(flow.takes([4, 5]))
        let packet = try arrived(device.receive())
        #expect(bytes(of: packet) == [4, 5])
        switch try device.send(packet) {
        case .sent: break
        case .full: Issue.record("there is room")
        }
    }
}
