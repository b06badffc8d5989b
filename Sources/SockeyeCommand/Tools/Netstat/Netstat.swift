import Setup
import Sockets
import Stack
import Wire

/// `sockeye netstat`: the tables of a host, in the form of net-tools' netstat.
struct Netstat: Tool {
    private enum Table {
        case sockets
        case routes
        case interfaces
        case groups
        case statistics
    }

    private var table = Table.sockets
    private var showsListeners = false
    private var showsOnlyListeners = false
    /// Empty for all.
    private var protocols: [String] = []
    private var v4 = false
    private var v6 = false

    init() {}

    mutating func take(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) -> Bool {
        switch option {
        case "-a", "--all": showsListeners = true
        case "-l", "--listening": showsOnlyListeners = true
        // Addresses are numbers always.
        case "-n", "--numeric": break
        case "-t", "--tcp": protocols.append("Tcp")
        case "-u", "--udp": protocols.append("Udp")
        case "-w", "--raw": protocols.append("Raw")
        case "-4", "--inet": v4 = true
        case "-6", "--inet6": v6 = true
        case "-r", "--route": try choose(.routes, arguments)
        case "-i", "--interfaces": try choose(.interfaces, arguments)
        case "-g", "--groups": try choose(.groups, arguments)
        case "-s", "--statistics": try choose(.statistics, arguments)
        default: return false
        }
        return true
    }

    private mutating func choose(_ other: Table, _ arguments: Arguments) throws(CommandError) {
        guard table == .sockets || table == other else {
            throw .usage("\(arguments.command): one table at a time: -r, -i, -g or -s")
        }
        table = other
    }

    func run(on host: HostDriver, _ terminal: any ToolTerminal) throws(CommandError) -> Int32 {
        for line in lines(host) { terminal.print(line) }
        return 0
    }

    private func lines(_ host: HostDriver) -> [String] {
        switch table {
        case .sockets: sockets(host)
        case .routes: routes(host)
        case .interfaces: InterfaceLines.lines(host.withHost { $0.interfaces })
        case .groups: groups(host)
        case .statistics:
            Statistics.lines(
                host.withHost { $0.counters }, titles: protocols.isEmpty ? nil : protocols)
        }
    }

    private func sockets(_ host: HostDriver) -> [String] {
        let which =
            showsListeners
            ? "servers and established" : showsOnlyListeners ? "only servers" : "w/o servers"
        let entries = host.withHost { $0.sockets }.filter(isWanted)
        let sorted = entries.enumerated().sorted {
            (rank($0.element), $0.offset) < (rank($1.element), $1.offset)
        }
        return ["Active Internet connections (\(which))"]
            + SocketTable.lines(sorted.map(\.element))
    }

    private func isWanted(_ entry: SocketEntry) -> Bool {
        guard protocols.isEmpty || protocols.contains(title(entry)) else { return false }
        if v4 != v6, entry.local.address.isIPv4 != v4 { return false }
        if showsListeners { return true }
        return isServer(entry) == showsOnlyListeners
    }

    /// Whether it waits for whoever comes: a listener, or a datagram socket without a peer.
    private func isServer(_ entry: SocketEntry) -> Bool {
        entry.state.map { $0 == .listen } ?? (entry.remote.port == 0)
    }

    private func title(_ entry: SocketEntry) -> String {
        switch entry.proto {
        case .tcp: "Tcp"
        case .udp: "Udp"
        default: "Raw"
        }
    }

    /// TCP, UDP, the rest; IPv4 before IPv6 in each; servers first.
    private func rank(_ entry: SocketEntry) -> Int {
        let kind = entry.proto == .tcp ? 0 : entry.proto == .udp ? 1 : 2
        return kind * 4 + (entry.local.address.isIPv4 ? 0 : 2) + (isServer(entry) ? 0 : 1)
    }

    private func groups(_ host: HostDriver) -> [String] {
        let (memberships, interfaces) = host.withHost { ($0.memberships, $0.interfaces) }
        let names = interfaces.map(\.name)
        let wanted = memberships.filter { v4 == v6 || $0.group.isIPv4 == v4 }
        return [
            "IPv6/IPv4 Group Memberships", "Interface       RefCnt Group",
            "--------------- ------ ---------------------",
        ]
            + wanted.map { membership in
                Column.left(RouteLines.name(membership.interface, names), 15) + " "
                    + Column.left(String(membership.users), 6) + " \(membership.group)"
            }
    }

    /// The routes of IPv4, as net-tools has it, or those of the families asked for.
    private func routes(_ host: HostDriver) -> [String] {
        let (routes, interfaces) = host.withHost { ($0.routes, $0.interfaces) }
        let names = interfaces.map(\.name)
        return (v4 || !v6 ? RouteLines.v4(routes, names) : [])
            + (v6 ? RouteLines.v6(routes, names) : [])
    }
}
