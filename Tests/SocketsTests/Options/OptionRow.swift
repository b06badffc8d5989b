import Sockets
import Stack
import Wire

/// A kind of socket that options are tried on.
enum TriedSocket: String, CaseIterable {
    case tcp4, tcp6, udp4, udp6, raw4, raw6, packet

    func open(on host: HostDriver) -> Socket {
        switch self {
        case .tcp4: Socket(.stream, on: host)
        case .tcp6: Socket(.stream, family: .inet6, on: host)
        case .udp4: Socket(.datagram, on: host)
        case .udp6: Socket(.datagram, family: .inet6, on: host)
        case .raw4: Socket(.raw(.icmp), on: host)
        case .raw6: Socket(.raw(.icmpv6), family: .inet6, on: host)
        case .packet: Socket(.packet(.frame), on: host)
        }
    }

    static var streams: [Self] { [.tcp4, .tcp6] }
    static var datagrams: [Self] { [.udp4, .udp6] }
    static var v6: [Self] { [.tcp6, .udp6, .raw6] }
    /// Those that have options of IPv4.
    static var ip: [Self] { [.tcp4, .tcp6, .udp4, .udp6, .raw4] }
    /// Those of IPv4 that may send to groups.
    static var ipGroups: [Self] { [.udp4, .udp6, .raw4] }
}

/// What one option of four bytes does, as Linux 6.18 has it.
struct OptionRow: CustomStringConvertible, Sendable {
    let label: String
    let level: Int32
    let name: Int32
    let sockets: [TriedSocket]
    /// What it is before it is set.
    let initial: Int32
    /// What is set, and what it reads as then.
    let values: [(set: Int32, reads: Int32)]
    /// What is refused, and why.
    let refused: [(set: Int32, code: CInt)]
    /// How many bytes it may be set with at least.
    let shortest: Int

    var description: String { label }

    init(
        _ label: String, _ level: Int32, _ name: Int32, on sockets: [TriedSocket],
        initial: Int32 = 0, _ values: [(Int32, Int32)], refused: [(Int32, CInt)] = [],
        shortest: Int = 4
    ) {
        self.label = label
        self.level = level
        self.name = name
        self.sockets = sockets
        self.initial = initial
        self.values = values.map { (set: $0.0, reads: $0.1) }
        self.refused = refused.map { (set: $0.0, code: $0.1) }
        self.shortest = shortest
    }

    /// One that is on or off.
    static func flag(
        _ label: String, _ level: Int32, _ name: Int32, on sockets: [TriedSocket],
        initial: Int32 = 0, shortest: Int = 4
    ) -> OptionRow {
        OptionRow(
            label, level, name, on: sockets, initial: initial,
            [(1, 1), (0, 0), (5, 1), (-1, 1)], shortest: shortest)
    }
}

/// Numbers in the machine's order.
func bytes(of value: Int32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> Int32(8 * $0)) }
}

func number(_ bytes: [UInt8]) -> Int32 {
    bytes.prefix(4).reversed().reduce(0) { $0 << 8 | Int32($1) }
}
