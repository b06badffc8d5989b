import Equipment
import Memory
import Stack
import Testing
import Wire

@Suite("A learning switch")
struct LearningSwitchTests {
    let pools = BufferPools(.init(frames: 8, controls: 8, chunks: 8))

    private func frame(_ source: MACAddress, _ destination: MACAddress) throws -> Packet {
        var bytes = [UInt8](repeating: 0, count: 60)
        var span = bytes.mutableSpan
        EthernetHeader(destination: destination, source: source, etherType: .ipv4).write(to: &span)
        return try makePacket(bytes, headCount: 60, from: pools)
    }

    private func station(_ number: UInt8) -> MACAddress { MACAddress(2, 0, 0, 0, 0, number) }

    @Test("a frame for a station that is not known goes everywhere, for one that is to its port")
    func learning() throws {
        var bridge = LearningSwitch(seed: 1, 2)
        let unknown = bridge.forward(try frame(station(1), station(2)), from: 0, at: .zero)
        let known = bridge.forward(try frame(station(2), station(1)), from: 1, at: .zero)
        let back = bridge.forward(try frame(station(1), station(2)), from: 0, at: .zero)
        #expect(unknown == .flood && known == .port(0) && back == .port(1))
        let counters = bridge.counters
        #expect(counters.flooded == 1 && counters.forwarded == 2)
    }

    @Test("frames for groups go everywhere; those between bridges, and from groups, nowhere")
    func groups() throws {
        var bridge = LearningSwitch(seed: 1, 2)
        let everybody = bridge.forward(try frame(station(1), .broadcast), from: 0, at: .zero)
        let group = bridge.forward(
            try frame(station(1), MACAddress(0x3333_0000_0001)), from: 0, at: .zero)
        let bridges = bridge.forward(
            try frame(station(1), MACAddress(0x0180_C200_000E)), from: 0, at: .zero)
        let fromGroup = bridge.forward(try frame(.broadcast, station(1)), from: 3, at: .zero)
        #expect(everybody == .flood && group == .flood && bridges == .none && fromGroup == .none)
    }

    @Test("a station that moves is found at its new port; frames within a port stay there")
    func moving() throws {
        var bridge = LearningSwitch(seed: 1, 2)
        _ = bridge.forward(try frame(station(1), .broadcast), from: 0, at: .zero)
        _ = bridge.forward(try frame(station(1), .broadcast), from: 5, at: .zero)
        let moved = bridge.forward(try frame(station(2), station(1)), from: 1, at: .zero)
        let within = bridge.forward(try frame(station(3), station(1)), from: 5, at: .zero)
        #expect(moved == .port(5) && within == .none)
    }

    @Test("a silent station is forgotten after 300 s, all behind a port with its link")
    func ageing() throws {
        var bridge = LearningSwitch(seed: 1, 2)
        _ = bridge.forward(try frame(station(1), .broadcast), from: 0, at: .zero)
        let before = bridge.port(of: station(1), at: Instant.zero + .seconds(299))
        let after = bridge.port(of: station(1), at: Instant.zero + .seconds(300))
        #expect(before == 0 && after == nil)
        let late = bridge.forward(
            try frame(station(2), station(1)), from: 1, at: Instant.zero + .seconds(300))
        #expect(late == .flood)
        let count = bridge.count
        #expect(count == 1)
        bridge.forget(port: 1)
        let empty = bridge.count
        #expect(empty == 0)
    }

    @Test("stations of virtual networks are apart")
    func networks() throws {
        var bridge = LearningSwitch(seed: 1, 2)
        _ = bridge.forward(try frame(station(1), .broadcast), from: 0, network: 10, at: .zero)
        let other = bridge.forward(
            try frame(station(2), station(1)), from: 1, network: 20, at: .zero)
        let same = bridge.forward(
            try frame(station(3), station(1)), from: 2, network: 10, at: .zero)
        #expect(other == .flood && same == .port(0))
    }

    @Test("a full table learns no more until somebody is forgotten")
    func full() throws {
        var bridge = LearningSwitch(limit: 4, seed: 1, 2)
        for number in 1...6 as ClosedRange<UInt8> {
            _ = bridge.forward(try frame(station(number), .broadcast), from: 0, at: .zero)
        }
        let (count, unlearned) = (bridge.count, bridge.counters.unlearned)
        #expect(count == 4 && unlearned == 2)
        let later = Instant.zero + .seconds(301)
        _ = bridge.forward(try frame(station(9), .broadcast), from: 2, at: later)
        let port = bridge.port(of: station(9), at: later)
        #expect(port == 2)
    }

    @Test("what is shorter than a header goes nowhere")
    func short() throws {
        var bridge = LearningSwitch(seed: 1, 2)
        let packet = try makePacket([1, 2, 3], headCount: 3, from: pools)
        let forwarding = bridge.forward(packet, from: 0, at: .zero)
        #expect(forwarding == .none)
    }
}
