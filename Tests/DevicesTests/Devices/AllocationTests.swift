import CAllocationCounter
import Devices
import Equipment
import Glibc
import Memory
import Stack
import Testing
import Wire

/// No heap allocation per packet in the steady state (docs/ARCHITECTURE.md).
@Suite(
    "Allocations of devices",
    .enabled("counted without sanitizers") { allocation_counter_is_available() })
struct AllocationTests {
    static let packets = 20_000
    let pools = BufferPools(.init(frames: 64, controls: 16, chunks: 64))

    /// How often `turn` allocates in all, once it has run a tenth of the time.
    private func allocations(_ turn: () throws -> Void) rethrows -> Int {
        for _ in 0..<Self.packets / 10 { try turn() }
        let before = allocation_counter_value()
        for _ in 0..<Self.packets { try turn() }
        return allocation_counter_value() - before
    }

    /// A packet of 500 bytes.
    private func plain() -> Packet? {
        guard var packet = pools.frame(headroom: 64) else { return nil }
        packet.extend(500)
        return packet
    }

    private func pass(_ packet: consuming Packet?, from: WireEnd, to: WireEnd) -> Bool {
        guard let packet else { return false }
        _ = from.send(packet)
        return to.receive() != nil
    }

    @Test("What does allocate is counted, or the other tests would show nothing")
    func counter() {
        var arrays: [[UInt8]] = []
        #expect(allocations { arrays = [[UInt8](repeating: 1, count: 100)] } >= Self.packets)
        #expect(arrays.count == 1)
    }

    @Test("A wire carries packets without allocating, impaired or not", arguments: [false, true])
    func wire(isImpaired: Bool) throws {
        var impairments = Impairments()
        impairments.duplication = .percent(10)
        impairments.corruption = .percent(10)
        let (left, right) = try MemoryWire.pair(
            capabilities: DeviceCapabilities(), forth: isImpaired ? impairments : nil,
            pools: pools)
        var lost = 0
        let count = allocations {
            if !pass(plain(), from: left, to: right) { lost += 1 }
            while right.receive() != nil {}
        }
        #expect(count == 0)
        #expect(lost == 0)
    }

    @Test("Packet calls do not allocate")
    func flow() throws {
        let flow = try PacketFlow(pools: pools)
        var bytes = [UInt8](repeating: 5, count: 1000)
        var passed = 0
        let count = allocations {
            guard flow.inject(bytes.span), let packet = flow.receive() else { return }
            _ = flow.send(packet)
            var span = bytes.mutableSpan
            if flow.nextOutput(into: &span) == 1000 { passed += 1 }
        }
        #expect(count == 0)
        #expect(passed == Self.packets + Self.packets / 10)
    }

    @Test("Waiting does not allocate")
    func waiting() throws {
        var poller = try Poller()
        let wakeUp = try WakeUp()
        let parker = Parker()
        try poller.add(wakeUp.descriptor, token: 1)
        let count = allocations {
            wakeUp.signal()
            poller.wait(until: MonotonicClock.now() + .seconds(1))
            wakeUp.drain()
            parker.unpark()
            _ = parker.park(until: .zero)
        }
        #expect(count == 0)
    }

    @Test("A capture of plain and partial packets does not allocate")
    func capture() throws {
        let capture = try CaptureFile(path: "/dev/null", linkType: .ethernet)
        let path = KernelSide.path(isIPv4: true, from: 1, to: 2)
        let frame = try makePacket(
            path.datagram(pattern(900), .partial), headCount: 60, from: pools,
            metadata: path.partial(.udp))
        let count = allocations { capture.record(frame) }
        #expect(count == 0)
        #expect(capture.missed == 0)
    }

    @Test(
        "A TAP sends and receives without allocating",
        .enabled(if: KernelSide.isAvailable, KernelSide.reason),
        arguments: [true, false])
    func tap(offloads: Bool) throws {
        let kernel = try KernelSide()
        let path = KernelSide.path(isIPv4: true, from: 7000, to: 7001)
        try kernel.withDevice(offloads: offloads, pools: pools) { device in
            let socket = try kernel.socket(true, SOCK_DGRAM)
            try socket.bind(path.destination)
            try socket.connect(path.source)
            let payload = pattern(1000)
            let frame = path.datagram(payload)
            var received = 0
            let count = try allocations {
                _ = socket.send(payload)
                while try device.receive() != nil { received += 1 }
                guard var packet = pools.frame(headroom: 64) else { return }
                packet.append(frame.span)
                _ = try device.send(packet)
            }
            #expect(count == 0)
            #expect(received >= Self.packets)
        }
    }
}
