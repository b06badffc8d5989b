import CAllocationCounter
import Equipment
import Memory
import Stack
import Wire

/// Flows that come, are answered and are forgotten at a firewall and a switch.
extension CountAllocations {
    static func fencedFlows() throws -> Int {
        let rules = try ["tcp port 23", "to 10.9.0.0/16", "program curl"].map {
            try FirewallRule("out " + $0, action: .deny)
        }
        var firewall = Firewall(rules, flowLimit: 1000, seed: 1, 2)
        var bridge = LearningSwitch(limit: 64, seed: 3, 4)
        let pools = BufferPools(.init(frames: 16, controls: 16, chunks: 4))
        var now = Instant.zero
        var before = 0
        for round in 0..<packets / 2 {
            if round == packets / 20 { before = allocation_counter_value() }
            now = now + .milliseconds(100)
            let port = UInt16(truncatingIfNeeded: round)
            let station = MACAddress(UInt64(0x0200_0000_0000 + round % 100))
            for isReply in [false, true] {
                guard let packet = datagram(port, isReply, station, pools) else { return -1 }
                let verdict = firewall.judge(
                    packet, isReply ? .incoming : .outgoing, networkOffset: 14, at: now
                ) { _, _ in nil }
                guard verdict == .pass else { return -1 }
                _ = bridge.forward(packet, from: round & 7, at: now)
            }
        }
        return firewall.flowCounters.opened > 0 ? allocation_counter_value() - before : -1
    }

    private static func datagram(
        _ port: UInt16, _ isReply: Bool, _ station: MACAddress, _ pools: BufferPools
    ) -> Packet? {
        guard var packet = pools.frame(headroom: 64) else { return nil }
        packet.extend(42)
        let (host, peer) = (IPv4Address(10, 0, 2, 15), IPv4Address(192, 0, 2, 1))
        var bytes = packet.mutableHead
        EthernetHeader(destination: .broadcast, source: station, etherType: .ipv4).write(to: &bytes)
        packet.removeFirst(14)
        bytes = packet.mutableHead
        IPv4Header(
            totalCount: 28, proto: .udp, source: isReply ? peer : host,
            destination: isReply ? host : peer
        ).write(to: &bytes)
        packet.removeFirst(20)
        bytes = packet.mutableHead
        UDPHeader(
            sourcePort: isReply ? 53 : port, destinationPort: isReply ? port : 53, length: 8
        ).write(to: &bytes)
        packet.prepend(34)
        return packet
    }
}
