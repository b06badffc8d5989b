import Setup
import Sockets
import Stack
import Wire

/// `sockeye arp`: the neighbours of a host, in the form of net-tools' arp.
struct ARPTool: Tool {
    private enum Change {
        case set
        case delete
    }

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
    private var change: Change?
    private var hardwareAddress: MACAddress?
    private var isPublished = false

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
        case "-s", "--set": change = .set
        case "-d", "--delete": change = .delete
        case "-4", "--inet": v4 = true
        case "-6", "--inet6": v6 = true
        case "-i", "--device": interface = try arguments.value(of: option, "an interface")
        default: return false
        }
        return true
    }

    mutating func take(operand: String, _ arguments: Arguments) throws(CommandError) {
        if address != nil {
            try take(second: operand, arguments)
            return
        }
        guard let address = IPAddress(operand) else {
            throw .usage("\(arguments.command): '\(operand)' is not an address")
        }
        self.address = address
    }

    /// What stands behind the address: `-s ADDRESS MAC`, `-s ADDRESS pub`.
    private mutating func take(
        second operand: String, _ arguments: Arguments
    ) throws(CommandError) {
        guard change != nil else { throw arguments.unexpected(operand) }
        if operand == "pub", !isPublished {
            isPublished = true
            return
        }
        guard change == .set, hardwareAddress == nil, let hardware = MACAddress(operand) else {
            throw arguments.unexpected(operand)
        }
        hardwareAddress = hardware
    }

    func check(_ command: String) throws(CommandError) {
        guard change != nil else { return }
        guard address != nil else { throw .usage("\(command): which ADDRESS?") }
        if change == .set, (hardwareAddress == nil) != isPublished {
            throw .usage("\(command): -s takes ADDRESS MAC, or ADDRESS pub to answer for it")
        }
    }

    /// Sets or deletes the entry of `address`.
    private func change(
        _ change: Change, _ address: IPAddress, _ host: HostDriver
    ) throws(CommandError) {
        let interface = try interfaceForChange(address, host)
        let (hardware, isPublished) = (hardwareAddress, isPublished)
        do throws(StackError) {
            try host.withHost { (host: inout Host) throws(StackError) in
                switch (change, hardware) {
                case (.set, let hardware?):
                    try host.addNeighbour(address, at: hardware, on: interface)
                case (.set, nil):
                    try host.addProxy(for: IPPrefix(host: address), on: interface)
                case (.delete, _) where isPublished:
                    try host.removeProxy(for: IPPrefix(host: address), on: interface)
                case (.delete, _): try host.removeNeighbour(address, on: interface)
                }
            }
        } catch {
            throw .failure("arp: \(address): \(SocketError(error, in: "arp"))")
        }
    }

    /// The interface that was named, or the one whose network the address is in.
    private func interfaceForChange(
        _ address: IPAddress, _ host: HostDriver
    ) throws(CommandError) -> InterfaceID {
        if let interface {
            guard let id = Target.interface(interface, of: host) else {
                throw .failure("arp: the host has no interface '\(interface)'")
            }
            return id
        }
        let found = host.withHost { host in
            host.interfaces.map(\.interface).first { id in
                id.rawValue > 0 && host.addresses(of: id).contains { $0.prefix.contains(address) }
            }
        }
        guard let found else {
            throw .failure("arp: \(address) is in no network of the host: say -i INTERFACE")
        }
        return found
    }

    func run(on host: HostDriver, _ terminal: any ToolTerminal) throws(CommandError) -> Int32 {
        if let change, let address {
            try self.change(change, address, host)
            return 0
        }
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

    /// As `arp -n` has it: C is complete, M was set for good.
    private func row(_ entry: NeighbourEntry, _ interface: String) -> String {
        let address = Column.left("\(entry.address)", 24) + " "
        guard let link = entry.linkAddress else {
            return address + Column.left("", 8) + Column.left("(incomplete)", 42) + interface
        }
        return address + Column.left("ether", 8) + Column.left("\(link)", 20)
            + Column.left(entry.state == .permanent ? "CM" : "C", 22) + interface
    }

    /// As `arp -an` has it.
    private func sentence(_ entry: NeighbourEntry, _ interface: String) -> String {
        let link = entry.linkAddress.map { "\($0) [ether]" } ?? "<incomplete>"
        let mark = entry.state == .permanent ? " PERM" : ""
        return "? (\(entry.address)) at \(link)\(mark) on \(interface)"
    }

    /// As `ip neigh` has it.
    private func state(_ entry: NeighbourEntry, _ interface: String) -> String {
        let link = entry.linkAddress.map { " lladdr \($0)" } ?? ""
        let state = String(describing: entry.state).uppercased()
        return "\(entry.address) dev \(interface)\(link)\(entry.isRouter ? " router" : "") \(state)"
    }
}
