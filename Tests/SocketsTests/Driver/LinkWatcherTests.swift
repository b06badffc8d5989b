import Devices
import Equipment
import Memory
import Sockets
import Stack
import Synchronization
import Testing
import Wire

/// Who watches a link: what passed, what was lost there, and what the host made of what arrived.
@Suite("Watchers of a host's link", .timeLimit(.minutes(1)))
struct LinkWatcherTests {
    private final class Notes: LinkWatcher {
        struct State {
            var left: [PacketFate] = []
            var arrived: [PacketFate] = []
            var reasons: [DropReason?] = []
        }

        let state = Mutex(State())

        func packetLeaves(_ packet: borrowing Packet, _ fate: PacketFate) {
            state.withLock { $0.left.append(fate) }
        }

        func packetArrives(_ packet: borrowing Packet, _ fate: PacketFate) {
            state.withLock { $0.arrived.append(fate) }
        }

        func hostTook(_ reason: DropReason?) { state.withLock { $0.reasons.append(reason) } }
    }

    /// A host that is watched, on one end of a wire; frames are put in at the other by hand.
    private static func host(
        outgoing: Impairments? = nil, incoming: Impairments? = nil
    ) throws -> (HostDriver, WireEnd, BufferPools, Notes) {
        let pools = BufferPools(BufferPools.Plan(byteLimit: 16 << 20))
        let ends = try MemoryWire.pair(capabilities: DeviceCapabilities(), pools: pools)
        let notes = Notes()
        let address = try #require(IPPrefix(address: .v4(10, 0, 0, 1), length: 24))
        let link = DeviceLink(
            .wire(ends.0), name: "wire0", hardwareAddress: MACAddress(2, 0, 0, 0, 0, 1),
            addresses: [address],
            impairments: LinkImpairments(
                outgoing: outgoing, incoming: incoming, seed: (7, 8), pools: pools),
            watcher: notes)
        let host = try HostDriver(HostConfiguration(seed: (1, 2)), links: [link], pools: pools)
        return (host, ends.1, pools, notes)
    }

    /// A frame of a type that no host knows.
    private static func put(_ end: WireEnd, _ pools: BufferPools) {
        guard var packet = pools.frame(headroom: 0) else {
            Issue.record("the pools have frames")
            return
        }
        packet.extend(60)
        var head = packet.mutableHead
        for (place, byte) in [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xB5].enumerated() {
            head[place] = UInt8(byte)
        }
        _ = end.send(packet)
    }

    @Test("every packet that arrives is followed by what the host made of it")
    func verdicts() throws {
        let (host, far, pools, notes) = try Self.host()
        for _ in 0..<3 { Self.put(far, pools) }
        while host.turn() {}
        let state = notes.state.withLock { $0 }
        #expect(state.arrived == [.carried, .carried, .carried])
        #expect(state.reasons == [.unknownEtherType, .unknownEtherType, .unknownEtherType])
    }

    @Test("what is lost is told once, by the packet's number and the seed alone")
    func losses() throws {
        var impairments = Impairments()
        impairments.loss = .percent(50)
        var fates: [[PacketFate]] = []
        for _ in 0..<2 {
            let (host, far, pools, notes) = try Self.host(incoming: impairments)
            for _ in 0..<64 { Self.put(far, pools) }
            while host.turn() {}
            let state = notes.state.withLock { $0 }
            #expect(state.arrived.count == 64)
            let carried = state.arrived.filter { $0 == .carried }.count
            #expect(carried == state.reasons.count)
            #expect((10...54).contains(carried))
            #expect(!state.arrived.contains(.queueFull))
            fates.append(state.arrived)
        }
        #expect(fates[0] == fates[1])
    }

    @Test("what leaves is told with its fate")
    func leaving() throws {
        var impairments = Impairments()
        impairments.loss = .always
        let (host, far, _, notes) = try Self.host(outgoing: impairments)
        let socket = Socket(.datagram, on: host)
        try socket.send([1].span, to: SocketAddress(address: .v4(10, 0, 0, 2), port: 9))
        // The question for the neighbour.
        #expect(notes.state.withLock { $0.left } == [.lost])
        var hasArrived = false
        if far.receive() != nil { hasArrived = true }
        #expect(!hasArrived)
    }
}
