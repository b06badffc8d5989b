import Sockets
import Stack
import Wire

/// `sockeye arp`: the neighbours of a host, in the form of net-tools' arp.
struct ARPTool: Tool {
    private enum Form {
        case table
        case sentences
        case states
    }

    private var form = Form.table
    private var v4 = false
    private var v6 = false
    private var interface: String?
    private var address: IPAddress?

    static let valuedLetters = "i"

    init() {}

    mutating func take(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) -> Bool {
        switch option {
        case "-a", "--all": form = .sentences
        case "-e": form = .table
        case "--states": form = .states
        // Addresses are numbers always.
        case "-n", "--numeric": break
        case "-4", "--inet": v4 = true
        case "-6", "--inet6": v6 = true
        case "-i", "--device": interface = try arguments.value(of: option, "an interface")
        default: return false
        }
        return true
    }

    mutating func take(operand: String, _ arguments: Arguments) throws(CommandError) {
        guard address == nil else { throw arguments.unexpected(operand) }
        guard let address = IPAddress(operand) else {
            throw .usage("\(arguments.command): '\(operand)' is not an address")
        }
        self.address = address
    }

    func run(on host: HostDriver, _ terminal: any ToolTerminal) throws(CommandError) -> Int32 {
        let (neighbours, interfaces) = host.withHost { ($0.neighbours, $0.interfaces) }
        let names = interfaces.map(\.name)
        if let interface, !names.contains(interface) {
            throw .failure("arp: the host has no interface '\(interface)'")
        }
        let wanted = neighbours.filter { entry in
            if let address, entry.address != address { return false }
            if v4 != v6, entry.address.isIPv4 != v4 { return false }
            return interface.map { $0 == RouteLines.name(entry.interface, names) } ?? true
        }.sorted { ($0.interface.rawValue, $0.address) < ($1.interface.rawValue, $1.address) }
        if let address, wanted.isEmpty {
            terminal.print("\(address) (\(address)) -- no entry")
            return 1
        }
        if form == .table, !wanted.isEmpty {
            terminal.print(
                "Address                  HWtype  HWaddress           Flags Mask            Iface")
        }
        for entry in wanted {
            terminal.print(line(entry, RouteLines.name(entry.interface, names)))
        }
        return 0
    }

    private func line(_ entry: NeighbourEntry, _ interface: String) -> String {
        switch form {
        case .table: row(entry, interface)
        case .sentences: sentence(entry, interface)
        case .states: state(entry, interface)
        }
    }

    /// As `arp -n` has it: C is complete.
    private func row(_ entry: NeighbourEntry, _ interface: String) -> String {
        let address = Column.left("\(entry.address)", 24) + " "
        guard let link = entry.linkAddress else {
            return address + Column.left("", 8) + Column.left("(incomplete)", 42) + interface
        }
        return address + Column.left("ether", 8) + Column.left("\(link)", 20)
            + Column.left("C", 22) + interface
    }

    /// As `arp -an` has it.
    private func sentence(_ entry: NeighbourEntry, _ interface: String) -> String {
        let link = entry.linkAddress.map { "\($0) [ether]" } ?? "<incomplete>"
        return "? (\(entry.address)) at \(link) on \(interface)"
    }

    /// As `ip neigh` has it.
    private func state(_ entry: NeighbourEntry, _ interface: String) -> String {
        let link = entry.linkAddress.map { " lladdr \($0)" } ?? ""
        return "\(entry.address) dev \(interface)\(link)"
    }
}
