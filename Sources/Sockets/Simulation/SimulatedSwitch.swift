import Memory
import Stack
import Synchronization
import Wire

/// What the hosts of a simulated network are plugged into: it passes packets on by the address that
/// they are for, and those to groups and to everybody to all ports.
///
/// The packets are bare IP packets, and who has which address was told when a host was plugged in:
/// nobody asks for neighbours, so that a thousand hosts do not ask a thousand hosts.
public final class SimulatedSwitch: Sendable {
    /// The network of its hosts; each gets the next free address.
    public let ipv4: IPPrefix
    public let ipv6: IPPrefix
    /// The number of its first port: no two switches of a simulation share one.
    private let table = Mutex(Table())
    private let pools: BufferPools

    private struct Table {
        var ports: [Cable] = []
        /// Only looked up, never walked: its order is not the same in two runs.
        var owners: [IPAddress: Int] = [:]
        /// How often nobody had the address.
        var strays: UInt64 = 0
    }

    init(ipv4: IPPrefix, ipv6: IPPrefix, pools: BufferPools) {
        self.ipv4 = ipv4
        self.ipv6 = ipv6
        self.pools = pools
    }

    /// How many packets were for addresses that nobody here has.
    public var strays: UInt64 { table.withLock { $0.strays } }

    /// The addresses of the `number`-th host, which counts from 1.
    func addresses(of number: Int) -> [IPPrefix] {
        let ipv4 = IPPrefix(
            address: IPAddress(
                high: ipv4.address.high, low: ipv4.address.low &+ UInt64(number)),
            length: Int(ipv4.length))
        let ipv6 = IPPrefix(
            address: IPAddress(
                high: ipv6.address.high, low: ipv6.address.low &+ UInt64(number)),
            length: Int(ipv6.length))
        return [ipv4, ipv6].compactMap { $0 }
    }

    /// How many ports there are: the number of the next.
    var portCount: Int { table.withLock { $0.ports.count } }

    /// Adds a port with a cable to a host that has `addresses`.
    func plug(_ cable: Cable, _ addresses: [IPPrefix]) {
        table.withLock { table in
            for prefix in addresses { table.owners[prefix.address] = table.ports.count }
            table.ports.append(cable)
        }
    }

    /// Passes on a packet that came in by `port`.
    func forward(_ packet: consuming Packet, from port: Int) {
        guard let destination = Self.destination(of: packet) else { return }
        if destination.isMulticast || destination == ipv4.broadcast || destination.isBroadcast {
            return flood(packet, from: port)
        }
        let cable = table.withLock { table in
            guard let owner = table.owners[destination] else {
                table.strays += 1
                return Cable?.none
            }
            return table.ports[owner]
        }
        cable?.carry(packet)
    }

    private func flood(_ packet: borrowing Packet, from port: Int) {
        let ports = table.withLock { $0.ports }
        for (number, cable) in ports.enumerated() where number != port {
            if let copy = pools.copy(packet) { cable.carry(copy) }
        }
    }

    /// Whom an IP packet is for; nil where it is none.
    private static func destination(of packet: borrowing Packet) -> IPAddress? {
        let head = packet.head
        guard head.count >= 20 else { return nil }
        switch head[0] >> 4 {
        case 4: return IPAddress(head.ipv4Address(at: 16))
        case 6 where head.count >= 40: return IPAddress(head.ipv6Address(at: 24))
        default: return nil
        }
    }
}
